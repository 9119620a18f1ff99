"""codesign/search/nearest.py"""

from __future__ import annotations

from dataclasses import replace

import pytest

from codesign.search.constraints import CONSTRAINTS, Constraint
from codesign.search.inner_grid import InnerLimits
from codesign.search.nearest import nearest_value
from tests.codesign.search.chains import Case
from tests.codesign.search.limited import every_design, footprint
from tests.codesign.search.records import record, solver

CHAIN = (
    replace(record((0,), candidates=2), footprint=footprint(0, 2)),
    replace(record((1,), size=2.0, seed=1), footprint=footprint(1, 3)),
)


@pytest.mark.parametrize("constraint", CONSTRAINTS, ids=lambda constraint: constraint.limit)
def test_the_nearest_design_is_the_best_of_all_that_keep_to_the_other_limits(constraint: Constraint) -> None:
    limit_s = 1.5 * float(solver().pricing.exited(CHAIN).stage_costs(0).latency_s.sum(axis=0).min())
    other = "max_worst_latency_s" if constraint.limit != "max_worst_latency_s" else "max_mean_latency_s"
    limits = InnerLimits(batch=2, **{other: limit_s})  # type: ignore[arg-type]
    solved = solver(limits)
    whole = solver().pricing.exited(CHAIN)
    case = Case(
        tuple(r.works for r in CHAIN), whole, solved.pricing.points, solved.log(CHAIN), solved.thresholds(CHAIN)
    )
    figure = {"max_worst_latency_s": "worst_latency_s", "max_mean_latency_s": "latency_s"}[other]
    taken = CHAIN[0].footprint.of_chain([r.footprint for r in CHAIN if r.footprint]) if CHAIN[0].footprint else None
    assert taken is not None
    kept = [d.figures for d in every_design(case, taken, 2, "back_to_back", 1.0) if d.figures[figure] <= limit_s]
    values = [figures[constraint.figure] for figures in kept]
    best = max(values) if constraint.at_least else min(values)
    assert nearest_value(solved, CHAIN, constraint) == pytest.approx(best)


def test_where_the_other_limits_leave_nothing_nothing_is_near() -> None:
    energy = next(constraint for constraint in CONSTRAINTS if constraint.limit == "max_energy_j")
    assert nearest_value(solver(InnerLimits(max_worst_latency_s=1e-9)), CHAIN, energy) is None
    assert nearest_value(solver(InnerLimits(max_mean_latency_s=1e-9)), CHAIN, energy) is None
