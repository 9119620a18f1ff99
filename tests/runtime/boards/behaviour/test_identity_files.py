"""Who the board says it is."""

from __future__ import annotations

from runtime.boards.behaviour import Quirks, behavioural_board

from .orin_paths import ORIN


def test_device_tree_strings_end_in_nul_each() -> None:
    tree = behavioural_board(ORIN)
    assert tree.read("/proc/device-tree/model").endswith(b"Super\0")
    assert tree.read("/proc/device-tree/compatible").split(b"\0")[-2:] == [b"nvidia,tegra234", b""]


def test_the_release_is_in_nvidias_words() -> None:
    tree = behavioural_board(ORIN)
    assert tree.read("/etc/nv_tegra_release").startswith(b"# R36 (release), REVISION: 5.0, GCID: ")
    assert tree.read("/proc/sys/kernel/osrelease") == b"5.15.185-tegra\n"
    assert b"5.15.185-tegra" in tree.read("/proc/version")


def test_every_boot_has_an_id_of_its_own_and_keeps_it() -> None:
    tree = behavioural_board(ORIN)
    first = tree.read("/proc/sys/kernel/random/boot_id")
    assert tree.read("/proc/sys/kernel/random/boot_id") == first
    tree.boot()
    assert tree.read("/proc/sys/kernel/random/boot_id") != first
    assert len(first) == len("00000000-0000-0000-0000-000000000000\n")


def test_a_container_leaves_its_mark() -> None:
    assert ".dockerenv" not in behavioural_board(ORIN).names("/")
    assert ".dockerenv" in behavioural_board(ORIN, quirks=Quirks(in_container=True)).names("/")
