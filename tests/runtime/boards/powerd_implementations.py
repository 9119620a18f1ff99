"""Clocks over powerd, for the conformance suite: a server on a thread, gone when the clocks are."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path

from runtime.boards.clocks import Clocks
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.powerd.allow_list import Allowed
from runtime.powerd.client import PowerdClient
from runtime.powerd.leased_clocks import LeasedClocks
from tests.runtime.powerd.in_process import Fixed, in_background

EVERY = 40  # a list of allowed points is shorter than the table of the device


def leased_clocks() -> LeasedClocks:
    """Clocks whose powerd allows some points of a simulated device."""
    device = SimulatedBoard(profile("orin-nano-super")).clocks
    folder = Path(tempfile.mkdtemp(prefix="powerd-"))
    path, stop = in_background(device, folder, Fixed(Allowed(device.choices()[::EVERY], "a test")))
    client = PowerdClient(path)
    client.acquire()
    leased = LeasedClocks(client)

    def end() -> None:
        client.close()
        stop()
        shutil.rmtree(folder)

    weakref.finalize(leased, end)
    return leased


CLOCKS: dict[str, Callable[[], Clocks]] = {"powerd": leased_clocks}
