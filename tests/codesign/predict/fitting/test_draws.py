from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.fitting.depth_bins import DepthBins
from codesign.predict.fitting.draws import NewDesigns
from codesign.space.chain_sampling import ChainSampler
from codesign.space.chain_space import DENSE
from runtime.contract.errors import DataError
from tests.codesign.chains import small_space

SOURCE = ChainSampler(small_space())
BINS = DepthBins.equal(SOURCE.depths, 5)


def test_no_design_is_given_twice() -> None:
    new, rng = NewDesigns(SOURCE), np.random.default_rng(0)
    given = np.concatenate([new.random(40, rng), new.per_bin(np.array([2, 8, 8, 8, 8]), BINS, rng)])
    assert len(np.unique(given, axis=0)) == len(given) == 74


def test_each_bin_gets_as_many_as_it_is_to_get() -> None:
    designs = NewDesigns(SOURCE).per_bin(np.array([1, 0, 3, 0, 2]), BINS, np.random.default_rng(0))
    assert np.bincount(BINS.of(SOURCE.depth(designs)), minlength=5).tolist() == [1, 0, 3, 0, 2]


def test_bins_come_in_mixed_order() -> None:
    designs = NewDesigns(SOURCE).per_bin(np.array([3, 20, 20, 20, 20]), BINS, np.random.default_rng(0))
    found = BINS.of(SOURCE.depth(designs))
    assert (np.diff(found) < 0).any()


def test_a_bin_without_new_designs_is_said_to_be_exhausted() -> None:
    source = ChainSampler(small_space(DENSE))  # 3 × 3 networks of two blocks
    new, bins = NewDesigns(source), DepthBins.equal(source.depths, 5)
    with pytest.raises(DataError, match="no design of networks of 2 to 2 blocks that was not drawn before"):
        new.per_bin(np.array([10, 0, 0, 0, 0]), bins, np.random.default_rng(0))


def test_a_space_without_new_designs_is_said_to_be_exhausted() -> None:
    source = ChainSampler(small_space(DENSE))
    with pytest.raises(DataError, match="no design of the space that was not drawn before"):
        NewDesigns(source).random(82, np.random.default_rng(0))
