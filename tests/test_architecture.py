from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import house_rules
from tests.source_tree import Tree, read_tree, tree_of

ROOT = Path(__file__).resolve().parents[1]
REPOSITORY = read_tree(ROOT, ("codesign", "runtime"))
TEST_FILES = {path.relative_to(ROOT).as_posix() for path in (ROOT / "tests").rglob("test_*.py")}

# Files with code that need no mirrored test file, each with the reason.
EXCUSED = {
    "runtime/contract/arrays.py": "names for types; nothing runs",
}

# Each rule with sources that break it, and what the rule must then say.
BROKEN: list[tuple[Callable[[Tree], list[str]], dict[str, str], str]] = [
    (
        house_rules.rooms_out_of_order,
        {"codesign/policy/a.py": "from codesign.search import b", "codesign/search/b.py": ""},
        "codesign/policy/a.py:1: policy must not import codesign.search.b",
    ),
    (
        house_rules.rooms_out_of_order,
        {"codesign/space/a.py": "def f():\n    from ..exits.b import c", "codesign/exits/b.py": ""},
        "codesign/space/a.py:2: space must not import codesign.exits.b",
    ),
    (
        house_rules.rooms_out_of_order,
        {"runtime/data/a.py": "import runtime.boards.b", "runtime/boards/b.py": ""},
        "runtime/data/a.py:1: data must not import runtime.boards.b",
    ),
    (
        house_rules.rooms_out_of_order,
        {"runtime/engine/a.py": "from runtime import open_bundle", "runtime/__init__.py": ""},
        "runtime/engine/a.py:1: engine must not import runtime",
    ),
    (
        house_rules.rooms_out_of_order,
        {"runtime/attic/a.py": "import runtime.boards.b", "runtime/boards/b.py": ""},
        "runtime/attic: no room of the walk",
    ),
    (
        house_rules.imports_between_packages,
        {"runtime/boards/a.py": "import codesign.space"},
        "runtime/boards/a.py:1: runtime must not import codesign.space",
    ),
    (
        house_rules.imports_between_packages,
        {"codesign/search/a.py": "\nfrom runtime.serve import daemon"},
        "codesign/search/a.py:2: codesign may import only contract, boards, engine, measure, data of runtime",
    ),
    (
        house_rules.imports_between_packages,
        {"codesign/search/a.py": "import runtime"},
        "codesign/search/a.py:1: codesign may import only contract, boards, engine, measure, data of runtime",
    ),
    (
        house_rules.foreign_imports_in_contract,
        {"runtime/contract/a.py": "def f():\n    import onnxruntime"},
        "runtime/contract/a.py:2: the contract must not import onnxruntime",
    ),
    (
        house_rules.foreign_imports_in_contract,
        {"runtime/contract/a.py": "from runtime.boards import b"},
        "runtime/contract/a.py:1: the contract must not import runtime.boards",
    ),
    (
        house_rules.extras_imported_at_the_top,
        {"runtime/data/a.py": "from PIL import Image"},
        "runtime/data/a.py:1: import PIL in the function that needs it",
    ),
    (
        house_rules.extras_imported_at_the_top,
        {"runtime/boards/a.py": "import rich.table"},
        "runtime/boards/a.py:1: import rich.table in the function that needs it",
    ),
    (
        house_rules.extras_imported_at_the_top,
        {"runtime/boards/a.py": "import tomli"},
        "runtime/boards/a.py:1: import tomli in the function that needs it",
    ),
    (
        house_rules.ways_to_torch,
        {
            "codesign/policy/a.py": "from codesign.exits import b",
            "codesign/exits/b.py": "def f():\n    import torch.nn",
        },
        "codesign.policy.a -> codesign.exits.b -> torch",
    ),
    (
        house_rules.ways_to_torch,
        {
            "codesign/search/a.py": "import codesign.exits.b",
            "codesign/exits/b.py": "",
            "codesign/exits/__init__.py": "import torch",
        },
        "codesign.search.a -> codesign.exits.b -> codesign.exits -> torch",
    ),
    (
        house_rules.ways_to_torch,
        {"codesign/search/strategies/qlognehvi.py": "import torch"},
        "codesign.search.strategies.qlognehvi -> torch",
    ),
    (
        house_rules.circles,
        {
            "runtime/boards/a.py": "import runtime.boards.b",
            "runtime/boards/b.py": "from . import c",
            "runtime/boards/c.py": "def f():\n    from .a import x",
        },
        "runtime.boards.a -> runtime.boards.b -> runtime.boards.c -> runtime.boards.a",
    ),
    (house_rules.drawers, {"codesign/space/utils.py": ""}, "codesign/space/utils.py: a name for a drawer"),
    (house_rules.drawers, {"codesign/common/x.py": ""}, "codesign/common/x.py: a name for a drawer"),
    (house_rules.too_long, {"runtime/a.py": "x = 1\n" * 331}, "runtime/a.py: 331 lines; 330 at most"),
    (
        house_rules.pickles,
        {"runtime/a.py": "import pickle\npickle.loads(b'')"},
        "runtime/a.py:2: pickle.loads can execute what it reads",
    ),
    (
        house_rules.pickles,
        {"codesign/data/a.py": "def f():\n    from pickle import loads"},
        "codesign/data/a.py:2: pickle.loads can execute what it reads",
    ),
    (house_rules.pickles, {"codesign/a.py": "import joblib"}, "codesign/a.py:1: joblib can execute what it reads"),
    (house_rules.pickles, {"runtime/a.py": "np.load(f)"}, "runtime/a.py:1: np.load must say allow_pickle=False"),
    (
        house_rules.pickles,
        {"codesign/a.py": "import torch\nx = torch.load(f, weights_only=False)"},
        "codesign/a.py:2: torch.load must say weights_only=True",
    ),
    (
        house_rules.without_docstring,
        {"runtime/a.py": "# a comment\nx = 1"},
        "runtime/a.py: the first line must be a docstring with the file's idea",
    ),
    (
        house_rules.without_docstring,
        {"runtime/a.py": '# first\n"""Then."""'},
        "runtime/a.py: the first line must be a docstring with the file's idea",
    ),
    (
        house_rules.environment_read,
        {"runtime/boards/a.py": "import os\nx = os.environ['X']"},
        "runtime/boards/a.py:2: os.environ is read in commands only",
    ),
]
RULES = list(dict.fromkeys(rule for rule, _, _ in BROKEN))

