"""Figures as people read them."""

from __future__ import annotations

import pytest

from runtime.commands.figure_text import figure_text
from runtime.contract.figure import Figure
from runtime.contract.kind import Kind


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("latency_s", 0.0123, "12.300 ms (predicted: a board)"),
        ("energy_j", 0.5, "500.000 mJ (predicted: a board)"),
        ("accuracy", 0.9134, "91.34 % (predicted: a board)"),
    ],
)
def test_a_figure_says_its_unit_and_how_it_is_known(name: str, value: float, text: str) -> None:
    assert figure_text(name, Figure(value, Kind.PREDICTED, "a board")) == text


def test_an_unknown_figure_is_a_dash_and_not_zero() -> None:
    assert figure_text("energy_j", None) == "—"
