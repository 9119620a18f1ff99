"""codesign/predict/costs/distinct.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from codesign.predict.costs import distinct as module
from codesign.predict.costs.distinct import distinct
from runtime.contract.arrays import IntArray


@given(arrays(np.int64, array_shapes(min_dims=2, max_dims=2, max_side=30), elements=st.integers(0, 2)))
def test_every_design_is_kept_once_and_found_again_in_its_place(designs: IntArray) -> None:
    once, places = distinct(designs)
    assert (once[places] == designs).all()
    assert len(once) == len({tuple(row) for row in designs.tolist()})


def test_no_designs_are_none() -> None:
    once, places = distinct(np.zeros((0, 3), dtype=np.int64))
    assert (len(once), len(places)) == (0, 0)


def test_designs_that_share_a_key_are_still_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "keys", lambda designs: np.zeros(len(designs), dtype=np.int64))
    once, places = distinct(np.array([[1, 2], [3, 4], [1, 2]]))
    assert len(once) == 2
    assert once[places].tolist() == [[1, 2], [3, 4], [1, 2]]
