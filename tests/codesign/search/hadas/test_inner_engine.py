"""The inner engine keeps to its budget, repeats itself, and comes close to what is there."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.hadas.clock_genes import ClockGenes
from codesign.search.hadas.dynamics import Designs
from codesign.search.hadas.inner_engine import (
    InnerBudget,
    InnerSpace,
    inner_search,
    pareto_set,
    random_search,
)
from codesign.search.pareto import hypervolume
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError
from tests.codesign.search.chains import operating_points

WIDE = InnerSpace(10, ClockGenes(operating_points(5)))


def judge(designs: Designs) -> FloatArray:
    """The more exits the better the second, the worse the first; one operating point is the best for both."""
    exits = np.bitwise_count(designs.mask.astype(np.uint64)).astype(float)
    away = np.abs(designs.point - 77) / 100.0
    return np.stack([exits / 10.0 + away, 1.0 - exits / 10.0 + away], axis=1)


def test_it_evaluates_as_many_designs_as_it_may() -> None:
    asked: list[int] = []

    def counted(designs: Designs) -> FloatArray:
        asked.append(len(designs))
        return judge(designs)

    found = inner_search(WIDE, counted, InnerBudget(330, 20), seed=0)
    assert len(found.evaluated) == 330
    assert sum(asked) - 330 < 20


def test_the_same_seed_finds_the_same_and_another_seed_does_not() -> None:
    one, two, other = (inner_search(WIDE, judge, InnerBudget(200, 20), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.evaluated, two.evaluated)
    assert not np.array_equal(one.evaluated, other.evaluated)


def test_it_leaves_numpys_global_generator_alone() -> None:
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    inner_search(WIDE, judge, InnerBudget(100, 20), seed=9)
    assert np.random.random() == expected


def test_it_beats_as_many_random_designs() -> None:
    reference = np.asarray([2.0, 2.0])
    searched = inner_search(WIDE, judge, InnerBudget(1000, 50), seed=0)
    drawn = random_search(WIDE, judge, 1000, seed=0)
    assert len(drawn.evaluated) == 1000
    assert hypervolume(searched.values, reference) > hypervolume(drawn.values, reference)


def test_a_space_within_the_budget_is_evaluated_whole() -> None:
    small = InnerSpace(3, ClockGenes(operating_points(2)))
    found = inner_search(small, judge, InnerBudget(100, 10), seed=0)
    assert len(found.evaluated) == 64


def test_a_design_has_at_least_as_many_exits_as_asked() -> None:
    genes = np.zeros((1, 14), dtype=np.int64)
    assert WIDE.designs(genes).mask.tolist() == [1 << 9]
    assert InnerSpace(10, WIDE.clocks, fewest_exits=2).designs(genes).mask.tolist() == [0b11 << 8]
    assert InnerSpace(10, WIDE.clocks, fewest_exits=0).designs(genes).mask.tolist() == [0]


def test_a_design_has_at_most_as_many_exits_as_allowed() -> None:
    genes = np.ones((1, 14), dtype=np.int64)
    assert InnerSpace(10, WIDE.clocks, most_exits=3).designs(genes).mask.tolist() == [0b111]


def test_genes_are_read_as_bits_clocks_and_level() -> None:
    space = InnerSpace(3, ClockGenes(operating_points(2)), levels=6)
    found = space.designs(np.asarray([[1, 0, 1, 1, 0, 1, 4]]))
    assert (found.mask.tolist(), found.point.tolist(), found.level.tolist()) == ([0b101], [0b101], [4])


def test_the_set_is_what_nothing_else_beats() -> None:
    values = np.asarray([[0.0, 2.0], [1.0, 1.0], [1.0, 3.0], [2.0, 0.0]])
    designs = Designs(*(np.arange(4) for _ in range(3)))
    assert pareto_set(designs, values).designs.mask.tolist() == [0, 1, 3]


@pytest.mark.parametrize(("evaluations", "population"), [(10, 20), (10, 1)])
def test_a_budget_that_searches_nothing_is_refused(evaluations: int, population: int) -> None:
    with pytest.raises(ConfigError, match="are no search"):
        InnerBudget(evaluations, population)
