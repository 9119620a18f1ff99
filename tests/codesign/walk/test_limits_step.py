"""codesign/walk/limits_step.py"""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from codesign.policy.requirement import Requirement
from codesign.search.choose import ChosenDesign, by_energy
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.search.polish import Polisher
from codesign.walk.limits_step import limits_result, mode_figures, within_limits
from codesign.walk.outcome import Outcome, design_outcome
from tests.codesign.search.records import record, solver

CHAIN = (record((0,)), record((1,), size=3.0, skill=1.2, seed=1))
LIMITS = InnerLimits(min_accuracy=0.5, max_energy_j=1e3)
SOLVER = solver(LIMITS)


def design() -> ChosenDesign:
    anything = Requirement(CHAIN[-1].log.correct[-1], 1.0, 0.0)
    return next(c for c in by_energy([ChainResult(CHAIN, SOLVER(CHAIN))], SOLVER, anything) if c.design.mask)


def outcome(of: ChosenDesign) -> Outcome:
    return design_outcome(of, SOLVER.log(of.chain), SOLVER.pricing, 1.0)


def test_every_limit_is_held_against_every_mode_on_both_splits() -> None:
    chosen = design()
    worse = replace(outcome(chosen), accuracy=0.1)
    assert worse.replay is not None
    worse = replace(worse, replay=replace(worse.replay, accuracy=0.1))
    rows = limits_result(
        (("a", chosen), ("b", chosen)),
        {"a": outcome(chosen), "b": outcome(chosen)},
        {"a": outcome(chosen), "b": worse},
        SOLVER,
    )
    assert [(row["limit"], row["mode"], row["kept_on_test"]) for row in rows] == [
        ("accuracy on select", "a", True),
        ("accuracy on select", "b", False),
        ("energy", "a", True),
        ("energy", "b", True),
    ]
    assert rows[0]["asked"] == 0.5
    assert rows[0]["select"] == pytest.approx(outcome(chosen).accuracy)
    assert rows[2]["test"] == pytest.approx(outcome(chosen).energy_j)
    assert [row["kind"] for row in rows] == ["measured", "measured", "assumed", "assumed"]


def test_where_nothing_is_limited_nothing_is_said() -> None:
    chosen = design()
    assert limits_result((("a", chosen),), {"a": outcome(chosen)}, {"a": outcome(chosen)}, solver()) == []


def test_a_network_without_exits_is_no_mode() -> None:
    with pytest.raises(ValueError, match="a mode is a design with a policy"):
        mode_figures(design(), SOLVER, None)


def test_a_certificate_does_not_excuse_a_broken_limit() -> None:
    chosen = design()
    mode: Any = SimpleNamespace(chosen=chosen)

    def polisher(limits: InnerLimits) -> Polisher:
        made: Any = SimpleNamespace(solver=solver(limits), figures=lambda _chosen: {"energy_j": 0.003, "accuracy": 0.9})
        return made  # type: ignore[no-any-return]

    assert within_limits(mode, polisher(InnerLimits()), "passed") == (mode, "passed")
    assert within_limits(mode, polisher(InnerLimits(max_energy_j=0.004)), "passed") == (mode, "passed")
    assert within_limits(None, polisher(LIMITS), "why") == (None, "why")
    found, sentence = within_limits(mode, polisher(InnerLimits(max_energy_j=0.002)), "passed")
    assert found is None
    assert sentence.startswith("No certified mode: ")
    assert sentence.endswith("energy ≤ 2 mJ, but it has 3 mJ.")
