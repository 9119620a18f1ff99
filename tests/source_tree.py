"""Modules and their imports, parsed, never executed: what the rules of the house are checked on."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Import:
    """One imported name. `target` is absolute: a module of ours where it names one, else what was written."""

    target: str
    line: int
    in_function: bool = False
    typing_only: bool = False  # under `if TYPE_CHECKING`
    version_checked: bool = False  # under `if sys.version_info ...`

    @property
    def package(self) -> str:
        """`numpy` of `numpy.random`."""
        return self.target.split(".")[0]


@dataclass(frozen=True, slots=True)
class Module:
    """A source file under its dotted name."""

    name: str
    path: Path
    source: str
    tree: ast.Module
    imports: tuple[Import, ...]

    @property
    def room(self) -> str:
        """`search` of `codesign.search.pareto`; nothing for what lies at the top of a package."""
        parts = self.name.split(".")
        return parts[1] if len(parts) > 1 and parts[1] != "__main__" else ""

    @property
    def package(self) -> str:
        """`codesign` of `codesign.search.pareto`."""
        return self.name.split(".")[0]


Tree = Mapping[str, Module]


def tree_of(files: Mapping[str, str]) -> Tree:
    """Modules from sources by path, such as {"runtime/boards/x.py": "import os"}."""
    names = {path: _dotted(Path(path)) for path in files}
    known = set(names.values())
    modules = {}
    for path, source in files.items():
        tree = ast.parse(source, filename=path)
        is_package = Path(path).name == "__init__.py"
        imports = tuple(_imports(tree, names[path], is_package, known))
        modules[names[path]] = Module(names[path], Path(path), source, tree, imports)
    return modules


def read_tree(root: Path, packages: tuple[str, ...]) -> Tree:
    """All Python files of `packages` under `root`."""
    paths = sorted(path for package in packages for path in (root / package).rglob("*.py"))
    return tree_of({path.relative_to(root).as_posix(): path.read_text(encoding="utf-8") for path in paths})


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.Module, name: str, is_package: bool, known: set[str]) -> Iterator[Import]:
    for node, context in _import_statements(tree, Import("", 0)):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        else:
            base = _absolute(node, name, is_package)
            targets = [_module_named(base, alias.name, known) for alias in node.names]
        yield from (replace(context, target=target, line=node.lineno) for target in dict.fromkeys(targets))


def _module_named(base: str, name: str, known: set[str]) -> str:
    return f"{base}.{name}" if f"{base}.{name}" in known else base


def _absolute(node: ast.ImportFrom, name: str, is_package: bool) -> str:
    if node.level == 0:
        return node.module or ""
    parts = name.split(".")
    above = parts[: len(parts) - node.level + is_package]
    return ".".join([*above, node.module] if node.module else above)


def _import_statements(node: ast.AST, context: Import) -> Iterator[tuple[ast.Import | ast.ImportFrom, Import]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, context
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _import_statements(child, replace(context, in_function=True))
        elif isinstance(child, ast.If):
            test = ast.unparse(child.test)
            typing_only = context.typing_only or test in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
            version_checked = context.version_checked or "sys.version_info" in test
            inside = replace(context, typing_only=typing_only, version_checked=version_checked)
            outside = replace(context, version_checked=version_checked)
            yield from _import_statements(ast.Module(child.body, []), inside)
            yield from _import_statements(ast.Module(child.orelse, []), outside)
        else:
            yield from _import_statements(child, context)
