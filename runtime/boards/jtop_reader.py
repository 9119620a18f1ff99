"""Prints what jetson-stats reads, one JSON object a line: run as a process of its own, which alone imports `jtop`.

    python -m runtime.boards.jtop_reader --interval 0.5

jetson-stats is AGPL, and importing it changes how the whole process starts others: neither shall reach the runtime.
A line is {"rails": {NAME: {"power_w": …, "voltage_v": …, "current_a": …}}}, or {"error": …}.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

SERVICE_ABSENT = 3  # exit status: jtop or its service is not there


def main(arguments: list[str] | None = None) -> int:
    """Print until nobody listens any more, or jtop ends."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interval", type=float, default=0.5, help="seconds between two lines; 0.5 is the least wise")
    args = parser.parse_args(arguments)
    try:
        library = importlib.import_module("jtop")
    except ImportError as error:
        return _end(f"the package jetson-stats is not installed: {error}")
    try:
        with library.jtop(interval=args.interval) as board:
            while board.ok():
                print(json.dumps(line_of(board.power)), flush=True)
    except library.JtopException as error:
        return _end(str(error))
    except (BrokenPipeError, KeyboardInterrupt):
        # The interpreter flushes once more on its way out, and would complain about the closed pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def line_of(power: Mapping[str, Any]) -> dict[str, Any]:
    """jtop's figures in SI units. What is offline or has no number is left out, not 0."""
    rails = {}
    for name, rail in power.get("rail", {}).items():
        watts = _thousandths(rail.get("power"))
        if watts is not None and rail.get("online", True):
            rails[name] = {
                "power_w": watts,
                "voltage_v": _thousandths(rail.get("volt")),
                "current_a": _thousandths(rail.get("curr")),
            }
    return {"rails": rails}


def _thousandths(number: object) -> float | None:
    return number * 1e-3 if isinstance(number, (int, float)) else None


def _end(why: str) -> int:
    print(json.dumps({"error": why}), flush=True)
    return SERVICE_ABSENT


if __name__ == "__main__":
    sys.exit(main())
