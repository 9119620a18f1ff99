"""Counting on bits is counting."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.exit_sets import FewExitSets
from codesign.search.inner_bitsets import few_exit_counts, packed, popcounts


@given(st.integers(0, 10**6), st.integers(1, 7), st.integers(0, 4), st.integers(1, 130))
def test_it_counts_who_passes_and_who_is_right(seed: int, early: int, most: int, samples: int) -> None:
    rng = np.random.default_rng(seed)
    takes, correct = rng.random((early, samples)) < 0.3, rng.random((early + 1, samples)) < 0.6
    sets = FewExitSets(early, most)
    passing, right = few_exit_counts(sets, takes, correct)
    for place, mask in enumerate(sets.masks.tolist()):
        kept = [index for index in range(early) if mask >> index & 1]
        open_to = np.concatenate([takes[kept], np.ones((1, samples), dtype=bool)])
        taken = np.asarray([*kept, early])[open_to.argmax(axis=0)]
        assert passing[place] == (taken == early).sum()
        assert right[place] == correct[taken, np.arange(samples)].sum()


@pytest.mark.parametrize("numpy_1", [False, True])
def test_bits_are_counted_with_either_numpy(numpy_1: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    flags = np.random.default_rng(0).random((5, 200)) < 0.4
    if numpy_1:
        monkeypatch.delattr(np, "bitwise_count")
    assert popcounts(packed(flags)).tolist() == flags.sum(axis=1).tolist()
