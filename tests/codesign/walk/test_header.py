"""What every results file opens with."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

from codesign.walk.header import header
from tests.codesign.search.records import pricing
from tests.codesign.walk.conftest import Parts


def test_every_split_is_counted_by_class(parts: Parts) -> None:
    made = header(parts.settings, parts.data, parts.solver.pricing, "codesign compile", [])
    for name, split in parts.data.splits.items():
        assert (
            made["data"]["splits"][name]["n"] == len(split.labels) == sum(made["data"]["splits"][name]["class_counts"])
        )
    assert made["data"]["classes"] == ["colour0", "colour1", "colour2"]
    assert len(made["data"]["splits"]["test"]["class_counts"]) == 3


def test_notes_follow_those_of_the_data(parts: Parts) -> None:
    made = header(parts.settings, parts.data, parts.solver.pricing, "codesign compile", ["Supernet: mine."])
    assert made["data"]["notes"] == [*parts.data.notes, "Supernet: mine."]


def test_settings_are_shown_as_asked_for(parts: Parts) -> None:
    asked = replace(
        parts.settings, max_accuracy_loss=0.1, requests_per_s=12.5, max_latency_s=0.004, seed=3, energy="served"
    )
    made = header(asked, parts.data, parts.solver.pricing, "the command", [])
    assert made["settings"] == {
        "request_rate_hz": 12.5,
        "max_accuracy_loss": 0.1,
        "max_latency_s": 0.004,
        "seed": 3,
        "energy_objective": "served",
    }
    assert made["command"] == "the command"


def test_a_simulated_board_says_what_it_assumes_and_any_other_nothing(parts: Parts) -> None:
    simulated = header(parts.settings, parts.data, parts.solver.pricing, "", [])["board"]
    assert simulated["assumptions"]
    assert "simulated" in simulated["hardware"]
    assert simulated["operating_points"] == len(parts.solver.pricing.points)
    assert header(parts.settings, parts.data, pricing(), "", [])["board"]["assumptions"] == []


def test_the_moment_is_given_with_its_zone(parts: Parts) -> None:
    made = datetime.fromisoformat(header(parts.settings, parts.data, parts.solver.pricing, "", [])["created"])
    assert abs((datetime.now(timezone.utc) - made).total_seconds()) < 60
