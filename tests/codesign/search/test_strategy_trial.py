from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.search.pareto import hypervolume
from codesign.search.strategies.protocol import Options
from codesign.search.strategies.random_search import random_search
from codesign.search.strategy_trial import Trial, dominance, search_table
from codesign.search.tabulated import Tabulated

from .tabulated_example import GRID, example

PROBLEM = Tabulated.of(example(), "fast", ["accuracy", "latency"], Path("T.npz"))
HOLES = Tabulated.of(example(GRID[::3]), "fast", ["accuracy", "latency"], Path("T.npz"))


def searched(problem: Tabulated, evaluations: int, seed: int = 0) -> Trial:
    strategy = random_search(problem.space, 2, seed, Options())
    return search_table(problem, strategy, evaluations, batch=3, tick=lambda _done: None)


def test_a_search_of_everything_finds_the_exact_front() -> None:
    figures = searched(PROBLEM, 16).figures(PROBLEM)
    assert figures["hypervolume_share"] == pytest.approx(1.0)
    assert (figures["igd_plus"], figures["coverage"], figures["rod_exact_over_found"]) == (0.0, 1.0, 0.0)
    assert figures["evaluations"] == 16
    assert figures["evaluations_to_98"] is not None


def test_the_hypervolume_after_each_evaluation_is_that_of_what_was_met_so_far() -> None:
    trial = searched(PROBLEM, 10, seed=3)
    for count, volume in enumerate(trial.volumes, start=1):
        met = PROBLEM.worth[trial.rows[:count]]
        assert volume == pytest.approx(hypervolume(met, PROBLEM.reference))


def test_a_search_that_never_came_there_says_none() -> None:
    assert searched(PROBLEM, 1, seed=1).figures(PROBLEM)["evaluations_to_98"] is None


def test_only_rows_of_a_table_with_holes_are_proposed_and_it_ends_when_they_do() -> None:
    assert sorted(searched(HOLES, 6).rows.tolist()) == list(range(6))


def test_progress_is_told_after_each_batch() -> None:
    heard: list[int] = []
    search_table(PROBLEM, random_search(PROBLEM.space, 2, 0, Options()), 7, 3, heard.append)
    assert heard == [3, 6, 7]


def test_dominance_is_counted_seed_by_seed() -> None:
    whole, part = searched(PROBLEM, 16), searched(PROBLEM, 2, seed=4)
    assert dominance([part], [whole]) == [0.0]
    assert np.array(dominance([whole], [part])).shape == (1,)
