"""codesign/search/inner.py: the front is the true one, whatever was skipped to find it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.policy.levels import threshold_levels
from codesign.policy.replay import replay
from codesign.policy.selection import policy_of
from codesign.search import inner_energy, inner_grid, inner_staircase
from codesign.search.chain_works import stages_of
from codesign.search.inner import THREE_OBJECTIVES, TWO_OBJECTIVES, EnergyKind, solve_inner
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from codesign.search.pareto import dominated_by
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageCosts, expected_costs, served_energy_j, stage_costs
from runtime.contract.errors import ConfigError, InfeasibleError, ShapeError
from tests.codesign.search.chains import Case, FormulaBoard, random_case

SIZES = st.sampled_from([(1,), (4,), (2, 2), (1, 3), (1, 1, 2)])


def simulated(case: Case, level: int, mask: int, costs: StageCosts) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Accuracy, then energy, latency and worst latency (F,), from the samples one by one and the stages' costs."""
    outcome = replay(case.log, mask, policy_of(mask, case.thresholds_nats[level]))
    latency_s, energy_j = expected_costs(outcome.exit_shares, costs)
    return outcome.accuracy, energy_j, latency_s, costs.latency_s.sum(axis=0)


def every_design(case: Case, energy: EnergyKind, limits: InnerLimits) -> FloatArray:
    """(designs, 3) objectives to be minimised of every design within the limits, by simulation."""
    rows = []
    for mask in range(1 << (case.log.candidates - 1)):
        if limits.max_exits is not None and mask.bit_count() > limits.max_exits:
            continue
        costs = case.costs.stage_costs(mask)
        for level in range(len(case.thresholds_nats)):
            accuracy, energy_j, latency_s, worst_s = simulated(case, level, mask, costs)
            allowed = np.ones(len(energy_j), dtype=bool)
            if limits.requests_per_s is not None:
                served_j = served_energy_j(energy_j, latency_s, costs.idle_w, limits.requests_per_s)
                allowed &= ~np.isnan(served_j)
                energy_j = served_j if energy == "served" else energy_j
            if limits.max_worst_latency_s is not None:
                allowed &= worst_s <= limits.max_worst_latency_s
            if limits.min_accuracy is not None and accuracy < limits.min_accuracy:
                continue
            rows += [(-accuracy, e, s) for e, s in zip(energy_j[allowed], latency_s[allowed], strict=True)]
    return np.asarray(rows).reshape(-1, 3)


def objectives_of(front: InnerFront, count: int) -> FloatArray:
    return np.stack([-front.accuracy, front.energy_j, front.latency_s], axis=1)[:, :count]


def same_fronts(found: FloatArray, expected: FloatArray) -> bool:
    """Equal up to rounding: each point of either front is weakly beaten by one of the other, give or take 1e-9."""

    def beaten(points: FloatArray, by: FloatArray) -> bool:
        slack = 1e-9 * np.abs(by)
        return all(bool((by - slack <= point).all(axis=1).any()) for point in points)

    return beaten(found, expected) and beaten(expected, found)


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    sizes=SIZES,
    noisy=st.booleans(),
    objectives=st.sampled_from([TWO_OBJECTIVES, THREE_OBJECTIVES]),
    energy=st.sampled_from(["back_to_back", "served"]),
    limit=st.sampled_from(["none", "worst", "rate", "accuracy", "exits", "all"]),
    tightness=st.floats(0.2, 0.9),
    screened=st.booleans(),
)
def test_the_front_is_that_of_all_designs_simulated_one_by_one(
    seed: int, sizes: tuple[int, ...], noisy: bool, objectives: tuple[str, ...], energy: EnergyKind, limit: str,
    tightness: float, screened: bool,
) -> None:  # fmt: skip
    case = random_case(seed, sizes, noisy_costs=noisy)
    deepest_s = np.concatenate([case.costs.stage_costs(m).latency_s.sum(axis=0) for m in range(1 << (sum(sizes) - 1))])
    limit_s = float(np.quantile(deepest_s, tightness)) * (1 + 1e-9)  # no design lies on it, where rounding decides
    rate = 1.0 / limit_s
    limits = InnerLimits(
        max_exits=1 if limit in ("exits", "all") else None,
        min_accuracy=0.6 * tightness if limit in ("accuracy", "all") else None,
        max_worst_latency_s=limit_s if limit in ("worst", "all") else None,
        requests_per_s=rate if energy == "served" or limit in ("rate", "all") else None,
    )
    designs = every_design(case, energy, limits)[:, : len(objectives)]
    with pytest.MonkeyPatch.context() as patch:
        if screened:  # the bounds of the large problems, on a small one
            patch.setattr(inner_energy, "FEW_POINTS", 0)
            patch.setattr(inner_grid, "CHUNK_ENTRIES", 16)
            patch.setattr(inner_staircase, "CHUNK_ENTRIES", 16)
            patch.setattr(inner_staircase, "FIRST_ENTRIES", 1)
        arguments = (case.log, case.thresholds_nats, case.costs, case.points)
        if len(designs) == 0:
            with pytest.raises(InfeasibleError):
                solve_inner(*arguments, objectives=objectives, energy=energy, limits=limits)
            return
        front = solve_inner(*arguments, objectives=objectives, energy=energy, limits=limits)
    found = objectives_of(front, len(objectives))
    assert same_fronts(found, designs[~dominated_by(designs, designs)])
    assert not dominated_by(found, found).any()
    assert len(np.unique(found, axis=0)) == len(found)


