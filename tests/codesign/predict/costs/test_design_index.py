"""codesign.predict.costs.design_index.py"""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from codesign.predict.costs.design_index import design_index


@given(st.integers(0, 10_000), st.integers(1, 60))
def test_every_design_is_found_where_it_is_and_no_other(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    designs = np.unique(rng.integers(0, 4, (count, 5)), axis=0)
    index = design_index(rng.permutation(designs))
    assert index.places(index.designs).tolist() == list(range(len(designs)))
    strangers = rng.integers(4, 9, (7, 5))
    assert index.places(strangers).tolist() == [-1] * 7


def test_in_an_empty_list_nothing_is_found() -> None:
    index = design_index(np.zeros((0, 2), dtype=np.int64))
    assert index.places(np.array([[1, 2]])).tolist() == [-1]
