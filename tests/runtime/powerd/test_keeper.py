"""Clocks that always come back."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.boards.clocks import Applied, ClockRefused, ClocksGone, ClocksTaken
from runtime.contract.errors import BoardError, StorageError
from runtime.contract.operating_point import OperatingPoint
from runtime.powerd.keeper import ClockKeeper
from runtime.powerd.state_file import StateFile
from tests.runtime.powerd.clock_doubles import FAST, MIDDLE, SLOW, MemoryClocks, unwritable


@pytest.fixture
def state(tmp_path: Path) -> StateFile:
    return StateFile(tmp_path / "state.json", "this boot")


def test_a_point_is_held_and_what_was_found_comes_back(state: StateFile) -> None:
    clocks = MemoryClocks()
    keeper = ClockKeeper(clocks, state)
    assert keeper.hold(SLOW).applied == SLOW
    keeper.hold(MIDDLE)
    assert (clocks.at, keeper.held) == (MIDDLE, MIDDLE)
    assert keeper.give_back()
    assert (clocks.at, keeper.held) == (FAST, None)
    assert not state.path.exists()
    assert keeper.give_back()
    assert clocks.restored == 1


def test_what_was_found_is_on_disk_before_the_first_write(state: StateFile) -> None:
    class Looks(MemoryClocks):
        def set(self, point: OperatingPoint) -> Applied:
            saved = state.load()
            assert saved is not None
            assert dict(saved.values)["gpu_hz"] == str(FAST.gpu_hz)
            return super().set(point)

    ClockKeeper(Looks(), state).hold(SLOW)


def test_without_a_place_to_save_no_clock_is_changed(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with pytest.raises(StorageError, match="no clock is changed before this works"):
        ClockKeeper(clocks, StateFile(tmp_path / "none" / "s", None)).hold(SLOW)
    assert clocks.was_at == []


def test_the_next_start_restores_what_a_killed_powerd_left(state: StateFile) -> None:
    clocks = MemoryClocks()
    ClockKeeper(clocks, state).hold(SLOW)
    after = ClockKeeper(clocks, state)
    assert after.recover()
    assert clocks.at == FAST
    assert not ClockKeeper(clocks, state).recover()


def test_a_state_of_another_boot_is_removed_and_nothing_written(state: StateFile) -> None:
    clocks = MemoryClocks()
    ClockKeeper(clocks, state).hold(SLOW)
    assert not ClockKeeper(clocks, StateFile(state.path, "another boot")).recover()
    assert (clocks.at, clocks.restored) == (SLOW, 0)
    assert not state.path.exists()


def test_a_restore_that_failed_is_owed_until_it_succeeds(state: StateFile) -> None:
    clocks = MemoryClocks()
    keeper = ClockKeeper(clocks, state)
    keeper.hold(SLOW)
    clocks.restore_fails = unwritable()
    assert not keeper.give_back()
    assert "busy" in str(keeper.owed)
    assert state.path.exists()
    with pytest.raises(BoardError, match="the clocks of an earlier lease could not be restored: gpu/max"):
        keeper.hold(MIDDLE)
    clocks.restore_fails = None
    keeper.hold(MIDDLE)
    keeper.give_back()
    assert (clocks.at, keeper.owed) == (FAST, None)


def test_a_refused_point_leaves_what_was_held(state: StateFile) -> None:
    clocks = MemoryClocks()
    keeper = ClockKeeper(clocks, state)
    keeper.hold(SLOW)
    with pytest.raises(ClockRefused):
        keeper.hold(OperatingPoint(0, 0, 0))
    assert keeper.held == SLOW
    assert keeper.current() == SLOW
    assert keeper.choices() == clocks.choices()


def test_taken_clocks_are_left_to_who_took_them(state: StateFile) -> None:
    clocks = MemoryClocks()
    keeper = ClockKeeper(clocks, state)
    keeper.hold(SLOW)
    clocks.take(MIDDLE)
    with pytest.raises(ClocksTaken):
        keeper.hold(FAST)
    assert keeper.give_back()
    assert clocks.at == MIDDLE


def test_clocks_that_are_not_there_are_owed_and_keep_no_point_from_being_held(state: StateFile) -> None:
    clocks = MemoryClocks()
    keeper = ClockKeeper(clocks, state)
    keeper.hold(SLOW)
    clocks.restore_fails = ClocksGone("policy4 is offline")
    assert not keeper.give_back()
    assert keeper.is_due()
    keeper.hold(MIDDLE)
    assert (clocks.at, keeper.held, keeper.is_due()) == (MIDDLE, MIDDLE, False)
    assert "policy4" in str(keeper.owed)
    clocks.restore_fails = None
    assert keeper.give_back()
    assert keeper.owed is None


def test_a_first_point_that_was_refused_leaves_nothing_to_be_restored(state: StateFile) -> None:
    keeper = ClockKeeper(MemoryClocks(), state)
    with pytest.raises(ClockRefused):
        keeper.hold(OperatingPoint(0, 0, 0))
    assert not state.path.exists()
