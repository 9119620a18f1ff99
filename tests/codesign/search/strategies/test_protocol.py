"""What every strategy of the registry must do; a new entry there is tested here without another line."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codesign.search.strategies.protocol import Options, Strategy, resume
from codesign.search.strategies.registry import STRATEGIES, make_strategy
from codesign.search.strategies.search_space import SearchSpace, keys
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError

SMALL = SearchSpace((3, 1, 2, 3))  # 18 designs, one gene with one value
OPTIONS = Options(
    population=4,
    evaluations=18,
    limit=1e6,
    known_violation=lambda designs: np.zeros(len(designs)),
    score=lambda designs: designs.sum(axis=1).astype(float),
)
Told = list[tuple[IntArray, FloatArray, FloatArray]]


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Matrices of a few designs are no work for several threads, which would wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture(params=sorted(STRATEGIES))
def name(request: pytest.FixtureRequest) -> str:
    entry = STRATEGIES[request.param]
    for module in entry.imported:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{request.param} needs {entry.package}, which is not installed")
    return str(request.param)


def objectives_of(name: str) -> int:
    fewest, most = STRATEGIES[name].objectives
    return min(max(2, fewest), most)


def made(name: str, space: SearchSpace = SMALL, seed: int = 0) -> Strategy:
    return make_strategy(name, space, objectives_of(name), seed, OPTIONS)


def worth(designs: IntArray, objectives: int) -> FloatArray:
    """(n, objectives): the larger the genes, the smaller the first and the larger the second; never negative."""
    total = designs.sum(axis=1).astype(float)
    error, cost = 1.0 / (2.0 + total + 0.1 * designs[:, 0]), 1.0 + total + 0.3 * designs[:, -1]
    return np.stack([error, cost, cost**2], axis=1)[:, :objectives]


def evaluated(designs: IntArray, objectives: int) -> tuple[IntArray, FloatArray, FloatArray]:
    return designs, worth(designs, objectives), np.zeros(len(designs))


def searched(strategy: Strategy, objectives: int, batches: list[int]) -> Told:
    told: Told = []
    for count in batches:
        told.append(evaluated(strategy.ask(count), objectives))
        strategy.tell(*told[-1])
    return told


def asked_in(told: Told) -> list[bytes]:
    return [key for genomes, _, _ in told for key in keys(genomes)]


def test_proposals_are_of_the_space_and_no_more_than_asked_for(name: str) -> None:
    for (genomes, _, _), count in zip(
        searched(made(name), objectives_of(name), [4, 1, 5, 2]), (4, 1, 5, 2), strict=True
    ):
        SMALL.check(genomes)
        assert genomes.dtype == np.int64
        assert 1 <= len(genomes) <= count


def test_nothing_is_proposed_twice_and_a_small_space_is_exhausted(name: str) -> None:
    told = searched(made(name), objectives_of(name), [5] * 18)
    assert len(set(asked_in(told))) == len(asked_in(told)) == 18
    assert told[-1][0].shape == (0, 4)


def test_designs_asked_for_and_not_yet_told_are_not_proposed_again(name: str) -> None:
    strategy = made(name)
    strategy.tell(*evaluated(strategy.ask(4), objectives_of(name)))
    pending = [key for _ in range(14) for key in keys(strategy.ask(1))]
    assert len(set(pending)) == len(pending) == 14


def test_the_same_seed_asks_the_same(name: str) -> None:
    batches = [3, 4, 2, 3]
    first, second = (asked_in(searched(made(name, seed=7), objectives_of(name), batches)) for _ in range(2))
    assert first == second


def test_numpys_global_generator_neither_matters_nor_moves(name: str) -> None:
    np.random.seed(1)
    before = np.random.get_state()
    first = asked_in(searched(made(name), objectives_of(name), [4, 4]))
    after = np.random.get_state()
    assert (before[1] == after[1]).all()
    assert before[2:] == after[2:]
    np.random.seed(2)
    assert asked_in(searched(made(name), objectives_of(name), [4, 4])) == first


def test_another_seed_asks_something_else(name: str) -> None:
    space = SearchSpace((6, 6, 6))
    found = {tuple(asked_in(searched(made(name, space, seed), objectives_of(name), [4, 4]))) for seed in range(4)}
    assert len(found) > 1


def test_a_resumed_search_goes_on_as_if_it_had_not_been_interrupted(name: str) -> None:
    k = objectives_of(name)
    whole = made(name, seed=3)
    told = searched(whole, k, [4, 3, 3])
    resumed = resume(made(name, seed=3), told)
    assert asked_in(searched(whole, k, [2, 3])) == asked_in(searched(resumed, k, [2, 3]))


def test_how_rows_are_split_among_tells_does_not_matter(name: str) -> None:
    k = objectives_of(name)
    told = searched(made(name, seed=3), k, [4, 3, 3])
    at_once = made(name, seed=3)
    at_once.tell(*(np.concatenate(parts) for parts in zip(*told, strict=True)))  # type: ignore[arg-type]
    in_parts = resume(made(name, seed=3), told)
    assert asked_in(searched(at_once, k, [3, 2])) == asked_in(searched(in_parts, k, [3, 2]))


def test_what_was_told_without_having_been_asked_for_is_not_proposed(name: str) -> None:
    strategy = made(name)
    known = SMALL.all()[::2]
    strategy.tell(*evaluated(known, objectives_of(name)))
    told = searched(strategy, objectives_of(name), [4] * 9)
    assert not set(asked_in(told)) & set(keys(known))
    assert len(asked_in(told)) == 9


def test_a_design_told_twice_counts_once(name: str) -> None:
    strategy = made(name)
    designs = strategy.ask(4)
    again = np.concatenate([designs, designs[:2], designs])
    strategy.tell(*evaluated(again, objectives_of(name)))
    assert len(asked_in(searched(strategy, objectives_of(name), [20] * 18))) == 18 - len(designs)


def test_failed_evaluations_and_broken_constraints_do_not_stop_a_search(name: str) -> None:
    strategy = made(name)
    seen: list[bytes] = []
    for _ in range(9):
        genomes, values, violations = evaluated(strategy.ask(2), objectives_of(name))
        values[::2] = np.nan
        violations[1:] = 0.5 * (len(seen) % 4 == 0)
        strategy.tell(genomes, values, violations)
        seen += keys(genomes)
    assert 9 <= len(seen) == len(set(seen))


def test_a_search_in_which_everything_fails_still_proposes(name: str) -> None:
    strategy = made(name)
    for _ in range(4):
        genomes, values, violations = evaluated(strategy.ask(4), objectives_of(name))
        assert len(genomes)
        strategy.tell(genomes, np.full_like(values, np.nan), violations)


def test_a_space_of_one_design_is_proposed_once(name: str) -> None:
    strategy = made(name, SearchSpace((1, 1)))
    told = searched(strategy, objectives_of(name), [3, 3])
    assert [genomes.tolist() for genomes, _, _ in told] == [[[0, 0]], []]


def test_only_listed_designs_are_proposed(name: str) -> None:
    listed = SMALL.all()[[0, 3, 4, 7, 10, 11, 16]]
    told = searched(made(name, SearchSpace(SMALL.gene_sizes, designs=listed)), objectives_of(name), [3] * 7)
    assert sorted(asked_in(told)) == sorted(keys(listed))


def test_only_canonical_designs_are_proposed(name: str) -> None:
    def canonical(designs: IntArray) -> IntArray:
        written = designs.copy()
        written[designs[:, 0] == 0, 3] = 0  # the last gene is absent where the first is 0
        return written

    space = SearchSpace(SMALL.gene_sizes, canonical)
    told = searched(made(name, space), objectives_of(name), [6] * 14)
    assert sorted(asked_in(told)) == sorted(keys(space.all()))
    assert len(asked_in(told)) == 14


def test_shapes_that_disagree_and_impossible_violations_are_refused(name: str) -> None:
    strategy, k = made(name), objectives_of(name)
    genomes, values, violations = evaluated(SMALL.all()[:2], k)
    with pytest.raises(ShapeError, match=r"2 designs need objectives \(2, "):
        strategy.tell(genomes, values[:1], violations)
    with pytest.raises(DataError, match="a violation is negative or no number"):
        strategy.tell(genomes, values, violations - 1.0)
    with pytest.raises(DataError, match="gene 0 of design 1 is 3, but it has 3 values"):
        strategy.tell(np.array([[0, 0, 0, 0], [3, 0, 0, 0]]), values, violations)
