from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.governed_points import BUSIEST, governed_points
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ShapeError


def _points(count: int, seed: int) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    rng = np.random.default_rng(seed)
    latency_s = rng.uniform(0.001, 0.02, count)
    idle_w = rng.uniform(4.0, 7.0, count)
    return latency_s, latency_s * rng.uniform(1.0, 3.0, count), latency_s * (idle_w + rng.uniform(1, 8, count)), idle_w


@given(count=st.integers(1, 60), seed=st.integers(0, 2**16))
def test_fastest_and_cheapest_to_wait_at_are_always_offered(count: int, seed: int) -> None:
    latency_s, worst_s, energy_j, idle_w = _points(count, seed)
    offered = governed_points(latency_s, worst_s, energy_j, idle_w)
    assert worst_s[offered].min() == worst_s.min()
    assert idle_w[offered].min() == idle_w.min()
    assert len(set(offered.tolist())) == len(offered)


def test_a_point_that_is_worse_in_everything_is_never_offered() -> None:
    one = np.array([0.01, 0.011])
    offered = governed_points(one, one, np.array([0.05, 0.06]), np.array([4.0, 4.5]))
    assert offered.tolist() == [0]


@given(seed=st.integers(0, 2**16), share=st.floats(0.05, 0.95))
def test_little_is_lost_by_offering_so_few(seed: int, share: float) -> None:
    latency_s, worst_s, energy_j, idle_w = _points(300, seed)
    offered = governed_points(latency_s, worst_s, energy_j, idle_w)
    requests_per_s = share * BUSIEST / latency_s.max()
    drawn_w = idle_w + requests_per_s * (energy_j - idle_w * latency_s)
    assert len(offered) < 60
    assert drawn_w[offered].min() <= 1.05 * drawn_w.min()


def test_rows_of_different_lengths_are_refused() -> None:
    with pytest.raises(ShapeError, match="four rows of equal length"):
        governed_points(np.ones(2), np.ones(2), np.ones(3), np.ones(2))
    with pytest.raises(ShapeError, match="four rows"):
        governed_points(*([np.ones(0)] * 4))
