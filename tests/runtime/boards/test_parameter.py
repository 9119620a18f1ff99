"""A parameter says how it is known."""

from __future__ import annotations

from runtime.boards.parameter import Basis, Parameter


def test_the_sentence_has_name_value_basis_and_source() -> None:
    sentence = Parameter("busy_w", (0.49,), Basis.FITTED, "a trace").sentence()
    assert sentence == "busy_w = 0.49 (fitted: a trace)"


def test_a_parameter_per_table_entry_shows_every_value() -> None:
    sentence = Parameter("emc_idle_w", (0.0, 1.5), Basis.ASSUMED, "recall").sentence()
    assert sentence == "emc_idle_w = 0, 1.5 (assumed: recall)"
