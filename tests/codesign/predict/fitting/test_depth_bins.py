from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.predict.fitting.depth_bins import DepthBins
from runtime.contract.errors import ConfigError


@given(st.integers(1, 9), st.integers(0, 60), st.data())
def test_every_depth_lies_in_exactly_one_bin(fewest: int, more: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, more + 1))
    bins = DepthBins.equal((fewest, fewest + more), count)
    assert [depth for number in range(len(bins)) for depth in bins.depths(number)] == [
        *range(fewest, fewest + more + 1)
    ]
    for number in range(len(bins)):
        assert set(bins.of(np.array(bins.depths(number))).tolist()) == {number}


@given(st.integers(1, 9), st.integers(0, 60), st.data())
def test_bins_differ_by_at_most_one_depth(fewest: int, more: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, more + 1))
    bins = DepthBins.equal((fewest, fewest + more), count)
    sizes = {len(bins.depths(number)) for number in range(count)}
    assert max(sizes) - min(sizes) <= 1


def test_a_bin_is_named_by_its_depths() -> None:
    bins = DepthBins.equal((4, 28), 5)
    assert [bins.label(number) for number in range(5)] == [
        "4–8 blocks",
        "9–13 blocks",
        "14–18 blocks",
        "19–23 blocks",
        "24–28 blocks",
    ]
    assert DepthBins.equal((4, 5), 2).label(1) == "5 blocks"


@pytest.mark.parametrize("count", [0, -1, 4])
def test_more_bins_than_depths_or_none_are_refused(count: int) -> None:
    with pytest.raises(ConfigError, match=f"{count} bins do not fit 3 depths"):
        DepthBins.equal((4, 6), count)