# What all of the rules allow.
SOUND = {
    "runtime/__init__.py": '"""Top."""\ndef f():\n    from .engine.a import b',
    "runtime/contract/a.py": '"""A."""\nimport json\n\nimport numpy as np\n\nfrom .b import c',
    "runtime/contract/b.py": '"""B."""\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .a import d',
    "runtime/engine/a.py": '"""A."""\nimport onnxruntime\nfrom runtime.contract import a\ndef f():\n    import PIL',
    "runtime/boards/a.py": '"""A."""\nimport sys\nif sys.version_info < (3, 11):\n    import tomli',
    "runtime/commands/a.py": '"""A."""\nimport os\nimport rich\nx = os.environ\nfrom runtime.data import a',
    "runtime/data/a.py": '"""A."""\nfrom runtime.contract.a import x',
    "codesign/space/__init__.py": "",
    "codesign/data/a.py": '"""A."""\nimport pickle\nERRORS = (pickle.UnpicklingError,)\nnp.load(f, allow_pickle=False)',
    "codesign/exits/a.py": '"""A."""\nimport torch\nfrom runtime.contract import a',
    "codesign/search/a.py": '"""A."""\nfrom codesign.space import x\nfrom runtime.engine import a',
    "codesign/search/b.py": '"""B."""\nfrom .a import x\nif TYPE_CHECKING:\n    import torch',
    "codesign/search/strategies/qlognehvi.py": '"""A."""\ndef f():\n    import torch',
    "codesign/report/a.py": '"""A."""\nfrom codesign.exits.a import x',
}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_repository_keeps_the_rule(rule: Callable[[Tree], list[str]]) -> None:
    assert len(REPOSITORY) > 20  # else the tree was looked for in the wrong place
    if broken := rule(REPOSITORY):
        pytest.fail("\n".join([f"{rule.__doc__}", *broken]), pytrace=False)


@pytest.mark.parametrize(("rule", "files", "message"), BROKEN)
def test_a_rule_reports_what_breaks_it(rule: Callable[[Tree], list[str]], files: dict[str, str], message: str) -> None:
    assert rule(tree_of(files)) == [message]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_rule_lets_pass_what_is_allowed(rule: Callable[[Tree], list[str]]) -> None:
    assert rule(tree_of(SOUND)) == []


def test_every_file_with_code_has_a_mirrored_test_file_or_an_excuse() -> None:
    if missing := house_rules.untested(REPOSITORY, TEST_FILES, EXCUSED):
        pytest.fail("\n".join(missing), pytrace=False)


def test_a_file_without_tests_is_reported_and_so_is_an_excuse_that_nobody_needs() -> None:
    tree = tree_of(
        {
            "runtime/boards/a.py": "x = 1",
            "runtime/boards/b.py": "x = 1",
            "runtime/boards/c.py": "x = 1",
            "runtime/boards/names.py": '"""Only imports."""\nfrom .a import x',
            "runtime/__init__.py": "x = 1",
        }
    )
    tests = {"tests/runtime/boards/test_b.py", "tests/runtime/test_runtime.py"}
    excuses = {"runtime/boards/c.py": "a reason", "runtime/boards/b.py": "a stale one"}
    assert house_rules.untested(tree, tests, excuses) == [
        "runtime/boards/a.py: tests/runtime/boards/test_a.py is missing",
        "runtime/boards/b.py: is excused from a test but needs no excuse",
    ]


@pytest.mark.parametrize("package", house_rules.WITHOUT_TORCH)
def test_importing_a_room_without_torch_loads_no_torch(package: str) -> None:
    names = sorted(name for name in REPOSITORY if f"{name}.".startswith(f"{package}.") and "__main__" not in name)
    program = (
        f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\nprint('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "False\n", done.stderr
