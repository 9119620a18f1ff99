"""codesign/refine/resolve.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.refine.resolve import reclocked, resolved, results_of
from codesign.search.choose import ChosenDesign
from codesign.walk.choose_step import laxer_modes, requirement
from tests.codesign.refine.loop import MODE, Loop, closed_loop


@pytest.fixture(scope="module")
def loop() -> Loop:
    return closed_loop()


def found_again(loop: Loop) -> ChosenDesign | None:
    reference = loop.ours.record.log.correct[-1]
    wanted = [requirement(reference, 0.01, name) for name in laxer_modes(MODE)]
    results = results_of([loop.ours.modes.balanced.chain], loop.bench.doubtful.solver)
    return loop.bench.doubtful.best(results, wanted)


def test_the_refined_bundle_saves_on_the_true_boards_at_least_half_of_what_the_truth_would_allow(loop: Loop) -> None:
    before = loop.ours.modes.balanced
    found = resolved(before, loop.bench, found_again(loop))
    clocks = loop.ours.pricing.points
    best_j = min(
        loop.true_j(replace(before, design=replace(before.design, point=k, operating_point=clocks[k])))
        for k in range(0, len(clocks), 3)
    )
    shipped_j, refined_j = loop.true_j(before), loop.true_j(found.after)
    assert shipped_j > 1.03 * best_j
    assert found.changed
    assert shipped_j - refined_j >= 0.5 * (shipped_j - best_j)


def test_what_is_expected_to_be_saved_holds_what_is_saved(loop: Loop) -> None:
    before = loop.ours.modes.balanced
    found = resolved(before, loop.bench, None)
    saved = 1.0 - loop.true_j(found.after) / loop.true_j(before)
    assert found.saving.low - 0.01 <= saved <= found.saving.high + 0.01


def test_clocks_that_no_row_speaks_of_are_not_chosen_on_hope() -> None:
    loop = closed_loop(several_clocks=False)
    before = loop.ours.modes.balanced
    found = resolved(before, loop.bench, found_again(loop))
    assert loop.true_j(found.after) <= 1.01 * loop.true_j(before)
    if found.better_unknown is not None:
        assert found.better_unknown[0].design.point != before.design.point


def test_a_saving_that_is_not_worth_a_bundle_changes_nothing(loop: Loop) -> None:
    before = loop.ours.modes.balanced
    found = resolved(before, loop.bench, found_again(loop), least_saving=0.9)
    assert not found.changed
    assert found.after is before
    assert found.saving.expected == 0.0


def test_a_limit_that_is_not_kept_must_be_kept_again(loop: Loop) -> None:
    before = loop.ours.modes.balanced
    spent = loop.bench.believed.figures(before)["latency_s"]

    def strict(polisher: object) -> object:
        solver = replace(polisher.solver, limits=replace(polisher.solver.limits, max_mean_latency_s=0.9 * spent))  # type: ignore[attr-defined]
        return replace(polisher, solver=solver)  # type: ignore[type-var]

    bench = replace(loop.bench, believed=strict(loop.bench.believed), doubtful=strict(loop.bench.doubtful))  # type: ignore[arg-type]
    found = resolved(before, bench, None)
    assert found.must_change is not None
    assert "mean latency" in found.must_change
    assert bench.broken(found.after) is None


def test_only_clocks_that_are_left_in_are_chosen(loop: Loop) -> None:
    polisher = loop.bench.doubtful
    allowed = tuple(range(200))
    solver = replace(polisher.solver, limits=replace(polisher.solver.limits, points=allowed))
    found = reclocked(loop.ours.modes.balanced, replace(polisher, solver=solver))
    assert found.design.point in allowed
    assert found.design.operating_point == polisher.solver.pricing.points[found.design.point]


def test_the_served_mix_is_what_designs_are_priced_by(loop: Loop) -> None:
    before = loop.ours.modes.balanced
    plain = replace(loop.bench.believed, weights=None)
    shares = loop.bench.run(before).shares
    labelled = plain.shares(plain.log(before), before.design.mask, before.policy)
    served = np.asarray(loop.served.exits[next(iter(loop.served.exits))], dtype=float)
    assert shares == pytest.approx(served / served.sum(), abs=0.01)
    assert np.abs(labelled - served / served.sum()).sum() > np.abs(shares - served / served.sum()).sum()
