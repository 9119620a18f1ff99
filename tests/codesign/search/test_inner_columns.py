"""codesign/search/inner_columns.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from codesign.search.inner_columns import layout_of, prices, stop_and_pass_counts, undominated_points
from codesign.search.pareto import dominated_by
from runtime.contract.arrays import FloatArray
from tests.codesign.search.chains import random_case


@settings(deadline=None)
@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 3), st.integers(1, 200)), elements=st.integers(0, 6).map(float)))
def test_the_kept_points_are_those_that_nothing_undercuts(columns: FloatArray) -> None:
    kept = undominated_points(columns)
    values = columns.T
    expected = [
        f
        for f in range(len(values))
        if not dominated_by(values[f : f + 1], values)[0] and not (values[:f] == values[f]).all(axis=1).any()
    ]
    assert kept.tolist() == expected


@pytest.mark.parametrize("sizes", [(5,), (2, 3), (1, 3, 1)])
def test_a_sample_that_nobody_takes_pays_for_all_stages(sizes: tuple[int, ...]) -> None:
    costs = random_case(1, sizes).costs
    layout = layout_of(costs.backbone)
    masks = np.arange(1 << (costs.candidates - 1))
    counts = stop_and_pass_counts(layout, np.ones(masks.size, dtype=int), masks)
    for kind in ("latency_s", "energy_j"):
        paid = counts.T @ prices(layout, costs, kind)
        for mask in masks.tolist():
            np.testing.assert_allclose(paid[mask], getattr(costs.stage_costs(mask), kind).sum(axis=0), rtol=1e-12)


def test_a_point_slower_in_one_segment_but_not_over_the_prefix_is_dropped() -> None:
    costs = random_case(0, (2,)).costs.at_points(np.array([0, 1]))
    segment = np.array([[1.0, 3.0], [2.0, 1.0]])  # point 1 is dearer first, cheaper then; dearer in sum
    nothing = np.zeros((2, 2))
    pair = type(costs)(costs.backbone, segment, segment, nothing, nothing, *np.zeros((3, 2)), *np.zeros((2, 2)))
    assert undominated_points(prices(layout_of(pair.backbone), pair, "energy_j")).tolist() == [0]
    assert undominated_points(segment).tolist() == [0, 1]
