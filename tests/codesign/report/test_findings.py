"""What is worked out from the findings rather than read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codesign.report.results import results_from
from tests.codesign.report.sample import sample

RESULTS = results_from(sample())


def test_waiting_is_what_a_request_costs_beyond_its_inference() -> None:
    made = RESULTS.bars["static_max_clocks"]
    assert made.served_energy_j is not None
    assert made.waiting_j == pytest.approx(made.served_energy_j - made.energy_j)
    assert replace(made, served_energy_j=made.energy_j / 2).waiting_j == 0.0


def test_a_rate_that_cannot_be_served_has_no_waiting() -> None:
    assert replace(RESULTS.oracle, served_energy_j=None).waiting_j is None


def test_the_macs_of_a_mode_are_the_mean_over_where_images_leave() -> None:
    mode = RESULTS.default_mode
    one, two = (replace(mode.exits[0], test_share=share, macs=macs) for share, macs in ((0.75, 2e6), (0.25, 10e6)))
    assert replace(mode, exits=(one, two)).macs == pytest.approx(4e6)


@pytest.mark.parametrize(("label", "backbone"), [("A · block 3", "A"), ("B · end", "B"), ("end", "end")])
def test_a_stage_belongs_to_the_backbone_before_the_dot(label: str, backbone: str) -> None:
    assert replace(RESULTS.default_mode.exits[0], label=label).backbone == backbone


def test_the_default_mode_is_the_one_that_says_so() -> None:
    assert RESULTS.default_mode.default
    turned = tuple(replace(mode, default=mode.name == "frugal") for mode in RESULTS.modes)
    assert replace(RESULTS, modes=turned).default_mode.name == "frugal"
