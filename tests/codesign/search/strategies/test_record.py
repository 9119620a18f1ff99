from __future__ import annotations

import numpy as np

from codesign.search.strategies.record import Record
from codesign.search.strategies.search_space import SearchSpace, keys

DESIGNS = np.array([[0, 0], [1, 1], [2, 0]])


def record() -> Record:
    return Record(SearchSpace((3, 2)), objectives=2, seed=5)


def test_what_is_told_first_holds() -> None:
    told = record()
    told.tell(DESIGNS[[0, 1, 0]], np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), np.array([0.0, 1.0, 2.0]))
    told.tell(DESIGNS[:1], np.array([[7.0, 8.0]]), np.zeros(1))
    assert told.genomes.tolist() == [[0, 0], [1, 1]]
    assert told.values.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert told.violations.tolist() == [0.0, 1.0]


def test_a_row_with_one_missing_value_has_failed_whole() -> None:
    told = record()
    told.tell(DESIGNS, np.array([[1.0, np.nan], [np.inf, 1.0], [1.0, 1.0]]), np.array([0.0, 0.0, 0.5]))
    assert np.isnan(told.values[:2]).all()
    assert told.feasible.tolist() == [False, False, False]


def test_a_design_asked_for_is_taken_until_told_and_after() -> None:
    kept = record()
    assert kept.ask(DESIGNS[[0, 1, 0]]).tolist() == [[0, 0], [1, 1]]
    assert len(kept.ask(DESIGNS[:2])) == 0
    assert (kept.asked, len(kept)) == (2, 0)
    kept.tell(DESIGNS[:1], np.ones((1, 2)), np.zeros(1))
    assert (kept.asked, len(kept)) == (1, 1)
    assert kept.taken == {*keys(DESIGNS[:2])}
    assert kept.row(keys(DESIGNS[:1])[0]) == 0
    assert kept.row(keys(DESIGNS[1:2])[0]) is None


def test_the_generator_follows_from_what_was_told_and_asked() -> None:
    first, second = record(), record()
    assert first.generator().random() == second.generator().random()
    first.tell(DESIGNS, np.ones((3, 2)), np.zeros(3))
    assert first.generator().random() != second.generator().random()
    assert first.generator(0).random() != first.generator(1).random()
    second.tell(DESIGNS[:2], np.ones((2, 2)), np.zeros(2))
    second.tell(DESIGNS[2:], np.ones((1, 2)), np.zeros(1))
    assert first.generator().random() == second.generator().random()
