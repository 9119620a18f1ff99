"""codesign/predict/new_board/learning_to_optimise.py"""

from __future__ import annotations

import time

import numpy as np
import pytest

from codesign.predict.costs.design_index import design_index
from codesign.predict.new_board.board_features import features_from_specifications
from codesign.predict.new_board.learning_to_optimise import LearntOptimiser, learn_to_optimise
from runtime.contract.arrays import IntArray
from runtime.contract.errors import DataError

from .conftest import PLAN, MadeUp


def some_of(made_up: MadeUp) -> IntArray:
    return made_up.designs[np.random.default_rng(6).choice(256, 80, replace=False)]


def test_an_unseen_board_gets_nearly_its_optimum(made_up: MadeUp, learnt: LearntOptimiser) -> None:
    index = design_index(made_up.designs)
    anchors = made_up.latency_s[2:3, index.places(learnt.anchors)]
    described = learnt.described(anchors)
    rng = np.random.default_rng(0)
    for weight in (0.02, 0.05, 0.1, 0.2, 0.4):
        objective = weight * made_up.latency_s[2] / np.exp(described.log_scale[0]) - made_up.accuracy
        chosen = index.places(learnt.best(described.features[0], weight)[None, :])[0]
        by_luck = np.median(objective[rng.integers(0, 256, (100, 20))].min(axis=1))
        assert objective[chosen] - objective.min() <= 0.2 * (by_luck - objective.min())


def test_the_board_is_recognised_as_between_its_neighbours(made_up: MadeUp, learnt: LearntOptimiser) -> None:
    places = design_index(made_up.designs).places(learnt.anchors)
    features = learnt.described(made_up.latency_s[2:3, places]).features[0]
    predicted = np.log(learnt.costs(made_up.designs, features))
    true = np.log(made_up.latency_s[2]) - np.log(made_up.latency_s[2, places]).mean()
    assert np.abs(predicted - true).mean() < 0.05


def test_an_answer_takes_a_moment(learnt: LearntOptimiser) -> None:
    learnt.best(learnt.boards.features[1], 0.1)
    started = time.process_time()
    learnt.best(learnt.boards.features[1], 0.1)
    assert time.process_time() - started < 0.1  # generous; the benchmark reports what it is


def test_exploration_labels_what_the_optimiser_proposes(learnt: LearntOptimiser) -> None:
    labelled = len(learnt.performance.labelled.designs)
    assert 80 < labelled <= 80 + PLAN.explore


def test_the_same_seed_gives_the_same_answers(made_up: MadeUp) -> None:
    def answers() -> list[int]:
        known = (made_up.designs, made_up.accuracy)
        optimiser = learn_to_optimise(
            made_up.genes,
            some_of(made_up),
            known,
            lambda designs: made_up.label([0, 4], designs),
            np.random.default_rng(5),
            PLAN,
        )
        assert isinstance(optimiser, LearntOptimiser)
        found: list[int] = optimiser.ranked(optimiser.boards.features[0], 0.1).reshape(-1).tolist()
        return found

    assert answers() == answers()


def test_boards_may_be_described_by_specifications(made_up: MadeUp) -> None:
    speeds = np.array([[1.0, 16.0], [2.0, 8.0], [8.0, 2.0], [16.0, 1.0]])
    known, new = features_from_specifications(speeds, np.array([[4.0, 4.0]]))
    optimiser = learn_to_optimise(
        made_up.genes,
        some_of(made_up),
        (made_up.designs, made_up.accuracy),
        lambda designs: made_up.label([0, 1, 3, 4], designs),
        np.random.default_rng(0),
        PLAN,
        known.features,
    )
    objective = 0.1 * made_up.latency_s[2] / np.median(made_up.latency_s[2]) - made_up.accuracy
    chosen = design_index(made_up.designs).places(optimiser.best(new.features[0], 0.1)[None, :])[0]
    assert objective[chosen] <= np.quantile(objective, 0.05)


def test_what_cannot_be_learnt_from_is_refused(made_up: MadeUp, learnt: LearntOptimiser) -> None:
    known, rng = (made_up.designs, made_up.accuracy), np.random.default_rng(0)
    with pytest.raises(DataError, match="5 designs cannot hold 6 anchors"):
        learn_to_optimise(
            made_up.genes, made_up.designs[:5], known, lambda designs: made_up.label([0, 1], designs), rng, PLAN
        )
    with pytest.raises(DataError, match="on two or more boards are needed"):
        learn_to_optimise(
            made_up.genes, made_up.designs[:50], known, lambda designs: made_up.label([0], designs), rng, PLAN
        )
    with pytest.raises(DataError, match="fewer than 6 anchors"):
        learn_to_optimise(
            made_up.genes,
            made_up.designs[:50],
            (made_up.designs[100:], made_up.accuracy[100:]),
            lambda designs: made_up.label([0, 1], designs),
            rng,
            PLAN,
        )
    with pytest.raises(DataError, match="6 anchors describe a board"):
        learnt.described(np.ones((1, 3)))
    with pytest.raises(DataError, match="a λ of 0 weighs no cost"):
        learnt.best(learnt.boards.features[0], 0.0)
