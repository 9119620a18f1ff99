"""A model of one accuracy: it ranks, knows how sure it is, and is read back as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from codesign.predict.accuracy.accuracy_model import AccuracyModel, AccuracyPrediction, fit_accuracy
from codesign.predict.accuracy.supernet_genes import designs_of, supernet_genes
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError
from tests.codesign.predict.accuracy.spaces import SPACE, accuracies, genomes

GENES = supernet_genes(SPACE)
ALL = genomes(150)
DESIGNS = designs_of(SPACE, ALL)
RIGHT = np.asarray([accuracies(genome)[-1] for genome in ALL])


def fitted(count: int, noise: float = 0.0) -> AccuracyModel:
    right = np.clip(RIGHT[:count] + noise * np.random.default_rng(1).normal(size=count), 0.0, 1.0)
    return fit_accuracy(GENES, DESIGNS[:count], right)


def test_forty_backbones_tell_the_others_within_two_points() -> None:
    predicted = fitted(40).predict(DESIGNS[40:])
    assert np.abs(predicted.mean - RIGHT[40:]).mean() < 0.02


def test_more_backbones_make_smaller_errors_and_smaller_deviations() -> None:
    few, many = (fitted(count).predict(DESIGNS[100:]) for count in (10, 80))
    assert np.abs(many.mean - RIGHT[100:]).mean() < 0.5 * np.abs(few.mean - RIGHT[100:]).mean()
    assert many.std.mean() < 0.5 * few.std.mean()


def test_about_nine_in_ten_intervals_hold_a_noisy_accuracy() -> None:
    noise = 0.02
    predicted = fitted(60, noise).predict(DESIGNS[60:])
    seen = RIGHT[60:] + noise * np.random.default_rng(2).normal(size=len(RIGHT) - 60)
    covered = ((predicted.low <= seen) & (seen <= predicted.high)).mean()
    assert 0.78 <= covered <= 1.0
    assert 0.5 * noise < np.median(predicted.std) < 3.0 * noise


def test_a_value_that_no_sample_had_is_outside_and_less_certain() -> None:
    small = DESIGNS[:, 0] < 32
    model = fit_accuracy(GENES, DESIGNS[small][:40], RIGHT[small][:40])
    at_32, at_24 = (model.predict(np.where(np.arange(9) == 0, side, DESIGNS[:20])) for side in (32, 24))
    assert at_32.outside.all()
    assert not at_24.outside.any()
    assert at_32.std.mean() > at_24.std.mean()


def test_predictions_are_shares_and_what_is_hoped_for_is_never_above_one() -> None:
    predicted = fit_accuracy(GENES, DESIGNS[:8], np.linspace(0.0, 1.0, 8)).predict(DESIGNS)
    for share in (predicted.mean, predicted.low, predicted.high, predicted.optimistic):
        assert ((share >= 0.0) & (share <= 1.0)).all()
    certain = AccuracyPrediction(*(np.asarray([0.99]) for _ in range(4)), outside=np.asarray([False]))
    assert replace(certain, std=np.asarray([0.2])).optimistic.tolist() == [1.0]


def test_equal_accuracies_are_predicted_as_that() -> None:
    predicted = fit_accuracy(GENES, DESIGNS[:10], np.full(10, 0.8)).predict(DESIGNS)
    np.testing.assert_allclose(predicted.mean, 0.8, atol=1e-6)


def test_what_is_read_back_predicts_the_same() -> None:
    model = fitted(20)
    again = AccuracyModel.from_arrays(GENES, model.as_arrays("static"), "static")
    np.testing.assert_array_equal(again.predict(DESIGNS).mean, model.predict(DESIGNS).mean)
    np.testing.assert_array_equal(again.predict(DESIGNS).std, model.predict(DESIGNS).std)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("designs", None),
        ("designs", np.zeros((20, 8), dtype=np.int64)),
        ("pull", np.zeros(19)),
        ("pull", np.full(20, np.nan)),
        ("log_variances", np.zeros(3)),
        ("scale", np.zeros(2)),
    ],
)
def test_damaged_arrays_are_refused(name: str, array: FloatArray | IntArray | None) -> None:
    arrays = fitted(20).as_arrays("static")
    if array is None:
        del arrays[f"static_{name}"]
    else:
        arrays[f"static_{name}"] = array
    with pytest.raises(DataError, match="`static` of an accuracy predictor is missing or damaged"):
        AccuracyModel.from_arrays(GENES, arrays, "static")


def test_too_few_samples_and_what_is_no_share_are_refused() -> None:
    with pytest.raises(DataError, match="needs at least 4 evaluated backbones, got 3"):
        fit_accuracy(GENES, DESIGNS[:3], RIGHT[:3])
    for wrong in (np.nan, 81.0, -0.1):
        with pytest.raises(DataError, match="accuracies must be shares between 0 and 1"):
            fit_accuracy(GENES, DESIGNS[:5], np.asarray([0.5, 0.6, wrong, 0.7, 0.8]))
    with pytest.raises(ShapeError, match=r"accuracies must be \(5,\), one per design, got \(4,\)"):
        fit_accuracy(GENES, DESIGNS[:5], RIGHT[:4])


def test_designs_of_another_space_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"designs must be whole numbers \(n, 9\)"):
        fitted(10).predict(DESIGNS[:, :8])
