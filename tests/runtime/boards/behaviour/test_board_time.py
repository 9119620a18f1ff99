"""Real time, and dates that jump."""

from __future__ import annotations

import time

from runtime.boards.behaviour import RealTime, WallClock, behavioural_board
from runtime.boards.simulated_time import SimulatedTime

from .orin_paths import ORIN


def test_real_time_is_this_machines() -> None:
    clock = RealTime()
    before_s, now_s = time.monotonic(), clock.now_s()
    assert before_s <= now_s <= time.monotonic()


def test_waits_are_scaled() -> None:
    clock = RealTime(wait_scale=1e-3)
    began_s = clock.now_s()
    clock.sleep(20.0)
    assert 0.02 <= clock.now_s() - began_s < 10.0


def test_no_wait_is_none_at_all() -> None:
    RealTime(wait_scale=0.0).sleep(1e9)


def test_the_date_goes_with_the_time_and_jumps_by_itself() -> None:
    clock = SimulatedTime(100.0)
    wall = WallClock(clock, start_s=1e9)
    clock.sleep(5.0)
    assert wall.wall_s() == 1e9 + 5.0
    wall.jump(-3600.0)
    assert (wall.wall_s(), clock.now_s()) == (1e9 - 3595.0, 105.0)


def test_a_jump_of_the_date_moves_nothing_else_on_the_board() -> None:
    tree = behavioural_board(ORIN)
    tree.time.sleep(10.0)
    energy_j = tree.true_energy_j()
    tree.wall.jump(1.8e9)
    assert tree.read("/sys/class/rtc/rtc0/since_epoch") == b"1800000010\n"
    assert tree.read("/proc/uptime") == b"10.00 10.00\n"
    assert tree.true_energy_j() == energy_j
