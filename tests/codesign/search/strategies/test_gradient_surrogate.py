from __future__ import annotations

import itertools

import numpy as np
import pytest

from codesign.search.strategies.gradient_surrogate import fitted, one_hot
from codesign.search.strategies.search_space import SearchSpace

SIZES = (2, 3, 4)
ALL = SearchSpace(SIZES).all()
COSTS = [np.array([1.0, 2.0]), np.array([0.0, 5.0, 1.0]), np.array([3.0, 0.5, 1.0, 2.0])]


def test_costs_that_add_up_are_learnt_from_a_few_designs() -> None:
    costs = sum(column[ALL[:, gene]] for gene, column in enumerate(COSTS))
    rows = np.random.default_rng(0).permutation(len(ALL))[:14]
    found = fitted(ALL[rows], costs[rows], SIZES, pairs=False).expected(one_hot(ALL, SIZES))[0]
    np.testing.assert_allclose(found, costs, atol=0.05)


def test_pairs_learn_what_a_sum_cannot() -> None:
    worth = ((ALL[:, 1] == 0) & (ALL[:, 2] == 1)).astype(float)
    errors = [
        np.abs(fitted(ALL, worth, SIZES, pairs=pairs).expected(one_hot(ALL, SIZES))[0] - worth).max()
        for pairs in (True, False)
    ]
    assert errors[0] < 0.1 < errors[1]


@pytest.mark.parametrize("pairs", [True, False])
def test_the_expectation_is_that_of_genes_drawn_independently(pairs: bool) -> None:
    rng = np.random.default_rng(1)
    model = fitted(ALL, rng.normal(size=len(ALL)), SIZES, pairs=pairs)
    of_gene = [rng.dirichlet(np.ones(size)) for size in SIZES]
    every = list(itertools.product(*(range(size) for size in SIZES)))
    chances = np.array([np.prod([of_gene[gene][value] for gene, value in enumerate(design)]) for design in every])
    worth = model.expected(one_hot(np.array(every), SIZES))[0]
    assert model.expected(np.concatenate(of_gene)[None])[0][0] == pytest.approx(chances @ worth)


@pytest.mark.parametrize("pairs", [True, False])
def test_the_gradient_is_the_derivative_of_the_expectation(pairs: bool) -> None:
    rng = np.random.default_rng(2)
    model = fitted(ALL, rng.normal(size=len(ALL)), SIZES, pairs=pairs)
    at = rng.random((1, sum(SIZES)))
    step = 1e-6
    numeric = [
        (model.expected(at + step * row)[0][0] - model.expected(at - step * row)[0][0]) / (2 * step)
        for row in np.eye(sum(SIZES))
    ]
    np.testing.assert_allclose(model.expected(at)[1][0], numeric, atol=1e-6)


def test_one_value_for_every_gene_is_one_column_each() -> None:
    assert one_hot(np.zeros((2, 3), dtype=np.int64), (1, 1, 1)).tolist() == [[1.0, 1.0, 1.0]] * 2


def test_a_single_design_predicts_its_own_worth() -> None:
    model = fitted(ALL[:1], np.array([3.0]), SIZES, pairs=True)
    assert model.expected(one_hot(ALL[:1], SIZES))[0][0] == pytest.approx(3.0)