@pytest.mark.parametrize("objectives", [TWO_OBJECTIVES, THREE_OBJECTIVES])
@pytest.mark.parametrize("sizes", [(6,), (3, 4), (2, 1, 3)])
def test_every_figure_of_the_front_is_that_of_the_materialised_stages(
    sizes: tuple[int, ...], objectives: tuple[str, ...]
) -> None:
    case = random_case(21, sizes, per_axis=4, levels=6, samples=200)
    front = solve_inner(case.log, case.thresholds_nats, case.costs, case.points, objectives=objectives)
    for index in range(0, len(front), max(1, len(front) // 50)):
        design = front.design(index)
        stages = stage_costs(FormulaBoard(), stages_of(case.chain, design.mask), [design.operating_point])
        accuracy, energy_j, latency_s, worst_s = simulated(case, design.level, design.mask, stages)
        assert design.accuracy == accuracy
        assert design.energy_j == pytest.approx(energy_j[0], rel=1e-9)
        assert design.latency_s == pytest.approx(latency_s[0], rel=1e-9)
        assert design.worst_latency_s == pytest.approx(worst_s[0], rel=1e-9)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), SIZES, st.booleans(), st.sampled_from([TWO_OBJECTIVES, THREE_OBJECTIVES]))
def test_dropping_dominated_points_changes_nothing(
    seed: int, sizes: tuple[int, ...], noisy: bool, objectives: tuple[str, ...]
) -> None:
    case = random_case(seed, sizes, noisy_costs=noisy)
    arguments = (case.log, case.thresholds_nats, case.costs, case.points)
    fast = solve_inner(*arguments, objectives=objectives)
    slow = solve_inner(*arguments, objectives=objectives, drop_dominated_points=False)
    assert same_fronts(objectives_of(fast, len(objectives)), objectives_of(slow, len(objectives)))


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31), SIZES, st.booleans(), st.integers(1, 7))
def test_more_operating_points_never_worsen_the_front(
    seed: int, sizes: tuple[int, ...], noisy: bool, count: int
) -> None:
    case = random_case(seed, sizes, noisy_costs=noisy)
    few = np.random.default_rng(seed).permutation(len(case.points))[:count]
    small = solve_inner(case.log, case.thresholds_nats, case.costs.at_points(few), [case.points[i] for i in few])
    large = solve_inner(case.log, case.thresholds_nats, case.costs, case.points)
    for accuracy, energy_j in zip(small.accuracy, small.energy_j, strict=True):
        assert large.energy_j[large.accuracy >= accuracy].min() <= energy_j * (1 + 1e-12)


def test_the_same_problem_gives_the_same_front() -> None:
    case = random_case(4, (3, 4), per_axis=4, levels=6, noisy_costs=True)
    for objectives in (TWO_OBJECTIVES, THREE_OBJECTIVES):
        one, two = (
            solve_inner(case.log, case.thresholds_nats, case.costs, case.points, objectives=objectives)
            for _ in range(2)
        )
        for name in ("level", "mask", "point", "accuracy", "energy_j", "latency_s", "worst_latency_s"):
            np.testing.assert_array_equal(getattr(one, name), getattr(two, name))


def test_of_equal_designs_the_first_is_returned() -> None:
    case = random_case(4, (4,))
    twice = np.repeat(np.arange(len(case.points)), 2)
    costs, points = case.costs.at_points(twice), [case.points[i] for i in twice]
    thresholds = np.repeat(case.thresholds_nats, 2, axis=0)
    for objectives in (TWO_OBJECTIVES, THREE_OBJECTIVES):
        front = solve_inner(case.log, thresholds, costs, points, objectives=objectives)
        assert (front.level % 2 == 0).all()
        assert (front.point % 2 == 0).all()


def test_a_front_of_threshold_levels_runs_from_accurate_to_cheap() -> None:
    case = random_case(9, (4, 4), per_axis=3, samples=300)
    front = solve_inner(case.log, threshold_levels(case.log, 10), case.costs, case.points)
    assert len(front) > 5
    assert (np.diff(front.accuracy) < 0).all()
    assert (np.diff(front.energy_j) < 0).all()


def test_what_does_not_belong_together_is_refused() -> None:
    case = random_case(0, (2, 2))
    log, thresholds, costs, points = case.log, case.thresholds_nats, case.costs, case.points
    with pytest.raises(ConfigError, match="unknown objectives"):
        solve_inner(log, thresholds, costs, points, objectives=("energy", "accuracy"))
    with pytest.raises(ConfigError, match="unknown energy"):
        solve_inner(log, thresholds, costs, points, energy="wasted")  # type: ignore[arg-type]
    shorter = replace(log, entropy_nats=log.entropy_nats[1:], predictions=log.predictions[1:])
    with pytest.raises(ShapeError, match="the log speaks of 3 candidates, the costs of 4"):
        solve_inner(shorter, thresholds, costs, points)
    with pytest.raises(ShapeError, match="7 operating points are named, the costs are of 8"):
        solve_inner(log, thresholds, costs, points[1:])
    with pytest.raises(InfeasibleError, match="keeps to the limits"):
        solve_inner(log, thresholds, costs, points, limits=InnerLimits(min_accuracy=1.0))
