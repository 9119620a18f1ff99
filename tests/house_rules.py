"""The rules of the house as functions: each takes a parsed tree and returns what breaks the rule, in words."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Mapping

from tests.source_tree import Import, Module, Tree

CODESIGN_WALK = (
    "data", "space", "backbones", "exits", "policy", "stages", "predict", "search", "bundle", "collect", "refine",
    "report", "fleet", "scale", "walk", "commands",
)  # fmt: skip
RUNTIME_WALK = (
    "contract", "boards", "engine", "energy", "powerd", "measure", "governor", "install", "serve", "telemetry", "data",
    "commands",
)  # fmt: skip
WALKS = {"codesign": CODESIGN_WALK, "runtime": RUNTIME_WALK}
LEAVES = {"runtime.data": ("contract",)}  # rooms that may import less than their place in the walk would allow
OPEN_TO_CODESIGN = ("contract", "boards", "engine", "measure", "data")
WITHOUT_TORCH = ("codesign.space", "codesign.policy", "codesign.predict", "codesign.search", "runtime")
# Adapters in those rooms to something that works on tensors: what they import inside functions is not followed.
ADAPTERS = {"codesign.search.strategies.qlognehvi": "BoTorch's models; an extra, imported when it proposes"}
ON_EVERY_BOARD = ("numpy", "onnxruntime")
DRAWERS = ("utils", "util", "helpers", "helper", "common", "misc")
PICKLERS = ("pickle", "cPickle", "_pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib")
PLAIN_LOADS = {"np.load": "allow_pickle=False", "numpy.load": "allow_pickle=False", "torch.load": "weights_only=True"}
MAX_LINES = 330  # files should stay within 300; this is where the build fails


def rooms_out_of_order(tree: Tree) -> list[str]:
    """A room imports itself and rooms before it in the walk; what lies at the top of a package imports any."""
    strangers = {f"{m.package}/{m.room}" for m in tree.values() if m.room and m.room not in WALKS[m.package]}
    broken = [f"{room}: no room of the walk" for room in sorted(strangers)]
    for module, found in _own_imports(tree):
        walk, target = WALKS[module.package], tree[found.target]
        if target.package != module.package or target.room == module.room or module.room not in walk:
            continue
        allowed = LEAVES.get(f"{module.package}.{module.room}", walk[: walk.index(module.room)])
        if target.room not in allowed:
            broken.append(f"{_at(module, found)}: {module.room} must not import {found.target}")
    return broken


def imports_between_packages(tree: Tree) -> list[str]:
    """runtime imports nothing of codesign; codesign imports five rooms of runtime."""
    broken = []
    for module in tree.values():
        for found in module.imports:
            if module.package == "runtime" and found.package == "codesign":
                broken.append(f"{_at(module, found)}: runtime must not import {found.target}")
            room = ".".join(found.target.split(".")[1:2])
            if module.package == "codesign" and found.package == "runtime" and room not in OPEN_TO_CODESIGN:
                broken.append(
                    f"{_at(module, found)}: codesign may import only {', '.join(OPEN_TO_CODESIGN)} of runtime"
                )
    return broken


def foreign_imports_in_contract(tree: Tree) -> list[str]:
    """runtime/contract imports numpy, the standard library and itself, anywhere in its files."""
    return [
        f"{_at(module, found)}: the contract must not import {found.target}"
        for module in tree.values()
        if module.name.startswith("runtime.contract")
        for found in module.imports
        if not _standard(found) and found.package != "numpy" and not _within(found.target, "runtime.contract")
    ]


def extras_imported_at_the_top(tree: Tree) -> list[str]:
    """At the top of a runtime file: numpy, onnxruntime; rich for commands; tomli under a check of the version."""
    broken = []
    for module in tree.values():
        for found in module.imports:
            allowed = (
                _standard(found)
                or found.in_function
                or found.typing_only
                or found.package in (*WALKS, *ON_EVERY_BOARD)
                or (found.package == "rich" and module.room == "commands")
                or (found.package == "tomli" and found.version_checked)
            )
            if module.package == "runtime" and not allowed:
                broken.append(f"{_at(module, found)}: import {found.target} in the function that needs it")
    return broken


def ways_to_torch(tree: Tree) -> list[str]:
    """Chains of imports from a torch-free room to torch, imports in functions and parent packages included.

    Of an ADAPTER, only what it imports at its top.
    """
    chains = []
    for start in (name for name in tree if any(_within(name, room) for room in WITHOUT_TORCH)):
        came_from: dict[str, str] = {start: ""}
        queue = [start]
        for name in queue:
            for target in _loads(tree, name):
                if target not in came_from:
                    came_from[target] = name
                    queue.append(target)
        if "torch" in came_from:
            chain = ["torch"]
            while came_from[chain[-1]]:
                chain.append(came_from[chain[-1]])
            chains.append(" -> ".join(reversed(chain)))
    return chains


def circles(tree: Tree) -> list[str]:
    """Modules that import each other in a circle, imports in functions included, those for type checkers not."""
    edges = {
        name: {i.target for i in module.imports if i.target in tree and not i.typing_only}
        for name, module in tree.items()
    }
    found, finished = [], set()

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            found.append(" -> ".join([*path[path.index(name) :], name]))
        elif name not in finished:
            for target in sorted(edges[name] - {name}):
                visit(target, [*path, name])
            finished.add(name)

    for name in sorted(edges):
        visit(name, [])
    return found


def drawers(tree: Tree) -> list[str]:
    """Files or folders whose name says nothing about what is in them."""
    return [f"{module.path}: a name for a drawer" for module in tree.values() if {*module.name.split(".")} & {*DRAWERS}]


def pickles(tree: Tree) -> list[str]:
    """Nothing unpickles: pickle is imported for the names of its errors only, arrays and weights load as plain data."""
    broken = []
    for module in tree.values():
        for node in ast.walk(module.tree):
            broken += [
                f"{module.path}:{getattr(node, 'lineno', 0)}: {name} can execute what it reads"
                for name in _names(node)
                if name.split(".")[0] in PICKLERS and name != "pickle" and not name.endswith("Error")
            ]
            if isinstance(node, ast.Call) and (must := PLAIN_LOADS.get(ast.unparse(node.func))):
                given = {f"{keyword.arg}={ast.unparse(keyword.value)}" for keyword in node.keywords}
                if must not in given:
                    broken.append(f"{module.path}:{node.lineno}: {ast.unparse(node.func)} must say {must}")
    return broken


def _names(node: ast.AST) -> list[str]:
    """Dotted names that a node imports or looks up."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return [ast.unparse(node)] if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) else []


