"""Accuracies of backbones and of their exits, learnt from some."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from codesign.predict.accuracy.backbone_accuracy import (
    BackboneAccuracy,
    Evaluated,
    fit_backbone_accuracy,
    fit_static,
)
from codesign.predict.accuracy.supernet_genes import Position, all_positions
from codesign.space.backbone_space import exit_positions
from runtime.contract.errors import DataError, ShapeError
from tests.codesign.predict.accuracy.spaces import SPACE, accuracies, genomes

ALL = genomes(80)
EVALUATED = [Evaluated(genome, accuracies(genome)) for genome in ALL[:30]]


def positions_of(genome: tuple[int, ...]) -> tuple[Position, ...]:
    return exit_positions(SPACE, SPACE.decode(np.asarray(genome)))


@pytest.fixture(scope="module")
def fitted() -> BackboneAccuracy:
    return fit_backbone_accuracy(SPACE, EVALUATED)


def test_networks_alone_are_ranked(fitted: BackboneAccuracy) -> None:
    right = [accuracies(genome)[-1] for genome in ALL[30:]]
    assert kendalltau(fitted.predict(ALL[30:]).mean, right).statistic > 0.9


@pytest.mark.parametrize("position", all_positions(SPACE))
def test_exits_are_predicted_from_what_lies_before_them(fitted: BackboneAccuracy, position: Position) -> None:
    having = [genome for genome in ALL[30:] if position in positions_of(genome)]
    right = np.asarray([accuracies(genome)[positions_of(genome).index(position)] for genome in having])
    predicted = fitted.exit_accuracy(having, position)
    assert np.abs(predicted.mean - right).mean() < 0.02


def test_backbones_that_are_alike_up_to_an_exit_answer_alike_there(fitted: BackboneAccuracy) -> None:
    predicted = fitted.exit_accuracy([(1, 1, 0, 0, 1, 0, 2, 0, 0), (1, 1, 1, 0, 1, 1, 0, 1, 1)], (0, 0))
    assert predicted.mean[0] == pytest.approx(predicted.mean[1], abs=1e-12)


def test_the_static_model_is_the_one_of_the_whole(fitted: BackboneAccuracy) -> None:
    alone = fit_static(SPACE, ALL[:30], np.asarray([backbone.accuracies[-1] for backbone in EVALUATED]))
    np.testing.assert_array_equal(alone.pull, fitted.static.pull)


def test_an_exit_that_a_backbone_does_not_have_is_refused(fitted: BackboneAccuracy) -> None:
    with pytest.raises(DataError, match="backbone 1 has no exit after block 1 of stage 0"):
        fitted.exit_accuracy([(0, 0, 1, *(0,) * 6), (0,) * 9], (0, 1))


def test_a_position_that_hardly_any_sample_had_is_refused() -> None:
    shallow = [backbone for backbone in EVALUATED if backbone.genome[6] < 2]
    with pytest.raises(DataError, match="fewer than 4 evaluated backbones had an exit after block 1 of stage 1"):
        fit_backbone_accuracy(SPACE, shallow).exit_accuracy([(0, 0, 0, 0, 0, 0, 2, 0, 0)], (1, 1))


def test_accuracies_for_another_number_of_exits_are_refused() -> None:
    wrong = Evaluated(ALL[0], accuracies(ALL[0])[:-1])
    exits = len(positions_of(ALL[0]))
    with pytest.raises(ShapeError, match=f"backbone 30 has {exits} exits and its end, got {exits} accuracies"):
        fit_backbone_accuracy(SPACE, [*EVALUATED, wrong])


def test_what_is_read_back_predicts_the_same(fitted: BackboneAccuracy) -> None:
    again = BackboneAccuracy.from_arrays(SPACE, fitted.as_arrays())
    assert list(again.exits) == list(fitted.exits)
    np.testing.assert_array_equal(again.predict(ALL).mean, fitted.predict(ALL).mean)
    first = all_positions(SPACE)[0]
    np.testing.assert_array_equal(again.exit_accuracy(ALL, first).std, fitted.exit_accuracy(ALL, first).std)


@pytest.mark.parametrize("positions", [None, np.zeros(3), np.asarray([[7, 7]])])
def test_arrays_without_their_positions_are_refused(fitted: BackboneAccuracy, positions: object) -> None:
    arrays = dict(fitted.as_arrays())
    del arrays["positions"]
    if positions is not None:
        arrays["positions"] = np.asarray(positions)
    with pytest.raises(DataError, match="`positions` of an accuracy predictor is missing or damaged"):
        BackboneAccuracy.from_arrays(SPACE, arrays)
