"""edge-runtime: serve a bundle on a board.

Each command is a module of this package; its docstring is its help. Only the command that was asked for is imported,
so that asking for help takes no ONNX Runtime.
"""

from __future__ import annotations

import argparse
import ast
import errno
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

from runtime.contract.errors import EdgeCodesignError

COMMANDS = (
    "install",
    "rollback",
    "status",
    "engines",
    "run",
    "doctor",
    "capture",
    "measure",
    "powerd",
    "serve",
    "top",
    "govern",
    "telemetry",
)
FAILED, INTERRUPTED = 2, 130  # 130 = 128 + SIGINT, as shells have it


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns 0, 2 where something is the user's to mend, or 130 where the user interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = _parser(arguments).parse_args(arguments)
    try:
        result: int = args.run(args)
    except EdgeCodesignError as error:
        return _failed(str(error))
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except OSError as error:
        if error.errno == errno.ENOSPC:
            return _failed(f"the disk is full\n  where: {error.filename}\n  to do: free some space, then try again")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return _failed(
                f"permission denied: {error.strerror}\n  where: {error.filename}"
                "\n  to do: run as a user who may write there, or give another --root"
            )
        raise
    return result


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="edge-runtime", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--version", action=_Version, help="print the version and exit")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked_for = next((argument for argument in arguments if argument in COMMANDS), None)
    for name in COMMANDS:
        help_text = _docstring(name)
        sub = subparsers.add_parser(
            name,
            help=help_text.splitlines()[0],
            description=help_text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name == asked_for:
            command = importlib.import_module(f"{__package__}.{name}")
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
    return parser


class _Version(argparse.Action):
    """Looked up when it is asked for: importlib.metadata takes longer to import than the rest of this program."""

    def __init__(self, option_strings: Sequence[str], dest: str, help: str) -> None:  # noqa: A002 (argparse's name)
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"edge-codesign {version('edge-codesign')}")
        parser.exit()


def _docstring(command: str) -> str:
    # Read, not imported: importing every command would load all they need.
    source = Path(__file__).with_name(f"{command}.py").read_text(encoding="utf-8")
    return ast.get_docstring(ast.parse(source)) or command


def _failed(message: str) -> int:
    print(f"edge-runtime: {message}", file=sys.stderr)
    return FAILED


if __name__ == "__main__":
    sys.exit(main())
