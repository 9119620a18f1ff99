"""codesign/search/row_limits.py: the front stays exact under every limit that looks at single samples."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.policy.replay import replay
from codesign.policy.selection import policy_of
from codesign.search.constraints import CONSTRAINTS
from codesign.search.inner import THREE_OBJECTIVES, TWO_OBJECTIVES, EnergyKind, solve_inner
from codesign.search.inner_columns import layout_of, stop_and_pass_counts
from codesign.search.inner_counts import level_counts
from codesign.search.inner_grid import InnerLimits
from codesign.search.pareto import dominated_by
from codesign.search.row_limits import entered_counts, spared_entries, tail_counts
from runtime.contract.errors import InfeasibleError
from tests.codesign.search.chains import random_case
from tests.codesign.search.limited import every_design, footprint, objectives

SIZES = st.sampled_from([(1,), (4,), (2, 2), (1, 3)])
RATE = 0.01


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 2**31),
    sizes=SIZES,
    noisy=st.booleans(),
    three=st.booleans(),
    energy=st.sampled_from(["back_to_back", "served"]),
    limited=st.sets(st.sampled_from([constraint.limit for constraint in CONSTRAINTS]), min_size=1, max_size=4),
    tightness=st.floats(0.3, 0.9),
    batch=st.sampled_from([1, 4]),
    some_points=st.booleans(),
)
def test_the_front_under_any_limits_is_that_of_the_designs_that_keep_to_them(
    seed: int, sizes: tuple[int, ...], noisy: bool, three: bool, energy: EnergyKind, limited: set[str],
    tightness: float, batch: int, some_points: bool,
) -> None:  # fmt: skip
    case, taken = random_case(seed, sizes, noisy_costs=noisy, samples=120), footprint(seed, sum(sizes))
    designs = every_design(case, taken, batch, energy, RATE)
    asked: dict[str, Any] = {}
    for constraint in CONSTRAINTS:
        if constraint.limit in limited:
            values = np.asarray([design.figures[constraint.figure] for design in designs])
            share = 1 - tightness if constraint.at_least else tightness
            border = float(np.quantile(values, share))
            asked[constraint.limit] = border * (1 - 1e-9) if constraint.at_least else border * (1 + 1e-9)
    points = tuple(range(0, case.costs.points, 3)) if some_points else None
    limits = InnerLimits(requests_per_s=RATE, batch=batch, points=points, **asked)
    kept = [
        design
        for design in designs
        if (points is None or design.point in points)
        and all(
            constraint.kept_by(design.figures[constraint.figure], asked[constraint.limit])
            for constraint in CONSTRAINTS
            if constraint.limit in asked
        )
    ]
    goals = THREE_OBJECTIVES if three else TWO_OBJECTIVES
    arguments = (case.log, case.thresholds_nats, case.costs, case.points)
    if not kept:
        with pytest.raises(InfeasibleError):
            solve_inner(*arguments, objectives=goals, energy=energy, limits=limits, footprint=taken)
        return
    front = solve_inner(*arguments, objectives=goals, energy=energy, limits=limits, footprint=taken)
    found = np.stack([-front.accuracy, front.energy_j, front.latency_s], axis=1)[:, : len(goals)]
    wanted = objectives(kept)[:, : len(goals)]
    wanted = wanted[~dominated_by(wanted, wanted)]
    for some, others in ((found, wanted), (wanted, found)):
        slack = 1e-9 * np.abs(others)
        assert all(bool((others - slack <= row).all(axis=1).any()) for row in some)


@pytest.mark.parametrize("seed", range(5))
def test_the_slowest_hundredth_is_found_from_counts_as_from_the_samples(seed: int) -> None:
    case = random_case(seed, (3, 2), samples=300)
    layout, masks = layout_of(case.costs.backbone), np.arange(16)
    for counts in level_counts(case.log, case.thresholds_nats, masks):
        table = stop_and_pass_counts(layout, counts.passing, masks)
        tail = tail_counts(layout, table, case.log.samples)
        entered = entered_counts(layout, table)
        for mask in masks.tolist():
            outcome = replay(case.log, mask, policy_of(mask, case.thresholds_nats[counts.level]))
            depth = np.sort(outcome.exits_taken)[int(np.ceil(0.99 * case.log.samples)) - 1]
            assert tail[:, mask].sum() == depth + 1
            stages = [int((outcome.exits_taken >= stage).sum()) for stage in range(outcome.exit_shares.size)]
            assert sorted(stages, reverse=True) == sorted(entered[entered[:, mask] > 0, mask], reverse=True) + [0] * (
                stages.count(0)
            )


def test_one_image_at_a_time_spares_nothing_and_a_batch_that_stays_together_all_but_one_entry() -> None:
    reach = np.array([[1.0, 1.0], [0.5, 1.0]])
    assert spared_entries(reach, 1) == pytest.approx([0.0, 0.0])
    assert spared_entries(reach, 4)[1] == pytest.approx(2 * 3 / 4)
    assert spared_entries(reach, 4)[0] == pytest.approx(3 / 4 + 0.5 - (1 - 0.5**4) / 4)
