"""codesign/policy/likely_labels.py"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax

from codesign.policy.likely_labels import likely_labels
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

CLASSES, TOO_SURE = 4, 3.0
SKILL = np.array([1.0, 1.5, 2.5])[:, None, None]  # by exit


def exits_that_err_apart(samples: int, seed: int) -> tuple[FloatArray, IntArray]:
    """Three exits that see the label through noise of their own, the last one best, all of them too sure."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, CLASSES, samples)
    return TOO_SURE * (SKILL * np.eye(CLASSES)[labels] + rng.normal(size=(3, samples, CLASSES))), labels


def test_every_row_is_a_distribution() -> None:
    likely = likely_labels(*exits_that_err_apart(300, seed=0))
    assert (likely >= 0).all()
    np.testing.assert_allclose(likely.sum(axis=1), 1.0)


def test_all_exits_together_know_labels_better_than_the_last_one() -> None:
    logits, labels = exits_that_err_apart(4000, seed=1)
    everybody = np.arange(labels.size)
    together, last = likely_labels(logits, labels), softmax(logits[-1], axis=1)
    assert np.log(together[everybody, labels]).mean() > np.log(last[everybody, labels]).mean() + 0.1
    assert (together.argmax(axis=1) == labels).mean() >= (last.argmax(axis=1) == labels).mean()


def test_what_is_expected_depends_less_on_how_labels_fell_than_what_is_counted() -> None:
    logits, _ = exits_that_err_apart(400, seed=2)
    truth = softmax(
        np.tensordot(SKILL[:, 0, 0] / TOO_SURE, logits, axes=1), axis=1
    )  # Bayes' rule on how they were made
    first, last, everybody = logits[0].argmax(axis=1), logits[-1].argmax(axis=1), np.arange(400)
    counted, expected = [], []
    for seed in range(30):
        drawn = np.random.default_rng(seed).random((400, 1))
        labels = (drawn > truth.cumsum(axis=1)[:, :-1]).sum(axis=1)
        likely = likely_labels(logits, labels)
        counted.append(float((first != labels).mean() - (last != labels).mean()))
        expected.append(float((likely[everybody, last] - likely[everybody, first]).mean()))
    assert np.std(expected) < 0.85 * np.std(counted)
    assert np.mean(expected) == pytest.approx(np.mean(counted), abs=0.01)


def test_an_exit_that_says_nothing_changes_nothing() -> None:
    logits, labels = exits_that_err_apart(500, seed=3)
    mute = np.concatenate([np.zeros((1, *logits.shape[1:])), logits])
    np.testing.assert_allclose(likely_labels(mute, labels), likely_labels(logits, labels), atol=1e-3)


def test_logits_of_other_samples_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"logits must be \(candidates, 3 samples, classes\), got shape \(2, 4, 5\)"):
        likely_labels(np.zeros((2, 4, 5)), np.zeros(3, dtype=int))
