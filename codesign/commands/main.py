"""`codesign`: search backbones, early exits and clocks together, and write a bundle for a board."""

from __future__ import annotations

import argparse
import errno
import importlib
import signal
import sys
from collections.abc import Sequence
from importlib.metadata import version
from types import FrameType

from runtime.contract.errors import EdgeCodesignError

COMMANDS = {
    "compile": "compile",
    "train-supernet": "train_supernet",
    "evaluate": "evaluate",
    "certify": "certify",
    "sign": "sign",
    "engines": "engines",
    "fit": "fit",
    "benchmark": "benchmark",
    "collect": "collect",
    "refine": "refine",
    "fleet": "fleet",
    "rollout": "rollout",
}
GO_ON = {
    "compile": "add --resume: what was finished is kept",
    "train-supernet": "run the same command again: finished epochs are kept",
    "evaluate": "run the same command again",
    "certify": "run the same command again",
    "sign": "run the same command again; a key that was made is kept: leave out --new-key",
    "engines": "run the same command again: what the board has built is kept there",
    "fit": "run the same command again: what was measured is kept",
    "benchmark": "run the same command again",
    "collect": "run the same command again: what was acknowledged is kept",
    "refine": "run the same command again",
    "fleet": "run the same command again",
    "rollout": "run the same command again",
}
BAD_INPUT, INTERRUPTED = 2, 130


def parser() -> argparse.ArgumentParser:
    """The command line; each command's module says what it takes, its docstring what it does."""
    top = argparse.ArgumentParser(prog="codesign", description=__doc__)
    top.add_argument("--version", action="version", version=f"edge-codesign {version('edge-codesign')}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module_name in COMMANDS.items():
        module = importlib.import_module(f"codesign.commands.{module_name}")
        text = (module.__doc__ or "").strip()
        command = commands.add_parser(
            name,
            help=text.splitlines()[0].rstrip("."),
            description=text,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 when all went well, 2 with a message on bad input, 130 when interrupted."""
    try:
        args = parser().parse_args(arguments)
    except ModuleNotFoundError as error:  # a board's install has this command, too, and not what it needs
        if error.name is None or error.name.split(".")[0] in ("codesign", "runtime"):
            raise
        print(f"codesign: {error.name} is missing\n  to do: pip install '.[codesign]'", file=sys.stderr)
        return BAD_INPUT
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        return int(args.run(args))
    except EdgeCodesignError as error:
        print(f"codesign: {error}", file=sys.stderr)
        return BAD_INPUT
    except OSError as error:
        what = "the disk is full" if error.errno == errno.ENOSPC else str(error)
        print(f"codesign: {what}\n  to do: mend this, then {GO_ON[args.command]}", file=sys.stderr)
        return BAD_INPUT
    except KeyboardInterrupt:
        print(f"\ncodesign: interrupted; to go on, {GO_ON[args.command]}", file=sys.stderr)
        return INTERRUPTED


def _as_interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