def too_long(tree: Tree) -> list[str]:
    """Files of more than MAX_LINES lines."""
    counts = {module.path: len(module.source.splitlines()) for module in tree.values()}
    return [f"{path}: {lines} lines; {MAX_LINES} at most" for path, lines in counts.items() if lines > MAX_LINES]


def without_docstring(tree: Tree) -> list[str]:
    """Files that do not say their idea in their first line; an empty file has none to say."""
    return [
        f"{module.path}: the first line must be a docstring with the file's idea"
        for module in tree.values()
        if module.tree.body and not (ast.get_docstring(module.tree) and module.source.startswith('"""'))
    ]


def environment_read(tree: Tree) -> list[str]:
    """os.environ outside commands/: configuration arrives as arguments."""
    return [
        f"{module.path}:{node.lineno}: os.{node.attr} is read in commands only"
        for module in tree.values()
        if module.room != "commands"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv") and ast.unparse(node.value) == "os"
    ]


def untested(tree: Tree, test_files: Collection[str], excused: Mapping[str, str]) -> list[str]:
    """Files with code of their own but neither a mirrored test file nor an excuse; excuses nobody needs."""
    needed = {module.path.as_posix(): mirrored(module) for module in tree.values() if _has_code(module)}
    missing = {path: test for path, test in needed.items() if test not in test_files}
    stale = sorted(excused.keys() - missing.keys())
    return [
        *(f"{path}: {test} is missing" for path, test in sorted(missing.items()) if path not in excused),
        *(f"{path}: is excused from a test but needs no excuse" for path in stale),
    ]


def mirrored(module: Module) -> str:
    """Where a module's tests are: the same path under tests/; a package's own code in test_<package>.py."""
    stem = module.path.parent.name if module.path.stem == "__init__" else module.path.stem
    return ("tests" / module.path.parent / f"test_{stem}.py").as_posix()


def _has_code(module: Module) -> bool:
    plain = (ast.Import, ast.ImportFrom, ast.Expr)
    return any(not isinstance(statement, plain) for statement in module.tree.body)


def _own_imports(tree: Tree) -> list[tuple[Module, Import]]:
    return [(module, found) for module in tree.values() for found in module.imports if found.target in tree]


def _loads(tree: Tree, name: str) -> set[str]:
    if name not in tree:
        return set()
    parents = {name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)}
    imports = [i for i in tree[name].imports if not i.typing_only and not (name in ADAPTERS and i.in_function)]
    found = {i.target if i.target in tree else i.package for i in imports}
    return found | (parents & tree.keys())


def _standard(found: Import) -> bool:
    return found.package in sys.stdlib_module_names


def _within(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")


def _at(module: Module, found: Import) -> str:
    return f"{module.path}:{found.line}"
