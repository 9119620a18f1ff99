"""The six bars: what each is compared with, and that nobody is favoured but the static side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from codesign.policy.exit_log import joined
from codesign.policy.requirement import Requirement
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign, meeting, static_by_energy
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.walk.choose_step import designs_for, requirement
from codesign.walk.comparison import Judge, compare, family_gain
from tests.codesign.search.records import record, solver

SOLVER = solver()
RATE = 2.0
RECORDS = [record((n,), size=1.0 + n, skill=0.1 + 0.25 * n, seed=n) for n in range(4)]
RESULTS = [ChainResult(chain, SOLVER(chain)) for chain in [*((r,) for r in RECORDS), (RECORDS[0], RECORDS[3])]]
REFERENCE = RECORDS[3].log.correct[-1]
MAX_LOSS = 0.1
WANTED = requirement(REFERENCE, MAX_LOSS, "balanced")


def judge(accuracies: dict[int, float] | None = None, asked: list[int] | None = None) -> Judge:
    """Test answers are those on select, or accuracies by gene."""

    def accuracy(of: BackboneRecord) -> float:
        if asked is not None:
            asked.append(of.genome[0])
        return of.accuracy if accuracies is None else accuracies[of.genome[0]]

    return Judge(SOLVER, RATE, None, lambda chosen: joined([r.log for r in chosen.chain]), accuracy, pick)


def pick(results: Sequence[ChainResult], wanted: Sequence[Requirement]) -> ChosenDesign | None:
    return next(meeting(results, SOLVER, wanted), None)


def joint() -> ChosenDesign:
    return next(designs_for("balanced", RESULTS, SOLVER, REFERENCE, MAX_LOSS))


ACCURACIES = {0: 0.60, 1: 0.80, 2: 0.70, 3: 0.90}  # by gene; each is dearer than the one before


def test_a_static_network_that_nobody_would_have_chosen_on_select_is_no_baseline_however_lucky_on_test() -> None:
    lucky = {0: 0.99, 1: 0.99, 2: 0.99, 3: 0.99}
    by_rule = judge(lucky).cheapest_static(RECORDS, 0.95, WANTED)
    assert WANTED.met_by(by_rule.record.log.correct[-1])
    assert not WANTED.met_by(RECORDS[0].log.correct[-1])
    assert judge(lucky).cheapest_static(RECORDS, 0.95, None).record.genome == (0,)


@pytest.mark.parametrize(("needed", "gene"), [(0.0, 0), (0.60, 0), (0.61, 1), (0.75, 1), (0.81, 3), (0.90, 3)])
def test_the_static_network_is_the_cheapest_that_reaches_the_accuracy(needed: float, gene: int) -> None:
    choice = judge(ACCURACIES).cheapest_static(RECORDS[::-1], needed, None)
    assert (choice.record.genome, choice.accuracy, choice.reaches) == ((gene,), ACCURACIES[gene], True)


def test_where_no_static_network_reaches_it_the_most_accurate_one_is_taken_and_said_to_fall_short() -> None:
    choice = judge(ACCURACIES).cheapest_static(RECORDS, 0.91, None)
    assert (choice.record.genome, choice.accuracy, choice.reaches) == ((3,), 0.90, False)


def test_no_network_dearer_than_the_choice_is_asked_about_the_test_split() -> None:
    asked: list[int] = []
    judge(ACCURACIES, asked).cheapest_static(RECORDS, 0.7, None)
    assert asked == [0, 1]


def test_cheapest_means_at_the_fastest_clocks() -> None:
    wide, deep = (record((gene,), size=1.0) for gene in (50, 51))
    many_kernels = tuple(replace(block, kernels=22.0 * block.kernels) for block in wide.static.blocks)
    much_work = tuple(replace(block, macs=2.0 * block.macs) for block in deep.static.blocks)
    wide = replace(wide, static=replace(wide.static, blocks=many_kernels))
    deep = replace(deep, static=replace(deep.static, blocks=much_work))
    energies_j = {r.genome[0]: SOLVER.pricing.static(r).energy_j[0] for r in (wide, deep)}
    default, fastest = SOLVER.pricing.default, SOLVER.pricing.fastest
    assert (energies_j[50][default] < energies_j[51][default]) != (energies_j[50][fastest] < energies_j[51][fastest])
    choice = judge({50: 0.5, 51: 0.5}).cheapest_static([wide, deep], 0.5, None)
    assert choice.record.genome[0] == min((50, 51), key=lambda gene: float(energies_j[gene][fastest]))


def test_an_empty_archive_cannot_be_compared_with() -> None:
    with pytest.raises(ValueError, match="without a single backbone"):
        judge().cheapest_static([], 0.5, None)


def test_the_bars_are_one_design_and_one_static_network_at_named_clocks() -> None:
    pricing, found = SOLVER.pricing, compare(joint(), RECORDS, RESULTS, judge(), WANTED)
    assert found.static.reaches
    assert found.static.accuracy >= found.exits_best_clocks.accuracy
    assert found.static_default_mode.point == pricing.default
    assert found.static_max_clocks.point == found.exits_max_clocks.point == pricing.fastest
    assert found.exits_best_clocks.point == joint().design.point
    assert found.static_best_clocks.energy_j <= min(
        found.static_max_clocks.energy_j, found.static_default_mode.energy_j
    )
    assert found.exits_best_clocks.energy_j <= found.exits_max_clocks.energy_j
    assert found.oracle.point == found.exits_best_clocks.point
    assert found.oracle.accuracy >= found.exits_best_clocks.accuracy == found.exits_max_clocks.accuracy


def test_the_joint_design_needs_no_more_than_one_after_the_other() -> None:
    found = compare(joint(), RECORDS, RESULTS, judge(), WANTED)
    assert found.sequential_backbone is static_by_energy(RECORDS, SOLVER, WANTED)[0]
    assert found.sequential_design is not None
    assert found.sequential_design.chain == (found.sequential_backbone,)
    assert found.exits_best_clocks.energy_j <= found.sequential.energy_j


def test_where_exits_keep_no_promise_sequential_is_the_static_network_at_its_best_clocks() -> None:
    without = [ChainResult(result.chain, None) if len(result.chain) == 1 else result for result in RESULTS]
    found = compare(joint(), RECORDS, without, judge(), WANTED)
    assert found.sequential_design is None
    assert found.sequential.replay is None
    best = judge().static_at(judge().cheapest_static([found.sequential_backbone], 0.0, None), None)
    assert found.sequential == best


def test_a_static_network_that_keeps_to_no_limit_is_shown_at_the_fastest_clocks() -> None:
    slow = replace(judge(), max_latency_s=1e-9)
    choice = slow.cheapest_static(RECORDS, 0.0, None)
    assert slow.static_at(choice, None).point == SOLVER.pricing.fastest


def test_a_family_saves_against_a_static_network_as_accurate_at_the_fastest_clocks() -> None:
    alone = [result for result in RESULTS if len(result.chain) == 1]
    found = family_gain(alone, RECORDS, judge(), WANTED)
    assert found is not None
    static = judge().static_at(judge().cheapest_static(RECORDS, found.outcome.accuracy, WANTED), SOLVER.pricing.fastest)
    assert found.saving == pytest.approx(1.0 - found.outcome.energy_j / static.energy_j)
    assert WANTED.met_by(_right(found.design))


def test_a_family_that_does_not_keep_its_promise_has_no_gain() -> None:
    assert family_gain([ChainResult((RECORDS[0],), None)], RECORDS, judge(), WANTED) is None
    strict = requirement(np.ones_like(REFERENCE), 0.0, "balanced")
    assert family_gain(RESULTS, RECORDS, judge(), strict) is None


def test_limits_of_the_search_hold_for_the_static_best_clocks() -> None:
    limit_s = float(np.median(SOLVER.pricing.static(RECORDS[0]).latency_s))
    limited = replace(judge(), max_latency_s=limit_s)
    found = limited.static_at(limited.cheapest_static(RECORDS[:1], 0.0, None), None)
    assert found.latency_s <= limit_s
    asked: ChainSolver = solver(InnerLimits(max_worst_latency_s=limit_s))
    front = asked(RECORDS[:1])
    assert front is not None
    assert front.worst_latency_s.max() <= limit_s


def _right(chosen: ChosenDesign) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    log = joined([r.log for r in chosen.chain])
    kept = [c for c in range(log.candidates - 1) if chosen.design.mask >> c & 1]
    taken = chosen.policy.exits_taken(log.entropy_nats[[*kept, log.candidates - 1]])
    right: np.ndarray[tuple[int], np.dtype[np.bool_]] = log.correct[
        np.asarray([*kept, log.candidates - 1])[taken], np.arange(log.samples)
    ]
    return right
