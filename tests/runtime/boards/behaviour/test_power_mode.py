"""nvpmodel and jetson_clocks on the model."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour import BehaviouralTree, Quirks, behavioural_board
from runtime.boards.profile import known_boards, profile
from runtime.contract.errors import BoardError

from .orin_paths import CPU, EMC, EMC_CAP, GPU, ORIN, POLICY, RAILGATE, WORK


@pytest.fixture
def tree() -> BehaviouralTree:
    return behavioural_board(ORIN)


def test_a_power_mode_caps_every_clock(tree: BehaviouralTree) -> None:
    assert tree.nvpmodel("15W") == ""
    assert tree.read(f"{GPU}/max_freq") == b"612000000\n"
    assert tree.read(f"{POLICY}/scaling_max_freq") == b"1497600\n"
    assert tree.read(EMC_CAP) == b"2133000000\n"
    with tree.running(WORK):
        tree.time.sleep(0.1)
        point = tree.truth()
    assert point == profile(ORIN).mode_point("15W", "gpu")


def test_a_power_mode_lowers_the_upper_limit_under_a_pinned_clock(tree: BehaviouralTree) -> None:
    tree.write(RAILGATE, "0")
    tree.write(f"{GPU}/min_freq", "1020000000")
    tree.nvpmodel("15W")
    assert tree.read(f"{GPU}/max_freq") == b"612000000\n"
    assert int(tree.read(f"{GPU}/cur_freq")) <= 612_000_000


def test_a_power_mode_takes_cores_off_where_it_has_fewer() -> None:
    modes = [(name, mode) for name in known_boards() if profile(name).jetpack for mode in profile(name).modes]
    for name, mode in modes:
        tree = behavioural_board(name)
        tree.nvpmodel(mode.name)
        assert len(tree.machine.cores.online()) == mode.cpus_online


def test_the_mode_is_kept_on_disk_and_over_a_boot(tree: BehaviouralTree) -> None:
    assert tree.read("/var/lib/nvpmodel/status") == b"pmode:0002\n"
    tree.nvpmodel("25W")
    tree.boot()
    assert tree.read("/var/lib/nvpmodel/status") == b"pmode:0001\n"
    assert tree.read(f"{GPU}/max_freq") == b"918000000\n"
    assert b"ID=1 NAME=25W" in tree.read("/etc/nvpmodel.conf")


def test_an_unknown_mode_is_refused(tree: BehaviouralTree) -> None:
    with pytest.raises(BoardError, match="has no power mode '99W'"):
        tree.nvpmodel("99W")


def test_in_a_container_nvpmodel_does_nothing_and_is_content() -> None:
    tree = behavioural_board(ORIN, quirks=Quirks(in_container=True))
    assert "Running in chroot, ignoring request" in tree.nvpmodel("15W")
    assert tree.read(f"{GPU}/max_freq") == b"1020000000\n"


def test_jetson_clocks_pins_everything_at_its_upper_limit(tree: BehaviouralTree) -> None:
    tree.nvpmodel("15W")
    tree.jetson_clocks()
    tree.time.sleep(10.0)
    assert tree.truth() == profile(ORIN).mode_point("15W", "gpu")
    assert tree.read(f"{GPU}/min_freq") == b"612000000\n"
    assert tree.read(f"{POLICY}/scaling_min_freq") == b"1497600\n"
    assert tree.read(f"{EMC}/mrq_rate_locked") == b"1\n"
    assert tree.read(RAILGATE) == b"0\n"
    assert tree.read(f"{CPU}/online") == b"0-5\n"
