from __future__ import annotations

import numpy as np

from codesign.search.strategies.record import Record
from codesign.search.strategies.scripted import Script, Scripted
from codesign.search.strategies.search_space import SearchSpace

SPACE = SearchSpace((4, 2))


def walk(sent: list[list[float]]) -> Script:
    """Wants the first column in pairs, and notes what it is sent."""
    for start in (0, 2):
        values, _ = yield np.array([[start, 0], [start + 1, 0]])
        sent.append(values[:, 0].tolist())


def tell(strategy: Scripted, designs: list[list[int]]) -> None:
    rows = np.array(designs)
    strategy.tell(rows, rows[:, :1].astype(float), np.zeros(len(rows)))


def test_a_script_is_asked_bit_by_bit_and_sent_all_it_wanted_at_once() -> None:
    sent: list[list[float]] = []
    strategy = Scripted(Record(SPACE, 1, 0), walk(sent))
    assert strategy.ask(1).tolist() == [[0, 0]]
    assert strategy.ask(5).tolist() == [[1, 0]]
    tell(strategy, [[1, 0]])
    tell(strategy, [[0, 0]])
    assert strategy.ask(5).tolist() == [[2, 0], [3, 0]]
    assert sent == [[0.0, 1.0]]


def test_what_was_told_before_is_answered_from_memory() -> None:
    sent: list[list[float]] = []
    strategy = Scripted(Record(SPACE, 1, 0), walk(sent))
    tell(strategy, [[0, 0], [1, 0], [3, 0]])
    assert strategy.ask(5).tolist() == [[2, 0]]
    assert sent == [[0.0, 1.0]]


def test_while_all_it_wants_is_being_evaluated_and_after_its_end_others_are_drawn() -> None:
    strategy = Scripted(Record(SPACE, 1, 0), walk([]))
    strategy.ask(2)
    meanwhile = strategy.ask(2).tolist()
    assert len(meanwhile) == 2
    tell(strategy, [[0, 0], [1, 0], *meanwhile, [2, 0], [3, 0]])
    rest = strategy.ask(8)
    assert len(rest) == 8 - len({(0, 0), (1, 0), (2, 0), (3, 0), *map(tuple, meanwhile)})
    assert strategy.ask(1).shape == (0, 2)


def test_a_script_that_wants_nothing_new_is_not_waited_for() -> None:
    def stubborn() -> Script:
        while True:
            yield np.array([[0, 0]])

    strategy = Scripted(Record(SPACE, 1, 0), stubborn())
    assert strategy.ask(3).tolist() == [[0, 0]]
    tell(strategy, [[0, 0]])
    assert len(strategy.ask(3)) == 3
