from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.strategies.compression import Compression


def test_values_up_to_the_median_keep_their_distances_and_larger_ones_lose_them() -> None:
    values = np.arange(11.0)
    compressed = Compression.of(values)(values)
    assert np.allclose(np.diff(compressed[:6]), 0.25)  # the first decile is 1, the median 5
    assert (np.diff(compressed[5:], 2) < 0).all()


def test_one_terrible_value_does_not_set_the_scale() -> None:
    values = np.array([*np.linspace(1.0, 2.0, 20), 1e6])
    compressed = Compression.of(values)(values)
    assert compressed[-1] < 20 * (compressed[10] - compressed[0])


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_order_is_kept_and_nothing_becomes_infinite(given_values: list[float]) -> None:
    values = np.array(given_values)
    compressed = Compression.of(values)(values)
    assert np.isfinite(compressed).all()
    assert (np.diff(compressed[np.argsort(values)]) >= -1e-9).all()
