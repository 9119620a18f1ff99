"""The files that say which board, which release and which boot this is."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from .board_time import BoardTime, WallClock
from .layout import Layout
from .node import File, Folder, Link, Nodes, fixed, line

_BOOTS = uuid.UUID("6a1f9a54-3c0e-4d7f-9d0e-5b8d2f8f2c11")  # boot ids that are the same in every run of a test


def identity_nodes(layout: Layout, boots: Callable[[], int], *, in_container: bool) -> Nodes:
    """Device-tree strings end in NUL, and lists of them hold one after each entry."""
    release, _, revision = layout.l4t.partition(".")
    nodes: Nodes = {
        "/sys/firmware/devicetree/base/model": fixed(f"{layout.model}\0"),
        "/sys/firmware/devicetree/base/compatible": fixed("".join(f"{name}\0" for name in layout.compatible)),
        "/proc/device-tree": Link("/sys/firmware/devicetree/base"),
        "/etc/nv_tegra_release": fixed(
            f"# {release} (release), REVISION: {revision}, GCID: 0, BOARD: generic, EABI: aarch64, DATE: \n"
        ),
        "/proc/version": fixed(f"Linux version {layout.kernel} (gcc) #1 SMP PREEMPT\n"),
        "/proc/sys/kernel/osrelease": fixed(f"{layout.kernel}\n"),
        "/proc/sys/kernel/random/boot_id": line(lambda: boot_id(layout.profile, boots())),
        "/run": Folder(),
    }
    if in_container:
        nodes["/.dockerenv"] = fixed("")
    return nodes


def time_nodes(time: BoardTime, wall: WallClock) -> Nodes:
    """Both clocks, as the kernel shows them."""
    return {
        "/proc/uptime": File(lambda: f"{time.now_s():.2f} {time.now_s():.2f}\n"),
        "/sys/class/rtc/rtc0/since_epoch": line(lambda: int(wall.wall_s())),
    }


def boot_id(board: str, boot: int) -> str:
    """Another one after every boot."""
    return str(uuid.uuid5(_BOOTS, f"{board} {boot}"))
