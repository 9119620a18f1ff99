"""The first sentence: signed, on test images, and honest where nothing is saved."""

from __future__ import annotations

from typing import Any

from codesign.report.headline import Headline, headline
from codesign.report.quantities import NBSP
from codesign.report.results import results_from

from .sample import bar, sample


def told(table: dict[str, Any]) -> Headline:
    return headline(results_from(table))


def plain(text: str) -> str:
    return text.replace(NBSP, " ")


def test_a_saving_is_said_as_less_and_against_the_same_accuracy() -> None:
    said = told(sample(chosen_j=0.0041, static_j=0.0061))
    assert plain(said.lead) == "33 % less energy per image"
    assert said.rest == "than the static network of the same accuracy at its best clocks"
    assert (plain(said.change), said.verdict) == ("−33 %", "better")


def test_a_loss_is_said_as_more() -> None:
    said = told(sample(chosen_j=0.0068, static_j=0.0061))
    assert plain(said.lead) == "11 % more energy per image"
    assert (plain(said.change), said.verdict) == ("+11 %", "worse")


def test_a_saving_too_small_to_resolve_is_not_called_one() -> None:
    said = told(sample(chosen_j=0.0060999, static_j=0.0061))
    assert said.lead == "The same energy per image"
    assert said.rest.startswith("as the static network")
    assert (plain(said.change), said.verdict) == ("±0 %", "same")


def test_another_accuracy_is_never_called_the_same() -> None:
    assert told(sample(chosen_accuracy=0.975)).rest.endswith("with accuracy 1.1 points lower")
    assert told(sample(chosen_accuracy=0.995)).rest.endswith("with accuracy 0.9 points higher")


def test_one_image_of_difference_counts_as_the_same_accuracy_and_two_do_not() -> None:
    assert "the same accuracy" in told(sample(chosen_accuracy=0.9861 - 1 / 360)).rest
    assert "points lower" in told(sample(chosen_accuracy=0.9861 - 2 / 360)).rest


def test_the_bill_with_waiting_is_told_besides() -> None:
    table = sample()
    table["bars"][2]["served_energy_j"] = 0.100  # static_best_clocks
    table["bars"][5]["served_energy_j"] = 0.095  # exits_best_clocks
    said = told(table)
    assert plain(said.served).startswith("Served at 30 requests/s, a request takes 5.0 % less energy: 96 %")
    assert plain(said.served_change) == "−5.0 %"


def test_a_rate_that_cannot_be_served_is_said_and_not_shown_as_nought() -> None:
    table = sample()
    table["bars"][5]["served_energy_j"] = None
    said = told(table)
    assert said.served.startswith("It cannot serve 30 requests/s")
    assert (said.served_change, said.served_verdict) == ("–", "unknown")


def test_a_static_network_too_slow_to_serve_leaves_no_percentage() -> None:
    table = sample()
    table["bars"][2]["served_energy_j"] = None
    said = told(table)
    assert "the static network at its best clocks cannot serve that rate" in said.served
    assert said.served_change == "–"


def test_the_oracle_is_set_against_what_was_really_found() -> None:
    table = sample(chosen_j=0.0041, static_j=0.0061)
    table["oracle"] = bar("oracle", 0.00305, 0.99, 0.0005)
    assert "50 % less energy than the static network; the real policy uses 33 % less" in plain(told(table).bound)
    assert "finds none of it" in told(sample(chosen_j=0.0068, static_j=0.0061)).bound
    table["oracle"] = bar("oracle", 0.0062, 0.99, 0.0005)
    assert "even the oracle saves nothing" in told(table).bound


def test_accuracy_comes_with_its_interval_and_its_distance_from_the_full_network() -> None:
    said = told(sample(chosen_accuracy=0.9861))
    assert plain(said.accuracy) == "98.6 %"
    assert plain(said.accuracy_interval) == "96.8 to 99.4 %"
    assert said.accuracy_change == "−0.3 points"
