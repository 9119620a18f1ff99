from __future__ import annotations

import pytest

from codesign.fleet.view import Fleet


def test_who_does_not_keep_the_promise_is_pointed_out(fleet: Fleet) -> None:
    assert [row["device_id"] for row in fleet.off] == ["drifts"]
    assert [row["name"] for row in fleet.alarms] == ["drift: cost"]


def test_who_has_been_silent_is_missing(fleet: Fleet) -> None:
    assert [row["device_id"] for row in fleet.missing] == ["silent"]
    assert fleet.silent_h(fleet.missing[0]) == pytest.approx(24.0, abs=0.1)


def test_a_device_whose_clock_is_not_set_has_been_silent_for_ever(fleet: Fleet) -> None:
    assert fleet.silent_h({"last_us": None}) == float("inf")


def test_exits_are_shares_of_what_a_mode_answered(fleet: Fleet) -> None:
    assert [each.shares for each in fleet.exits] == [(0.7, 0.3)] * 2
    assert sum(each.images for each in fleet.exits) == fleet.images == 2000
