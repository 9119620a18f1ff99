"""`edge-runtime serve` on a model's kernel, with images at which a stage hangs: a process of its own.

python -m tests.bench.soak_daemon KERNEL_SOCKET HANG_S [arguments of edge-runtime serve]
"""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from runtime.boards.behaviour.remote import RemoteIO
from runtime.boards.hardware import Hardware, find_hardware
from runtime.commands import serve
from runtime.contract.arrays import UInt8Array
from runtime.serve.served_mode import ServedMode

HANGS_A_WHILE, HANGS_FOR_GOOD = (222, 173, 190), (239, 222, 173)  # the first two pixels of such an image
FOR_GOOD_S = 1e6


def hanging(image: UInt8Array, pixel: tuple[int, int, int]) -> UInt8Array:
    """That image, marked so that the stage hangs at it."""
    marked = image.copy()
    marked[0, 0], marked[0, 1] = pixel, pixel
    return marked


def with_hangs(run: Callable[..., Any], hang_s: float) -> Callable[..., Any]:
    """A mode's `run` that sleeps where an image is marked; like a stage, it lets go of Python's lock."""

    def running(self: ServedMode, images: Any, *more: Any) -> Any:
        if images.dtype == np.uint8:
            first = images[:, 0, :2].reshape(len(images), -1)
            for pixel, seconds in ((HANGS_A_WHILE, hang_s), (HANGS_FOR_GOOD, FOR_GOOD_S)):
                if (first == pixel * 2).all(axis=1).any():
                    time.sleep(seconds)
        return run(self, images, *more)

    return running


def main() -> int:
    """Serve until stopped."""
    parser = ArgumentParser()
    parser.add_argument("kernel", type=Path)
    parser.add_argument("hang_s", type=float)
    serve.add_arguments(parser)
    args = parser.parse_args()
    for name in ("run", "run_one"):
        setattr(ServedMode, name, with_hangs(getattr(ServedMode, name), args.hang_s))

    def opened(_: str) -> Hardware:
        # Without its power sensors, which would be read a hundred times a second over the socket.
        return replace(find_hardware(RemoteIO(args.kernel)), power=None, rails={}, counter=None)

    return serve.run_on(args, opened)


if __name__ == "__main__":
    sys.exit(main())
