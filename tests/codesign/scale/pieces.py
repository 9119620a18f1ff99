"""Pieces of work for the tests of workplaces: at the top of a module, so that workers can import them."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError


def scaled(given: FloatArray, item: int) -> FloatArray:
    """A multiple of what is given."""
    return given * item


def after_a_while(given: dict[int, float], item: int) -> int:
    """The item, after as many seconds as are given for it."""
    time.sleep(given[item])
    return item


def refused(_given: None, item: int) -> int:
    """One item cannot be done."""
    if item == 1:
        raise DataError("item 1 cannot be done", where="here", to_do="leave it out")
    return item


def noted(folder: Path, item: int) -> tuple[int, float, float]:
    """The item and when it began and ended; each time it is done leaves a line of its own in the folder."""
    began_s = time.time()
    with (folder / f"item-{item}").open("a", encoding="utf-8") as file:
        file.write(f"{os.getpid()}\n")
    time.sleep(0.05)
    return item, began_s, time.time()


def noted_or_killed(folder: Path, item: int) -> int:
    """As `noted`, but the worker that does item 2 for the first time is killed in the middle of it."""
    noted(folder, item)
    first = folder / "killed"
    if item == 2 and not first.exists():
        first.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def always_killed(_given: None, _item: int) -> int:
    """No worker survives this."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def where_it_lies(given: FloatArray, item: int) -> tuple[int, bool]:
    """The item, and whether what is given may be written to: what lies in a shared store may not."""
    return item, bool(np.asarray(given).flags.writeable)


def noted_slowly(folder: Path, item: int) -> int:
    """As `noted`, for two seconds."""
    noted(folder, item)
    time.sleep(2.0)
    return item
