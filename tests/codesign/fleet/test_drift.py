"""Drift of a fleet: told apart is who has drifted alone and who together, and nothing is told of noise."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.fleet.drift import FleetDrift, drift_of
from runtime.contract.errors import ConfigError

from .board_days import BUNDLE, EXPECTED, MODE, SHARES, board_day, filled

KNOWN = {(BUNDLE, MODE): EXPECTED}
HARDER = (0.20, 0.17, 0.15, 0.26, 0.22)
Changes = Callable[[int, int], dict[str, Any]]  # of a board on a day


def looked(folder: Path, changes: Changes, *, boards: int = 6, days: int = 2, expected: Any = None) -> FleetDrift:
    rng = np.random.default_rng(1)
    told = [
        board_day(f"dev{board}", "orin-nano", day, rng, **changes(board, day))
        for day in range(days)
        for board in range(boards)
    ]
    with filled(folder / "s", told) as store:
        return drift_of(store, KNOWN if expected is None else expected)


def test_scenes_that_differ_are_no_drift(tmp_path: Path) -> None:
    drift = looked(tmp_path, lambda _board, _day: {})
    assert drift.found == ()
    assert drift.comparisons == 2 * 9 * 7  # two days; two exits, five cells and two costs; six boards and their mean
    assert len(drift.compared) == 2
    assert drift.unknown == ()


def test_boards_that_all_see_other_images_have_drifted_together(tmp_path: Path) -> None:
    drift = looked(tmp_path, lambda _board, day: {"shares": HARDER if day else SHARES})
    assert len({each.group.date for each in drift.found}) == 1
    exits = {each.what: each for each in drift.found if each.what.startswith("leaves")}
    assert set(exits) == {"leaves at exit 0", "leaves at exit 1"}
    first = exits["leaves at exit 0"]
    assert first.together
    assert (first.boards, round(first.expected, 2)) == (6, 0.65)
    assert first.found == pytest.approx(0.52, abs=0.02)
    assert "leaves at exit 0: 52" in first.sentence() or "leaves at exit 0: 51" in first.sentence()
    assert first.sentence().endswith("instead of 65.0%, 6 boards together")


def test_one_board_that_goes_its_way_is_named_and_the_others_are_not_blamed(tmp_path: Path) -> None:
    drift = looked(tmp_path, lambda board, _day: {"shares": HARDER} if board == 3 else {})
    assert drift.found
    assert {each.devices for each in drift.found} == {("dev3",)}
    assert not any(each.together for each in drift.found)
    assert drift.found[0].sentence().endswith("1 of 6 boards by themselves")


def test_costs_need_no_bundle_and_say_by_how_much_they_are_off(tmp_path: Path) -> None:
    drift = looked(tmp_path, lambda board, _day: {"cost": 1.3} if board == 0 else {}, days=1, expected={})
    assert [(each.what, each.devices) for each in drift.found] == [
        ("energy per image", ("dev0",)),
        ("time per image", ("dev0",)),
    ]
    assert "energy per image +30% against the promise" in drift.found[0].sentence()
    assert drift.unknown == (BUNDLE,)


def test_of_two_boards_both_must_have_drifted_to_have_done_so_together(tmp_path: Path) -> None:
    both = looked(tmp_path / "both", lambda _board, _day: {"cost": 1.3}, boards=2, days=1)
    one = looked(tmp_path / "one", lambda board, _day: {"cost": 1.3} if board else {}, boards=2, days=1)
    assert [each.together for each in both.found] == [True, True]
    assert [each.together for each in one.found] == [False, False]
    assert looked(tmp_path / "alone", lambda _board, _day: {"cost": 1.3}, boards=1, days=1).found[0].together is False


def test_above_and_below_are_told_apart(tmp_path: Path) -> None:
    drift = looked(tmp_path, lambda board, _day: {"cost": {0: 1.4, 1: 0.6}.get(board, 1.0)}, days=1)
    assert sorted((round(each.found, 1), each.devices) for each in drift.found if each.what.startswith("time")) == [
        (0.6, ("dev1",)),
        (1.4, ("dev0",)),
    ]


def test_a_day_of_few_half_hours_is_not_judged(tmp_path: Path) -> None:
    drift = looked(tmp_path, lambda _board, _day: {"cost": 2.0, "half_hours": 7}, days=1)
    assert (drift.comparisons, drift.found, drift.compared) == (0, (), ())


def test_an_exit_that_the_bundle_does_not_have_is_not_expected(tmp_path: Path) -> None:
    fewer = {(BUNDLE, MODE): type(EXPECTED)(((),), ((1.0,),), 3000)}
    found = looked(tmp_path, lambda _board, _day: {}, days=1, expected=fewer).found
    assert {each.what: round(each.expected, 2) for each in found if each.what.startswith("leaves")} == {
        "leaves at exit 0": 1.0,
        "leaves at exit 1": 0.0,
    }


@pytest.mark.parametrize("chance", [0.0, 1.0, float("nan")])
def test_a_chance_that_is_none_is_refused(tmp_path: Path, chance: float) -> None:
    with filled(tmp_path / "s", []) as store, pytest.raises(ConfigError, match="lies between 0 and 1"):
        drift_of(store, {}, chance)
