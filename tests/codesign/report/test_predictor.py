"""codesign/report/predictor.py"""

from __future__ import annotations

from typing import Any

import pytest

from codesign.report.page import rendered
from codesign.report.results import results_from
from runtime.contract.errors import ConfigError
from tests.codesign.report.sample import sample


def predictor(**changes: Any) -> dict[str, Any]:
    return {
        "kind": "predicted",
        "cost": "latency",
        "model": "gp",
        "encoding": "fc",
        "fitted_on": {"kind": "measured", "on": "the board", "samples": 120},
        "calibrated": True,
        "backbones": 30,
        "outside": [],
        "measured": None,
        **changes,
    }


MEASURED: dict[str, Any] = {
    "target": "local",
    "kind": "measured",
    "on": "the board",
    "why_not_refitted": None,
    "mean_error": 0.021,
    "rows": [
        {
            "name": "b1",
            "predicted": 0.004,
            "low": 0.003,
            "high": 0.005,
            "outside": True,
            "measured": 0.0044,
            "noisy": False,
            "refitted": 0.0043,
        }
    ],
}


def page(**changes: Any) -> str:
    return rendered(results_from({**sample(), "predictor": predictor(**changes)})).replace("\u00a0", " ")


def test_the_sentence_says_what_is_predicted_by_what_and_how_far_it_reaches() -> None:
    found = results_from({**sample(), "predictor": predictor()}).predictor
    assert found is not None
    assert found.sentence == (
        "The latency of whole backbones was predicted by gp (fc), fitted on 120 designs, measured on the board. "
        "30 backbones were evaluated, all within its range."
    )


def test_backbones_outside_its_range_and_intervals_that_promise_nothing_are_said() -> None:
    shown = page(outside=["b7", "b9"], calibrated=False)
    assert "2 of them outside its range, where it may be far off: b7, b9." in shown
    assert "Its intervals promise nothing" in shown


def test_predicted_stands_beside_measured_with_the_mean_error() -> None:
    shown = page(measured=MEASURED)
    for part in (
        "4.00 ms",
        "3.00 ms to 5.00 ms",
        "4.40 ms",
        "4.30 ms",
        "outside its range",
        "2.1 % away",
        "fitted again",
    ):
        assert part in shown


def test_joules_are_shown_as_joules_and_why_it_was_not_fitted_again() -> None:
    rows = [{**MEASURED["rows"][0], "refitted": None}]
    shown = page(cost="energy", measured={**MEASURED, "rows": rows, "why_not_refitted": "of another machine"})
    assert "4.00 mJ" in shown
    assert "The predictor was not fitted again: of another machine." in shown


def test_a_run_without_a_predictor_has_no_such_section() -> None:
    assert 'id="predictor"' not in rendered(results_from(sample()))
    assert 'id="predictor"' not in rendered(results_from({**sample(), "predictor": None}))


def test_another_cost_is_refused() -> None:
    with pytest.raises(
        ConfigError, match=r"predictor\.cost(.|\n)*latency, energy|latency, energy(.|\n)*predictor\.cost"
    ):
        page(cost="bytes")
