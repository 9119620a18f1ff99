from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.search.tabulated import Tabulated
from runtime.contract.errors import ConfigError, DataError

from .tabulated_example import GRID, example

WHERE = Path("T.npz")


def test_objectives_are_minimised_and_the_reference_is_the_worst_of_each() -> None:
    problem = Tabulated.of(example(), "fast", ["accuracy", "latency"], WHERE)
    assert problem.names == ("error", "latency_s")
    assert np.allclose(problem.reference, [0.5, 7.5e-3])
    assert len(problem.exact) == 7  # one for each sum of the genes; the last has the worst latency
    assert problem.holes == 0
    assert problem.space.designs is None
    assert np.allclose(problem.scaled(problem.reference[None]), 1.0)
    assert np.allclose(problem.scaled(problem.exact).min(axis=0), 0.0)


def test_rows_are_found_by_design_and_values_that_no_row_has_are_no_choices() -> None:
    problem = Tabulated.of(example(GRID[GRID[:, 0] != 1] * 10), "slow", ["accuracy", "latency"], WHERE)
    assert problem.space.gene_sizes == (3, 4)
    assert problem.rows(problem.designs[[5, 2]]).tolist() == [5, 2]
    assert problem.worth[problem.rows(np.array([[0, 0]])), 1].tolist() == pytest.approx([0.01])


def test_a_row_without_a_figure_is_a_hole_and_of_two_with_one_genome_the_first_counts() -> None:
    table = example(np.concatenate([GRID, GRID[:1]]))
    latency_s = table.latency_s.copy()
    latency_s[0, 5], latency_s[0, 16] = np.nan, 1e-6
    problem = Tabulated.of(replace(table, latency_s=latency_s), "fast", ["accuracy", "latency"], WHERE)
    assert len(problem.designs) == 15
    assert problem.holes == 1
    assert problem.space.designs is not None
    assert problem.worth[problem.rows(np.array([[0, 0]])), 1].tolist() == [1e-3]


def test_three_objectives_or_other_two_can_be_asked_for() -> None:
    problem = Tabulated.of(example(energy=True), "slow", ["energy", "accuracy", "latency"], WHERE)
    assert problem.names == ("energy_j", "error", "latency_s")
    assert problem.worth.shape == (16, 3)
    assert problem.exact_hypervolume > 0


@pytest.mark.parametrize(
    ("objectives", "error", "message"),
    [
        (["accuracy", "size"], ConfigError, "no objective 'size'\n  to do: choose of accuracy, latency, energy"),
        (["latency", "latency"], ConfigError, "objective 'latency' is there twice"),
        ([], ConfigError, "no objectives"),
        (["accuracy", "energy"], DataError, "the table has no energy\n  where: T.npz: energy_j"),
    ],
)
def test_objectives_that_cannot_be_had_are_refused(objectives: list[str], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Tabulated.of(example(), "fast", objectives, WHERE)


def test_a_table_without_accuracies_says_so() -> None:
    with pytest.raises(DataError, match=r"the table has no accuracy\n  where: T.npz: accuracy"):
        Tabulated.of(replace(example(), accuracy=None), "fast", ["accuracy", "latency"], WHERE)


def test_an_unknown_board_is_answered_with_those_there_are() -> None:
    with pytest.raises(DataError, match=r"board 'fats' is not in the table\n  to do: choose one of fast, slow"):
        Tabulated.of(example(), "fats", ["accuracy", "latency"], WHERE)


def test_an_objective_that_is_the_same_for_all_is_refused() -> None:
    with pytest.raises(DataError, match="accuracy is the same for all designs"):
        Tabulated.of(replace(example(), accuracy=np.full(16, 0.5)), "fast", ["accuracy", "latency"], WHERE)


def test_too_few_designs_with_all_objectives_are_refused() -> None:
    accuracy = np.full(16, np.nan)
    accuracy[3] = 0.9
    with pytest.raises(DataError, match="1 designs have accuracy, latency on 'fast'"):
        Tabulated.of(replace(example(), accuracy=accuracy), "fast", ["accuracy", "latency"], WHERE)
