"""codesign/predict/contest/cross_validation.py"""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from codesign.predict.contest.cross_validation import cross_validated
from codesign.predict.contest.trial import Contender
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.predictor import Arrays, Fitted
from codesign.predict.models.models import MODELS
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError
from tests.codesign.chains import LeastSquares

RNG = np.random.default_rng(0)
DESIGNS = RNG.integers(1, 5, size=(60, 4))
COSTS = 1e-3 + 1e-4 * DESIGNS.sum(axis=1)  # what a line can learn
GENES = Genes.named([f"kernel_{number}" for number in range(4)]).with_values_of(DESIGNS)
LINE = Contender("line", "genes", LeastSquares)
BOOSTING = Contender("boosting", "one-hot", partial(MODELS["boosting"].make, GENES, "one-hot"))


class NeverFits:
    """A predictor with too many parameters."""

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> Fitted:  # noqa: ARG002
        raise DataError("too few samples")

    def restored(self, arrays: Arrays) -> Fitted:  # noqa: ARG002
        raise DataError("nothing to restore")


def test_the_model_that_has_the_right_form_is_first() -> None:
    rows = cross_validated([BOOSTING, LINE], DESIGNS, COSTS, np.random.default_rng(0), lambda *_: None)
    assert [row["model"] for row in rows] == ["line", "boosting"]
    assert rows[0]["mape"] < 1e-6 < rows[1]["mape"]
    assert rows[0]["splits"] == 5


def test_the_same_seed_gives_the_same_standings() -> None:
    first, again = (
        cross_validated([LINE], DESIGNS, COSTS, np.random.default_rng(4), lambda *_: None) for _ in range(2)
    )
    assert first[0]["mape"] == again[0]["mape"]


def test_what_cannot_be_fitted_is_left_out_and_nothing_at_all_is_said() -> None:
    never = Contender("never", "genes", NeverFits)
    rows = cross_validated([never, LINE], DESIGNS, COSTS, np.random.default_rng(0), lambda *_: None)
    assert [row["model"] for row in rows] == ["line"]
    with pytest.raises(DataError, match="none of the models can be fitted"):
        cross_validated([never], DESIGNS, COSTS, np.random.default_rng(0), lambda *_: None)


def test_too_few_designs_to_compare_by_are_refused() -> None:
    with pytest.raises(DataError, match="9 designs are too few to compare models by"):
        cross_validated([LINE], DESIGNS[:9], COSTS[:9], np.random.default_rng(0), lambda *_: None)
