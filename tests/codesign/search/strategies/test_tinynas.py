from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.protocol import Options
from codesign.search.strategies.search_space import SearchSpace, keys
from codesign.search.strategies.tinynas import Narrowed, TinyNas, kept_values, tinynas
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

SPACE = SearchSpace((4, 4, 4))


def error(designs: IntArray) -> FloatArray:
    """The larger every gene, the better."""
    found: FloatArray = 9.0 - designs.sum(axis=1, dtype=float)
    return found


def told(strategy: TinyNas, count: int) -> IntArray:
    designs = strategy.ask(count)
    strategy.tell(designs, error(designs)[:, None], np.zeros(len(designs)))
    return designs


def test_the_better_half_of_each_genes_values_stays() -> None:
    every = SPACE.all()
    kept = kept_values(every, error(every)[:, None], SPACE.gene_sizes)
    assert [values.tolist() for values in kept] == [[2, 3]] * 3


def test_with_two_objectives_a_value_is_worth_as_much_as_few_designs_are_better_in_both() -> None:
    every = SPACE.all()
    values = np.stack([error(every), 1.0 + every[:, 1]], axis=1)  # a gene that only costs
    values[:, 0] = 6.0 - every[:, 0] - every[:, 2]
    kept = kept_values(every, values, SPACE.gene_sizes)
    assert [one.tolist() for one in kept] == [[2, 3], [0, 1], [2, 3]]


def test_of_an_odd_number_the_middle_one_stays_and_of_one_the_one() -> None:
    space = SearchSpace((3, 1))
    every = space.all()
    assert [one.tolist() for one in kept_values(every, error(every)[:, None], space.gene_sizes)] == [[1, 2], [0]]


def test_values_without_a_feasible_design_go_first() -> None:
    designs = np.array([[0, 0], [1, 1], [1, 0]])
    kept = kept_values(designs, np.array([[3.0], [2.0], [1.0]]), (4, 2))
    assert kept[0].tolist() == [0, 1]


def test_without_feasible_designs_everything_stays() -> None:
    kept = kept_values(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 1)), (4, 2))
    assert [one.tolist() for one in kept] == [[0, 1, 2, 3], [0, 1]]


def test_after_the_samples_only_the_narrowed_space_is_searched_until_it_is_exhausted_and_then_the_rest() -> None:
    strategy = tinynas(SPACE, 1, 0, Options(population=20))
    assert strategy.kept is None
    sampled = told(strategy, 20)
    searched = np.concatenate([told(strategy, 2) for _ in range(2)])
    assert strategy.kept is not None
    for gene, values in enumerate(strategy.kept):
        assert set(searched[:, gene].tolist()) <= set(values.tolist())
    found = [*keys(sampled), *keys(searched)]
    while len(designs := told(strategy, 5)):
        found += keys(designs)
    assert len(found) == len(set(found)) == 64


def test_samples_that_break_the_limit_do_not_decide() -> None:
    options = Options(population=60, limit=4.0)
    strategy = tinynas(SPACE, 2, 0, options)
    for _ in range(2):
        designs = strategy.ask(60)
        cost = designs.sum(axis=1, dtype=float)  # the better, the dearer
        strategy.tell(designs, np.stack([error(designs), cost], axis=1), np.zeros(len(designs)))
    unlimited = tinynas(SPACE, 1, 0, Options(population=60))
    told(unlimited, 60)
    told(unlimited, 1)
    assert strategy.kept is not None
    assert unlimited.kept is not None
    assert sum(values.sum() for values in strategy.kept) < sum(values.sum() for values in unlimited.kept)


def test_what_the_inner_strategy_knows_beforehand_is_asked_about_designs_of_the_whole_space() -> None:
    asked: list[IntArray] = []

    def score(designs: IntArray) -> FloatArray:
        asked.append(designs)
        return designs.sum(axis=1, dtype=float)

    options = Options(population=20, evaluations=4, inner="training-free", score=score)
    strategy = tinynas(SPACE, 1, 0, options)
    told(strategy, 20)
    told(strategy, 2)
    assert strategy.kept is not None
    for gene, values in enumerate(strategy.kept):
        assert set(asked[-1][:, gene].tolist()) <= set(values.tolist())


def test_a_narrowed_space_and_the_way_back_agree() -> None:
    narrow = Narrowed(SPACE, (np.array([1, 3]), np.array([0, 1, 2]), np.array([2])))
    places, inside = narrow.narrowed(SPACE.all())
    assert narrow.space.gene_sizes == (2, 3, 1)
    assert int(inside.sum()) == 6
    assert (narrow.widened(places[inside]) == SPACE.all()[inside]).all()


def test_a_gene_of_an_absent_layer_does_not_keep_a_design_out() -> None:
    def canonical(designs: IntArray) -> IntArray:
        written = designs.copy()
        written[designs[:, 0] == 0, 1] = 0
        return written

    space = SearchSpace((2, 4), canonical)
    narrow = Narrowed(space, (np.array([0, 1]), np.array([2, 3])))
    assert narrow.widened(narrow.space.all()).tolist() == [[0, 0], [1, 2], [1, 3]]
    assert narrow.narrowed(np.array([[0, 0], [1, 1], [1, 3]]))[1].tolist() == [True, False, True]


def test_where_no_listed_design_would_be_left_the_space_stays_as_it_is() -> None:
    space = SearchSpace((4, 4), designs=np.array([[0, 3], [3, 0]]))
    narrow = Narrowed(space, (np.array([0, 1]), np.array([0, 1])))
    assert narrow.widened(narrow.space.all()).tolist() == [[0, 3], [3, 0]]


def test_it_is_not_searched_by_itself_nor_by_what_there_is_not() -> None:
    with pytest.raises(ConfigError, match="tinynas cannot search within itself"):
        tinynas(SPACE, 1, 0, Options(inner="tinynas"))
    with pytest.raises(ConfigError, match="no strategy 'best'"):
        tinynas(SPACE, 1, 0, Options(inner="best"))
