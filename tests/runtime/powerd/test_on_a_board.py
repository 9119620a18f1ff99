"""Powerd on the model of a board's kernel: every moment to die in, and other programs at the same clocks."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from runtime.boards.behaviour.board import behavioural_board
from runtime.boards.behaviour.faults import ProcessKilled
from runtime.boards.behaviour.tree import BehaviouralTree
from runtime.boards.hardware import find_hardware
from runtime.boards.profile import profile
from runtime.boards.sysfs.clocks import SysfsClocks
from runtime.boards.sysfs.io import text_of
from runtime.commands.powerd import machine_from
from runtime.contract.operating_point import OperatingPoint
from runtime.powerd.allow_list import Allowed
from runtime.powerd.control import Control
from runtime.powerd.keeper import ClockKeeper
from runtime.powerd.protocol import Request
from runtime.powerd.state_file import StateFile
from tests.runtime.powerd.in_process import Fixed

BOARDS = ("orin-nano-super", "tx2")
GPU_MAX = "/sys/class/devfreq/17000000.gpu/max_freq"
MOST_WRITES = 100


def sysfs_clocks(tree: BehaviouralTree, board: str) -> SysfsClocks:
    return SysfsClocks(tree, profile(board), now_s=tree.time.now_s, sleep=tree.time.sleep)


def keeper_on(tree: BehaviouralTree, board: str, state: Path) -> ClockKeeper:
    """As a new process has it."""
    boot_id = text_of(tree, "/proc/sys/kernel/random/boot_id")
    return ClockKeeper(sysfs_clocks(tree, board), StateFile(state, boot_id))


class Board:
    """A control over a model board; one connection, 1, holds the lease."""

    def __init__(self, folder: Path, board: str = BOARDS[0]) -> None:
        self.tree = behavioural_board(board)
        self.keeper = keeper_on(self.tree, board, folder / "state.json")
        self.found = sysfs_clocks(self.tree, board).snapshot()
        choices = self.keeper.choices()
        self.low, self.high = choices[0], choices[-1]
        points = Fixed(Allowed((self.low, self.high), "a test"))
        self.control = Control(self.keeper, points, self.keeper.current())
        assert self.ask("acquire")["ok"]

    def ask(self, op: str, point: OperatingPoint | None = None) -> dict[str, object]:
        request = Request(op, 10.0) if point is None else Request(op, point=point)
        return self.control.handle(1, 1, request, lambda: 0.0)

    def code(self, op: str, point: OperatingPoint) -> object:
        error = self.ask(op, point)["error"]
        assert isinstance(error, dict)
        return error["code"]


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("before", [True, False], ids=["before a write", "after a write"])
def test_a_powerd_that_dies_at_any_write_is_repaired_by_the_next(tmp_path: Path, board: str, before: bool) -> None:
    for n_writes in range(1, MOST_WRITES):
        state = tmp_path / f"{n_writes}.json"
        tree = behavioural_board(board)
        found = sysfs_clocks(tree, board).snapshot()
        keeper = keeper_on(tree, board, state)
        low, high = keeper.choices()[0], keeper.choices()[-1]
        tree.faults.crash_after(n_writes, before=before)
        try:
            for point in (low, high, low):
                keeper.hold(point)
            keeper.give_back()
        except ProcessKilled:
            tree.faults.new_process()
            assert keeper_on(tree, board, state).recover()
            assert sysfs_clocks(tree, board).snapshot() == found, n_writes
        else:
            break
    assert 10 < n_writes < MOST_WRITES - 1


def test_a_power_mode_that_is_chosen_meanwhile_stays_chosen(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.ask("set", board.low)
    board.tree.nvpmodel("15W")
    capped = text_of(board.tree, GPU_MAX)
    assert board.code("set", board.high) == "taken"
    assert board.code("set", board.low) == "taken"
    board.ask("release")
    assert text_of(board.tree, GPU_MAX) == capped
    assert capped != dict(board.found.values)[GPU_MAX]


def test_a_lease_taken_anew_leaves_the_clocks_as_the_other_program_had_them(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.ask("set", board.low)
    board.tree.jetson_clocks()
    board.tree.write(GPU_MAX, "612000000")
    assert board.code("set", board.high) == "taken"
    before = sysfs_clocks(board.tree, BOARDS[0]).snapshot()
    board.ask("acquire")
    assert board.ask("set", board.low)["ok"]
    board.ask("release")
    assert sysfs_clocks(board.tree, BOARDS[0]).snapshot() == before


def test_a_state_from_before_a_boot_is_not_written_into_the_fresh_clocks(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.ask("set", board.low)
    board.tree.boot()
    written = len(board.tree.writes)
    assert not keeper_on(board.tree, BOARDS[0], tmp_path / "state.json").recover()
    assert len(board.tree.writes) == written


def test_a_clock_that_cannot_be_written_back_is_owed_and_the_others_are_back(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.ask("set", board.low)
    board.tree.faults.fail("*/max_freq", errno.EBUSY, verb="write")
    assert board.ask("release")["restored"] is False
    assert GPU_MAX in str(board.keeper.owed)
    cpu = "/sys/devices/system/cpu/cpufreq/policy0/scaling_max_freq"
    assert text_of(board.tree, cpu) == dict(board.found.values)[cpu]
    board.tree.faults.mend()
    board.control.tick(10.0)
    assert sysfs_clocks(board.tree, BOARDS[0]).snapshot() == board.found


def test_without_root_no_clock_is_settable_and_each_reason_is_named() -> None:
    tree = behavioural_board(BOARDS[0], uid=1000)
    machine = machine_from(find_hardware(tree), is_root=False)
    assert machine.clocks is None
    assert machine.boot_id
    for name in ("sudo edge-runtime powerd", "cpu clock", "gpu clock", "emc clock"):
        assert name in machine.no_clocks


def test_a_power_mode_that_takes_cores_off_does_not_keep_the_next_lease_from_setting_clocks(tmp_path: Path) -> None:
    board = Board(tmp_path, "agx-orin")
    board.ask("set", board.low)
    board.tree.nvpmodel("MODE_15W")  # 4 of 12 cores: the second cluster's files are gone
    assert board.ask("release")["restored"] is False
    assert "policy4" in str(board.keeper.owed)
    board.ask("acquire")
    assert board.ask("set", board.low)["ok"]
    board.control.tick(5.0)  # which would try again to restore, were nothing held
    assert board.keeper.current() == board.low
    board.ask("set", board.low)
    assert board.ask("release")["restored"] is False
    assert text_of(board.tree, GPU_MAX) == "408000000"  # the power mode's cap, not what the first lease found


def test_a_cluster_that_was_offline_gets_its_limits_back_once_it_is_online(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.ask("set", board.low)
    switches = [f"/sys/devices/system/cpu/cpu{cpu}/online" for cpu in (4, 5)]
    for switch in switches:
        board.tree.write(switch, "0")
    assert board.ask("release")["restored"] is False
    for switch in switches:
        board.tree.write(switch, "1")
    assert sysfs_clocks(board.tree, BOARDS[0]).snapshot() != board.found  # kernels keep what was set
    board.control.tick(10.0)
    assert sysfs_clocks(board.tree, BOARDS[0]).snapshot() == board.found
    assert board.keeper.owed is None
    assert not (tmp_path / "state.json").exists()


def test_a_lease_that_began_on_a_throttling_board_sets_clocks_once_it_has_cooled(tmp_path: Path) -> None:
    board = Board(tmp_path)
    board.tree.hold_temperature(110.0)
    board.tree.time.sleep(5.0)
    assert board.code("set", board.low) == "refused"
    board.tree.hold_temperature(40.0)
    board.tree.time.sleep(60.0)
    assert board.ask("set", board.low)["ok"]
    board.ask("release")
    assert sysfs_clocks(board.tree, BOARDS[0]).snapshot() == board.found
