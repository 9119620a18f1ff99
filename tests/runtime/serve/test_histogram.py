"""Counts per bucket, and quantiles read from them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from runtime.serve.histogram import BOUNDS_S, Histogram


@given(st.lists(st.floats(1e-4, 9.0), min_size=1), st.floats(0.01, 1.0))
def test_a_quantile_is_bounded_from_above_within_one_bucket(values_s: list[float], share: float) -> None:
    histogram = Histogram()
    for value_s in values_s:
        histogram.add(value_s)
    true_s = float(np.quantile(values_s, share, method="inverted_cdf"))
    bound_s = histogram.counted().quantile_s(share)
    assert bound_s is not None
    assert true_s <= bound_s <= 2.5 * true_s + BOUNDS_S[0]


def test_nothing_counted_has_no_quantile() -> None:
    assert Histogram().counted().quantile_s(0.5) is None


def test_what_lies_beyond_every_bound_has_no_bound() -> None:
    histogram = Histogram()
    histogram.add(100.0)
    assert histogram.counted().count == 1
    assert histogram.counted().quantile_s(0.5) is None
