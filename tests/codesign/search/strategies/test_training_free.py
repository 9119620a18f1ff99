from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.protocol import Options
from codesign.search.strategies.search_space import SearchSpace, keys
from codesign.search.strategies.training_free import DRAWN, SHARE, TrainingFree, training_free
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, DataError, ShapeError

SPACE = SearchSpace((6, 6, 6))


def score(designs: IntArray) -> FloatArray:
    return designs.sum(axis=1, dtype=float)


def searched(strategy: TrainingFree, batches: int, count: int = 5) -> IntArray:
    seen = []
    for _ in range(batches):
        designs = strategy.ask(count)
        seen.append(designs)
        strategy.tell(designs, -score(designs)[:, None], np.zeros(len(designs)))
    return np.concatenate(seen)


def test_only_what_the_score_likes_is_searched() -> None:
    scored: list[IntArray] = []

    def remembered(designs: IntArray) -> FloatArray:
        scored.append(designs)
        return score(designs)

    found = searched(training_free(SPACE, 1, 0, Options(evaluations=20, score=remembered)), 4)
    assert len(scored) == 1
    assert len(scored[0]) == 20 * DRAWN
    assert score(found).min() >= np.quantile(score(scored[0]), 1.0 - SHARE)


def test_then_come_those_that_did_not_pass_best_first_and_then_the_rest() -> None:
    found = searched(training_free(SPACE, 1, 0, Options(evaluations=10, score=score)), 50)
    passed = round(10 * DRAWN * SHARE)
    rest = score(found)[passed : 10 * DRAWN]
    assert (np.diff(rest) <= 0).all()
    assert len(set(keys(found))) == len(found) == 216


def test_a_design_without_a_score_comes_last_of_those_drawn() -> None:
    def holes(designs: IntArray) -> FloatArray:
        return np.where(designs[:, 0] == 5, np.nan, score(designs))

    found = searched(training_free(SPACE, 1, 0, Options(evaluations=10, score=holes)), 10 * DRAWN, count=1)
    unscored = found[:, 0] == 5
    assert unscored.any()
    assert not unscored[: 10 * DRAWN - int(unscored.sum())].any()


def test_without_a_score_or_with_one_that_says_nothing_it_stops() -> None:
    with pytest.raises(ConfigError, match="training-free needs a score of designs"):
        training_free(SPACE, 1, 0, Options())
    with pytest.raises(DataError, match="none of 80 designs has a score"):
        training_free(SPACE, 1, 0, Options(evaluations=20, score=lambda rows: np.full(len(rows), np.nan)))
    with pytest.raises(ShapeError, match=r"the score answered \(1,\) for 80 designs"):
        training_free(SPACE, 1, 0, Options(evaluations=20, score=lambda _rows: np.zeros(1)))


def test_it_is_not_searched_by_itself() -> None:
    with pytest.raises(ConfigError, match="training-free cannot search within itself"):
        training_free(SPACE, 1, 0, Options(inner="training-free", score=score))
