"""A recorded tree, for the conformance tests of `SysfsIO`."""

from __future__ import annotations

from collections.abc import Callable

from runtime.boards.sysfs.capture import CapturedIO, capture
from runtime.boards.sysfs.io import SysfsIO
from runtime.boards.sysfs.whitelist import patterns
from tests.runtime.boards.sysfs.recorded_trees import DictTree

NODES = {
    "/proc/device-tree/model": b"NVIDIA Jetson Orin Nano Developer Kit\0",
    "/proc/device-tree/compatible": b"nvidia,p3768-0000+p3767-0005\0nvidia,tegra234\0",
    "/sys/class/devfreq/17000000.gpu/available_frequencies": b"306000000 408000000\n",
    "/sys/class/devfreq/17000000.gpu/cur_freq": b"306000000\n",
}


def _recorded() -> CapturedIO:
    return CapturedIO(capture(DictTree(NODES), patterns(), lambda: 0.0))


TREES: dict[str, Callable[[], SysfsIO]] = {"a capture": _recorded}
