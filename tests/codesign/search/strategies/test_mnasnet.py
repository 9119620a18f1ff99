from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.mnasnet import mnasnet, mnasnet_reward
from codesign.search.strategies.protocol import Options
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.errors import ConfigError


def test_the_reward_at_the_target_is_the_accuracy_and_twice_the_cost_takes_2_to_the_w() -> None:
    rewards = mnasnet_reward(np.array([[0.2, 0.01], [0.2, 0.02]]), target=0.01, exponent=-0.07)
    assert np.allclose(rewards, [0.8, 0.8 * 2.0**-0.07])


def test_a_harder_exponent_leads_the_search_to_cheaper_designs() -> None:
    space, found = SearchSpace((10,) * 5), []
    for exponent in (0.0, -3.0):
        strategy = mnasnet(space, 2, 0, Options(population=10, limit=10.0, exponent=exponent))
        for _ in range(20):
            designs = strategy.ask(10)
            total = designs.sum(axis=1)
            strategy.tell(designs, np.stack([0.9 - 0.015 * total, 1.0 + total], axis=1), np.zeros(len(designs)))
        found.append(total.mean())
    assert found[0] > found[1] + 10


def test_a_missing_target_is_said() -> None:
    with pytest.raises(ConfigError, match="strategy mnasnet needs a limit: the T of its reward"):
        mnasnet(SearchSpace((2,)), 2, 0, Options())
