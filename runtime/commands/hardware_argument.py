"""The `--hardware` option of every command that looks at a board: this machine, or something that stands for one."""

from __future__ import annotations

from argparse import ArgumentParser

from runtime.boards.hardware import THIS_MACHINE


def add_hardware(parser: ArgumentParser) -> None:
    """`--hardware SPEC`, this machine by default; opened with `runtime.boards.hardware.open_hardware`."""
    parser.add_argument(
        "--hardware",
        metavar="SPEC",
        default=THIS_MACHINE,
        help="sysfs: this machine (default); a folder that holds a board's /sys, /proc and /etc; a capture (*.json); "
        "or model:NAME, a model of that board that behaves as its kernel does, for trying things without one",
    )
