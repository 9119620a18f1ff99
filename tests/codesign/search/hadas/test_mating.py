"""Whole populations are mated as pymoo mates pair by pair."""

from __future__ import annotations

import numpy as np
from pymoo.algorithms.moo.nsga2 import binary_tournament as one_by_one
from pymoo.core.population import Population
from pymoo.core.problem import Problem

from codesign.search.hadas.mating import NewGenes, Redraw, binary_tournament


class ByDominance:
    tournament_type = "comp_by_dom_and_crowding"


def test_the_winners_are_those_of_pymoo() -> None:
    rng = np.random.default_rng(0)
    values = rng.integers(0, 4, (30, 2)).astype(float)
    crowding = rng.permutation(np.append(rng.random(28), [np.inf, np.inf]))  # told apart but for the infinite ones
    pop = Population.new(F=values, X=rng.integers(0, 9, (30, 3)))
    pop.set("crowding", crowding, "rank", np.zeros(30))
    pairs = rng.integers(0, 30, (300, 2))
    told_apart = crowding[pairs[:, 0]] != crowding[pairs[:, 1]]
    found = binary_tournament(pop, pairs)
    expected = one_by_one(pop, pairs, algorithm=ByDominance())
    np.testing.assert_array_equal(found[told_apart], expected[told_apart])
    assert ((found == pairs[:, :1]) | (found == pairs[:, 1:])).all()


def test_a_tie_may_go_either_way() -> None:
    pop = Population.new(F=np.zeros((2, 2)), X=np.zeros((2, 1)))
    pop.set("crowding", np.zeros(2))
    np.random.seed(0)
    winners = binary_tournament(pop, np.tile([[0, 1]], (50, 1)))
    assert set(winners.ravel().tolist()) == {0, 1}


def test_the_same_genes_are_kept_once_and_not_if_met_before() -> None:
    pop = Population.new(X=np.asarray([[0.0, 1.0], [2.0, 2.0], [0.0, 1.0], [3.0, 0.0]]))
    before = Population.new(X=np.asarray([[3.0, 0.0]]))
    assert NewGenes().do(pop, before, Population.empty()).get("X").tolist() == [[0.0, 1.0], [2.0, 2.0]]


def test_a_redrawn_gene_is_one_of_its_choices_and_most_genes_stay() -> None:
    np.random.seed(1)
    problem = Problem(n_var=4, n_obj=1, xl=np.zeros(4), xu=np.asarray([1, 12, 10, 0]))
    genes = np.zeros((4000, 4))
    redrawn = Redraw(prob=1.0)._do(problem, genes)
    assert (redrawn == np.floor(redrawn)).all()
    assert (redrawn <= problem.xu).all()
    assert redrawn.max(axis=0).tolist() == [1, 12, 10, 0]
    changed = (redrawn[:, 1:3] != 0).mean()
    assert 0.15 < changed < 0.3
