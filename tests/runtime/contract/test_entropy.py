from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from runtime.contract.entropy import entropy_nats, softmax
from runtime.contract.errors import ShapeError

LOGITS = arrays(np.float64, st.tuples(st.integers(1, 5), st.integers(1, 12)), elements=st.floats(-50, 50))


def test_equal_logits_know_nothing() -> None:
    np.testing.assert_allclose(entropy_nats(np.zeros((2, 10))), math.log(10))


def test_one_huge_logit_is_certain_even_in_half_precision() -> None:
    logits = np.array([[60000.0, 0.0, -60000.0]], dtype=np.float16)
    assert entropy_nats(logits.astype(np.float32)).tolist() == [0.0]


@given(LOGITS)
def test_entropy_is_that_of_the_probabilities(logits: np.ndarray) -> None:
    p = softmax(logits)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = -np.where(p > 0, p * np.log(p), 0.0).sum(axis=1)
    np.testing.assert_allclose(entropy_nats(logits), expected, atol=1e-9)


@given(LOGITS, st.floats(-100, 100))
def test_entropy_ignores_a_constant_added_to_all_logits(logits: np.ndarray, constant: float) -> None:
    np.testing.assert_allclose(entropy_nats(logits + constant), entropy_nats(logits), atol=1e-9)


@given(LOGITS)
def test_entropy_lies_between_zero_and_the_logarithm_of_the_classes(logits: np.ndarray) -> None:
    entropy = entropy_nats(logits)
    assert (entropy >= 0).all()
    assert (entropy <= math.log(logits.shape[1]) + 1e-9).all()


@pytest.mark.parametrize("broken", [math.nan, math.inf])
@pytest.mark.filterwarnings("ignore:invalid value encountered:RuntimeWarning")
def test_entropy_of_logits_that_are_not_finite_is_not_a_number(broken: float) -> None:
    entropy = entropy_nats(np.array([[broken, 0.0], [1.0, 0.0]]))
    assert math.isnan(entropy[0])
    assert math.isfinite(entropy[1])


@given(LOGITS)
def test_probabilities_add_up_to_one_and_keep_the_order_of_the_logits(logits: np.ndarray) -> None:
    probabilities = softmax(logits)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0)
    best = np.take_along_axis(probabilities, logits.argmax(axis=1)[:, None], axis=1)[:, 0]
    np.testing.assert_array_equal(best, probabilities.max(axis=1))


@pytest.mark.parametrize("function", [entropy_nats, softmax])
@pytest.mark.parametrize("shape", [(10,), (2, 3, 4)])
def test_logits_without_a_batch_axis_are_refused(function: object, shape: tuple[int, ...]) -> None:
    assert callable(function)
    with pytest.raises(ShapeError, match=r"logits must be \(batch, classes\).*add the batch axis"):
        function(np.zeros(shape))
