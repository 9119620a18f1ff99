"""codesign/refine/difference.py"""

from __future__ import annotations

import json
from typing import Any

import pytest

from codesign.refine.difference import difference, page
from codesign.refine.resolve import resolved
from tests.bench.refine_fleet import BUNDLE
from tests.codesign.refine.loop import MODE, Loop, closed_loop


@pytest.fixture(scope="module")
def loop() -> Loop:
    return closed_loop()


@pytest.fixture(scope="module")
def told(loop: Loop) -> dict[str, Any]:
    before = loop.ours.modes.balanced
    found = {MODE: resolved(before, loop.bench, None), "same": resolved(before, loop.bench, None, least_saving=0.9)}
    return difference(loop.served, loop.bench.posterior, loop.bench, found, BUNDLE, ["Mind the gap."])


def test_it_is_json(told: dict[str, Any]) -> None:
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_it_says_how_far_off_served_cells_were_before_and_after(told: dict[str, Any]) -> None:
    for row in told["errors"]:
        assert row["refined"] < row["shipped"]
        assert row["cells"] > 0


def test_a_mode_that_changes_says_from_what_to_what_and_why(told: dict[str, Any], loop: Loop) -> None:
    mode = next(row for row in told["modes"] if row["mode"] == MODE)
    assert mode["changed"]
    assert mode["before"]["clocks"] != mode["after"]["clocks"]
    assert mode["before"]["thresholds_nats"] == mode["after"]["thresholds_nats"]
    assert mode["after"]["energy_j"] < mode["before"]["energy_j"]
    assert mode["saving"]["low"] <= mode["saving"]["expected"] <= mode["saving"]["high"]
    assert mode["why"]
    assert mode["served_mix"] is not None
    assert mode["before"]["networks"] == [loop.ours.record.name]


def test_a_mode_that_does_not_change_says_so(told: dict[str, Any]) -> None:
    mode = next(row for row in told["modes"] if row["mode"] == "same")
    assert not mode["changed"]
    assert mode["why"] == []


def test_terms_that_moved_come_with_an_interval_that_holds_them(told: dict[str, Any]) -> None:
    assert told["terms"]
    for row in told["terms"]:
        assert row["low"] < row["factor"] < row["high"]


def test_a_person_reads_clocks_savings_reasons_terms_and_what_was_left_out(told: dict[str, Any]) -> None:
    text = page(told)
    mode = next(row for row in told["modes"] if row["mode"] == MODE)
    for wanted in (
        mode["before"]["clocks"],
        mode["after"]["clocks"],
        "expected to save",
        "Because: ",
        "Left out: nothing.",
        "Unchanged: nothing is surely cheaper",
        "Mind the gap.",
        told["terms"][0]["words"],
    ):
        assert wanted in text
