from __future__ import annotations

from tests.source_tree import Import, tree_of


def imports(source: str, path: str = "codesign/search/x.py", **others: str) -> list[Import]:
    files = {path: source} | {name.replace("__", "/") + ".py": text for name, text in others.items()}
    return list(next(iter(tree_of(files).values())).imports)


def test_relative_imports_become_absolute() -> None:
    targets = [found.target for found in imports("from . import a\nfrom .b import c\nfrom ..space import d")]
    assert targets == ["codesign.search", "codesign.search.b", "codesign.space"]


def test_relative_imports_of_a_package_start_at_the_package() -> None:
    found = imports("from .bundle import open_bundle", "runtime/engine/__init__.py")
    assert [each.target for each in found] == ["runtime.engine.bundle"]


def test_a_name_that_is_a_module_of_ours_is_that_module_and_any_other_is_its_source() -> None:
    found = imports("from codesign.space import genome, Design", codesign__space__genome="")
    assert [each.target for each in found] == ["codesign.space.genome", "codesign.space"]


def test_where_an_import_stands_is_known() -> None:
    source = (
        "import sys\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    import torch\n"
        "if sys.version_info < (3, 11):\n    import tomli\nelse:\n    import tomllib\n"
        "class A:\n    def f(self):\n        import PIL.Image\n"
        "try:\n    import rich\nexcept ImportError:\n    import plain\n"
    )
    found = {each.target: each for each in imports(source)}
    assert found["torch"] == Import("torch", 4, typing_only=True)
    assert found["tomli"] == Import("tomli", 6, version_checked=True)
    assert found["tomllib"] == Import("tomllib", 8, version_checked=True)
    assert found["PIL.Image"] == Import("PIL.Image", 11, in_function=True)
    assert found["plain"] == Import("plain", 15)


def test_the_other_branch_of_a_type_check_runs() -> None:
    found = imports("if TYPE_CHECKING:\n    import a\nelse:\n    import b")
    assert [(each.target, each.typing_only) for each in found] == [("a", True), ("b", False)]


def test_a_module_knows_its_room() -> None:
    paths = ("runtime/__init__.py", "runtime/__main__.py", "runtime/boards/__init__.py", "runtime/boards/x.py")
    rooms = {module.name: module.room for module in tree_of(dict.fromkeys(paths, "")).values()}
    assert rooms == {"runtime": "", "runtime.__main__": "", "runtime.boards": "boards", "runtime.boards.x": "boards"}
