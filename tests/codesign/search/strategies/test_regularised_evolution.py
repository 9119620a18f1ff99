from __future__ import annotations

import numpy as np

from codesign.search.strategies.protocol import Options
from codesign.search.strategies.regularised_evolution import regularised_evolution
from codesign.search.strategies.search_space import SearchSpace

SPACE = SearchSpace((8,) * 6)


def test_a_child_differs_from_a_living_design_in_one_gene() -> None:
    strategy = regularised_evolution(SPACE, 1, 0, Options(population=10))
    for _ in range(4):
        designs = strategy.ask(10)
        strategy.tell(designs, designs.sum(axis=1, keepdims=True).astype(float), np.zeros(len(designs)))
    alive = strategy.record.genomes[-10:]
    for child in strategy.ask(10):
        assert ((alive != child).sum(axis=1) == 1).any()


def test_the_oldest_die_however_good() -> None:
    strategy = regularised_evolution(SPACE, 1, 0, Options(population=4))
    best = np.zeros((1, 6), dtype=np.int64)
    strategy.tell(best, np.array([[-1e9]]), np.zeros(1))
    others = np.full((4, 6), 7)
    others[np.arange(4), np.arange(4)] = 6
    strategy.tell(others, np.ones((4, 1)), np.zeros(4))
    assert ((strategy.ask(10) != best).sum(axis=1) > 1).all()


def test_it_finds_better_designs_than_it_starts_from() -> None:
    strategy = regularised_evolution(SPACE, 1, 0, Options(population=20))
    worth = []
    for _ in range(30):
        designs = strategy.ask(10)
        worth.append(designs.sum(axis=1).astype(float))
        strategy.tell(designs, worth[-1][:, None], np.zeros(len(designs)))
    assert np.mean(worth[-1]) < 0.6 * np.mean(worth[0])
