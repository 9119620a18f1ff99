from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.ofa_evolution import ofa_evolution
from codesign.search.strategies.protocol import Options
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, InfeasibleError

SPACE = SearchSpace((6,) * 4)


def worth(designs: IntArray) -> FloatArray:
    total = designs.sum(axis=1)
    return np.stack([20.0 - total, total], axis=1).astype(float)


def test_it_comes_to_the_best_design_within_the_limit_and_breeds_from_no_other() -> None:
    strategy = ofa_evolution(SPACE, 2, 0, Options(population=20, limit=4.0))  # the least error has the limit's cost
    shares = []
    for _ in range(12):
        designs = strategy.ask(20)
        shares.append(float((worth(designs)[:, 1] <= 4.0).mean()))
        strategy.tell(designs, worth(designs), np.zeros(len(designs)))
    assert np.mean(shares[-6:]) > 2 * shares[0]
    assert (worth(strategy.record.genomes)[:, 1] == 4.0).any()


def test_what_is_known_to_break_the_limit_is_never_proposed() -> None:
    def broken(designs: IntArray) -> FloatArray:
        return np.maximum(designs.sum(axis=1) - 5.0, 0.0)

    strategy = ofa_evolution(SPACE, 1, 0, Options(population=10, known_violation=broken))
    for _ in range(8):
        designs = strategy.ask(5)
        assert (designs.sum(axis=1) <= 5).all()
        strategy.tell(designs, worth(designs)[:, :1], np.zeros(len(designs)))


def test_no_design_known_to_be_within_the_limit_is_an_error_that_says_how_near_the_nearest_is() -> None:
    strategy = ofa_evolution(
        SearchSpace((3, 3)), 1, 0, Options(population=4, known_violation=lambda designs: 0.5 + designs[:, 0])
    )
    with pytest.raises(InfeasibleError, match=r"none of 9 designs is within the limit; the nearest breaks it by 0\.5"):
        strategy.ask(4)


def test_no_evaluated_design_within_the_limit_is_an_error_too() -> None:
    strategy = ofa_evolution(SPACE, 2, 0, Options(population=2, limit=0.5))
    for _ in range(10):
        designs = strategy.ask(2)
        strategy.tell(designs, worth(designs) + 1.0, np.zeros(len(designs)))
    with pytest.raises(InfeasibleError, match=r"none of 20 designs is within the limit; the nearest breaks it by"):
        strategy.ask(2)


def test_costs_without_a_limit_are_refused() -> None:
    with pytest.raises(ConfigError, match="strategy ofa-evolution needs a limit for its costs"):
        ofa_evolution(SPACE, 2, 0, Options())
