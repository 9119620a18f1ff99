"""codesign/predict/transfer/nearest_source.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.transfer.nearest_source import NearestSource, NearestSourceFit
from runtime.contract.errors import DataError

RNG = np.random.default_rng(0)
DESIGNS = np.column_stack([np.arange(30), RNG.permutation(30)])
ALIKE = 1e-3 * (1.0 + DESIGNS[:, 0])
OTHER = 1e-3 * (1.0 + DESIGNS[:, 1])
TARGET = 3.0 * ALIKE**1.2
SAMPLES = np.arange(0, 30, 4)


def fitted(*sources: object) -> NearestSourceFit:
    known = NearestSource(np.array(sources), DESIGNS)
    return known.fit(DESIGNS[SAMPLES], TARGET[SAMPLES], np.random.default_rng(0))


def test_the_board_that_ranks_the_samples_alike_is_scaled_to_them() -> None:
    found = fitted(OTHER, ALIKE).predict(DESIGNS)
    assert found.mean == pytest.approx(TARGET, rel=1e-6)
    assert found.calibrated is False


def test_a_board_that_lacks_a_sample_is_not_used() -> None:
    holed = ALIKE.copy()
    holed[0] = np.nan
    found = fitted(holed, OTHER)
    assert found.log_costs == pytest.approx(np.log(OTHER))


def test_a_design_that_the_known_board_lacks_cannot_be_predicted() -> None:
    with pytest.raises(DataError, match="the known board has not measured 1 of the designs"):
        fitted(ALIKE).predict(np.array([[0, 0], DESIGNS[3]]))


def test_samples_that_no_known_board_measured_are_refused() -> None:
    with pytest.raises(DataError, match="no known board has measured all samples"):
        NearestSource(ALIKE[None], DESIGNS).fit(np.array([[99, 99], [98, 98]]), np.array([1.0, 2.0]), RNG)


def test_it_predicts_the_same_from_its_arrays() -> None:
    found = fitted(ALIKE, OTHER)
    restored = NearestSource(np.zeros((0, 0)), DESIGNS[:0]).restored(found.as_arrays())
    assert restored.predict(DESIGNS).mean.tolist() == found.predict(DESIGNS).mean.tolist()


@pytest.mark.parametrize("missing", ["line", "source_designs", "source_costs"])
def test_an_array_that_is_missing_is_said(missing: str) -> None:
    found = fitted(ALIKE)
    arrays = {name: array for name, array in found.as_arrays().items() if name != missing}
    with pytest.raises(DataError, match=f"`{missing}` is missing"):
        NearestSource(ALIKE[None], DESIGNS).restored(arrays)


def test_arrays_that_disagree_are_refused() -> None:
    arrays = dict(fitted(ALIKE).as_arrays()) | {"line": np.zeros(3)}
    with pytest.raises(DataError, match="disagree"):
        NearestSource(ALIKE[None], DESIGNS).restored(arrays)
