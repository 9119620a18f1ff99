from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.predict.fitting.extension import evenly, shared_out, weighted
from runtime.contract.errors import ConfigError

FLAGS = st.lists(st.booleans(), min_size=1, max_size=9)


@given(st.integers(0, 500), FLAGS, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_no_design_is_lost_or_invented(count: int, passed: list[bool], below: float, above: float) -> None:
    counts = weighted(count, passed, below, above)
    assert counts.sum() == count
    assert (counts >= 0).all()


@given(st.integers(0, 500), st.integers(1, 20))
def test_even_counts_differ_by_at_most_one(count: int, bins: int) -> None:
    counts = evenly(count, bins)
    assert counts.sum() == count
    assert counts.max() - counts.min() <= 1


def test_bins_that_failed_share_their_weight_and_those_that_passed_theirs() -> None:
    assert weighted(100, [True, False, False, True, True], 0.8, 0.2).tolist() == [7, 40, 40, 7, 6]


@pytest.mark.parametrize(("passed", "share"), [([True, True], 50), ([False, False], 50)])
def test_where_all_bins_are_alike_they_share_evenly(passed: list[bool], share: int) -> None:
    assert weighted(100, passed, 1.0, 0.0).tolist() == [share, share]


def test_bins_without_weight_get_nothing() -> None:
    assert weighted(10, [True, False, True], 1.0, 0.0).tolist() == [0, 10, 0]


@pytest.mark.parametrize("weights", [[0.0, 0.0], [-1.0, 2.0]])
def test_weights_that_share_nothing_are_refused(weights: list[float]) -> None:
    with pytest.raises(ConfigError, match="weights must be at least 0, and one above"):
        shared_out(3, np.array(weights))
