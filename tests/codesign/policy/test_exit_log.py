"""codesign/policy/exit_log.py"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.policy.exit_log import ExitLog, joined
from runtime.contract.errors import ShapeError
from tests.codesign.policy.logs import plausible_log


def test_an_answer_is_correct_where_it_is_the_label() -> None:
    log = ExitLog(np.zeros((2, 3)), np.array([[0, 1, 2], [0, 0, 0]]), np.array([0, 1, 1]))
    assert log.correct.tolist() == [[True, True, False], [True, False, False]]
    assert (log.candidates, log.samples) == (2, 3)


@pytest.mark.parametrize(
    ("entropy_shape", "prediction_shape", "samples", "message"),
    [
        ((2, 3), (2, 4), 3, r"predictions must be \(candidates, 3 samples\)"),
        ((2, 4), (2, 3), 3, r"entropy_nats must be \(candidates, 3 samples\)"),
        ((2, 3), (1, 3), 3, "entropies of 2 candidates but predictions of 1"),
        ((0, 3), (0, 3), 3, r"entropy_nats must be"),
        ((2, 0), (2, 0), 0, "at least one sample"),
    ],
)
def test_a_log_of_mismatched_shapes_is_refused(
    entropy_shape: tuple[int, int], prediction_shape: tuple[int, int], samples: int, message: str
) -> None:
    with pytest.raises(ShapeError, match=message):
        ExitLog(np.zeros(entropy_shape), np.zeros(prediction_shape, int), np.zeros(samples, int))


def test_a_chain_is_the_candidates_of_its_backbones_in_order() -> None:
    log = plausible_log(5, 20, seed=0)
    first = ExitLog(log.entropy_nats[:2], log.predictions[:2], log.labels)
    second = ExitLog(log.entropy_nats[2:], log.predictions[2:], log.labels)
    chain = joined([first, second])
    np.testing.assert_array_equal(chain.entropy_nats, log.entropy_nats)
    np.testing.assert_array_equal(chain.predictions, log.predictions)


def test_logs_of_different_samples_do_not_make_a_chain() -> None:
    log = plausible_log(2, 20, seed=0)
    shuffled = log.of_samples(np.argsort(log.labels, kind="stable"))
    with pytest.raises(ShapeError, match="different labels"):
        joined([log, shuffled])
    with pytest.raises(ShapeError, match="at least one backbone"):
        joined([])


def test_a_resplit_keeps_each_sample_whole() -> None:
    log = plausible_log(3, 20, seed=0)
    half = log.of_samples(np.arange(20) % 2 == 1)
    assert half.samples == 10
    np.testing.assert_array_equal(half.correct, log.correct[:, 1::2])


def test_logs_of_different_scores_do_not_make_a_chain() -> None:
    log = plausible_log(2, 20, seed=0)
    with pytest.raises(ShapeError, match="hold 'entropy' and 'margin'"):
        joined([log, replace(log, score="margin")])


def test_chances_are_those_of_the_labels_that_exits_answer() -> None:
    log = ExitLog(np.zeros((2, 2)), np.array([[0, 1], [1, 1]]), np.array([0, 1]))
    assert log.chances_right.tolist() == [[1.0, 1.0], [0.0, 1.0]]
    assert log.chances_harmed.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    known = replace(log, likely=np.array([[0.7, 0.3], [0.2, 0.8]]))
    assert known.chances_right.tolist() == [[0.7, 0.8], [0.3, 0.8]]
    assert known.chances_harmed.tolist() == [[0.3, 0.0], [0.0, 0.0]]  # whoever answers as the full network harms nobody
    assert replace(known, full=np.array([0, 0])).chances_harmed.tolist() == [[0.0, 0.2], [0.7, 0.2]]
    np.testing.assert_array_equal(known.of_samples(np.array([1])).chances_right, [[0.8], [0.8]])
