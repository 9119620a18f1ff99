from __future__ import annotations

import numpy as np

from codesign.search.pareto import hypervolume
from codesign.search.strategies.gradient import GradientSearch, descended, gradient
from codesign.search.strategies.gradient_surrogate import fitted
from codesign.search.strategies.protocol import Options
from codesign.search.strategies.random_search import RandomSearch
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray

SPACE = SearchSpace((5, 5, 5, 5, 5))  # 3,125 designs
ERRORS = np.random.default_rng(0).random((5, 5))
COSTS = 0.2 + np.random.default_rng(1).random((5, 5))


def worth(designs: IntArray) -> FloatArray:
    """(n, 2): an error with one interplay, and a cost that adds up."""
    errors = ERRORS[np.arange(5), designs].sum(axis=1) + (designs[:, 0] == designs[:, 4])
    return np.stack([errors, COSTS[np.arange(5), designs].sum(axis=1)], axis=1)


def searched(strategy: GradientSearch | RandomSearch, objectives: int, evaluations: int = 100) -> FloatArray:
    seen = []
    for _ in range(evaluations // 5):
        designs = strategy.ask(5)
        seen.append(worth(designs))
        strategy.tell(designs, seen[-1][:, :objectives], np.zeros(len(designs)))
    return np.concatenate(seen)


def test_descent_ends_where_expected_error_and_cost_are_least() -> None:
    every = SPACE.all()
    model = fitted(every[::7], worth(every[::7])[:, 1], SPACE.gene_sizes, pairs=False)
    logits = descended([(model, 1.0)], np.ones((3, 1)), SPACE.gene_sizes, np.random.default_rng(0))
    assert (logits.argmax(axis=2) == COSTS.argmin(axis=1)).all()


def test_values_that_a_gene_has_not_are_never_chosen() -> None:
    sizes = (1, 3)
    every = SearchSpace(sizes).all()
    model = fitted(every, -every[:, 1].astype(float), sizes, pairs=True)
    logits = descended([(model, 1.0)], np.ones((1, 1)), sizes, np.random.default_rng(0))
    assert logits.argmax(axis=2).tolist() == [[0, 2]]
    assert np.isneginf(logits[0, 0, 1:]).all()


def test_it_finds_an_error_among_the_least_ten_of_3125() -> None:
    least = np.sort(worth(SPACE.all())[:, 0])
    assert searched(gradient(SPACE, 1, 0, Options()), 1)[:, 0].min() <= least[9]


def test_it_covers_more_of_a_front_than_random_search() -> None:
    reference = worth(SPACE.all()).max(axis=0)
    found = hypervolume(searched(gradient(SPACE, 2, 0, Options()), 2), reference)
    drawn = max(hypervolume(searched(RandomSearch(SPACE, 2, seed), 2), reference) for seed in range(5))
    assert found > drawn


def test_under_a_constraint_it_finds_one_of_the_best_designs_within() -> None:
    every = worth(SPACE.all())
    limit = float(np.quantile(every[:, 1], 0.1))
    strategy, found = gradient(SPACE, 1, 0, Options()), []
    for _ in range(16):
        designs = strategy.ask(5)
        found.append(worth(designs))
        over = np.maximum(found[-1][:, 1] / limit - 1.0, 0.0)
        strategy.tell(designs, found[-1][:, :1], over)
    seen = np.concatenate(found)
    within = np.sort(every[every[:, 1] <= limit, 0])
    assert seen[seen[:, 1] <= limit, 0].min() <= within[5]
    assert (seen[10:, 1] <= limit).mean() > 0.15  # the space has 10 % of them


def test_designs_that_break_a_constraint_are_avoided_though_they_are_the_best() -> None:
    ranked = np.sort(ERRORS, axis=1)
    gene = int((ranked[:, 1] - ranked[:, 0]).argmax())  # whose best value is best by far

    def share_broken(told: float) -> float:
        strategy = gradient(SPACE, 1, 0, Options())
        broken = []
        for _ in range(16):
            designs = strategy.ask(5)
            best_value = designs[:, gene] == ERRORS[gene].argmin()
            broken.append(best_value.mean())
            strategy.tell(designs, worth(designs)[:, :1], told * best_value)
        return float(np.mean(broken[2:]))

    assert share_broken(told=1.0) < 0.5 * share_broken(told=0.0)
