"""codesign/predict/house/second_opinions.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.house.second_opinions import (
    Opinion,
    as_arrays,
    blended,
    from_arrays,
    opinions_worth_hearing,
)
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError

from .spaces import costs_of, designs_of, unit_genes

GENES = unit_genes()
DESIGNS = designs_of(GENES, 80, np.random.default_rng(0))
COSTS = costs_of(GENES, DESIGNS)
FOLDS = np.arange(80) % 5


def heard(surface: FloatArray) -> tuple[tuple[Opinion, ...], FloatArray]:
    return opinions_worth_hearing(GENES, DESIGNS, COSTS, surface, FOLDS, np.random.default_rng(0))


def test_a_surface_that_knows_better_answers_alone() -> None:
    opinions, together = heard(COSTS * 1.0001)
    assert opinions == ()
    assert together.tolist() == (COSTS * 1.0001).tolist()


def test_a_surface_that_knows_little_hears_others_and_errs_less_with_them() -> None:
    rng = np.random.default_rng(1)
    poor = COSTS * np.exp(0.5 * rng.normal(size=len(COSTS)))
    opinions, together = heard(poor)
    assert opinions
    assert np.abs(together / COSTS - 1.0).mean() < np.abs(poor / COSTS - 1.0).mean()


def test_the_blend_lies_between_the_opinions() -> None:
    one, other = np.array([1.0, 4.0]), np.array([4.0, 1.0])
    assert blended(one, []).tolist() == one.tolist()
    assert blended(one, [other]) == pytest.approx([2.0, 2.0])


def test_opinions_say_the_same_from_their_arrays() -> None:
    opinions, _ = heard(COSTS * np.exp(0.5 * np.random.default_rng(1).normal(size=len(COSTS))))
    for was, found in zip(opinions, from_arrays(GENES, as_arrays(opinions)), strict=True):
        assert found.mean(DESIGNS).tolist() == was.mean(DESIGNS).tolist()
    assert from_arrays(GENES, as_arrays([])) == ()


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({}, "`opinions` is missing or damaged"),
        ({"opinions": np.zeros(2)}, "`opinions` is missing or damaged"),
        ({"opinions": np.array(["layers"])}, "these genes have no encoding 'layers'"),
        ({"opinions": np.array(["fcc"])}, "`limits` is missing or damaged"),
    ],
)
def test_damaged_arrays_are_refused(arrays: dict[str, np.ndarray], message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(DataError, match=message):
        from_arrays(GENES, arrays)
