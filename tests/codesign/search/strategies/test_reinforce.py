from __future__ import annotations

import numpy as np
import pytest

from codesign.search.strategies.protocol import Options
from codesign.search.strategies.reinforce import Policy, Reinforce, reinforce
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

SPACE = SearchSpace((4, 4, 4, 4))
BEST = np.array([1, 3, 0, 2])


def error(designs: IntArray) -> FloatArray:
    found: FloatArray = (designs != BEST).mean(axis=1)
    return found


def searched(strategy: Reinforce, evaluations: int, costs: bool = False) -> IntArray:
    seen = []
    for _ in range(evaluations // 5):
        designs = strategy.ask(5)
        seen.append(designs)
        values = np.stack([error(designs), 1.0 + designs.sum(axis=1)], axis=1)
        strategy.tell(designs, values if costs else values[:, :1], np.zeros(len(designs)))
    return np.concatenate(seen)


def test_the_policy_comes_to_prefer_what_is_rewarded() -> None:
    strategy = reinforce(SPACE, 1, 0, Options())
    searched(strategy, 150)
    assert (strategy.policy.probabilities().argmax(axis=1) == BEST).all()


def test_what_is_proposed_gets_better_until_the_good_designs_are_all_evaluated() -> None:
    found = searched(reinforce(SPACE, 1, 1, Options()), 80)
    assert error(found[20:]).mean() < error(found[:20]).mean() - 0.15


def test_a_dear_design_is_rewarded_less_when_the_exponent_says_so() -> None:
    cheap, dear = (
        searched(reinforce(SPACE, 2, 0, Options(limit=7.0, exponent=exponent)), 120, costs=True)[-40:]
        .sum(axis=1)
        .mean()
        for exponent in (-2.0, 0.0)
    )
    assert cheap < dear


def test_a_broken_constraint_makes_a_design_less_likely_and_moves_no_baseline() -> None:
    policy, other = Policy((3, 3)), Policy((3, 3))
    for one in (policy, other):
        one.learn(np.array([0, 0]), 1.0)
        one.learn(np.array([1, 1]), 2.0)
    policy.learn(np.array([2, 2]), None)
    assert (policy.probabilities()[:, 2] < other.probabilities()[:, 2]).all()


def test_a_reward_above_average_makes_a_design_likelier_and_one_below_less_likely() -> None:
    policy = Policy((3, 3))
    for reward in (0.0, 1.0):
        policy.learn(np.array([0, 0]), reward)
    even = policy.probabilities()[0, 1]
    policy.learn(np.array([1, 1]), 5.0)
    above = policy.probabilities()[0, 1]
    policy.learn(np.array([1, 1]), -50.0)
    assert above > even
    assert policy.probabilities()[0, 1] < above


def test_the_bonus_for_entropy_draws_a_settled_policy_back() -> None:
    policy = Policy((2,))
    for _ in range(6):
        policy.learn(np.array([0]), 1.0)
        policy.learn(np.array([1]), -1.0)
    settled = policy.probabilities()[0, 0]
    for _ in range(100):
        policy.learn(np.array([0]), policy.baseline)  # a reward that says nothing
    assert settled > 0.8
    assert 0.5 < policy.probabilities()[0, 0] < settled - 0.01


def test_a_looser_draw_strays_further_from_what_the_policy_likes() -> None:
    policy = Policy((4, 4, 4))
    for _ in range(30):
        policy.learn(np.array([1, 1, 1]), 1.0)
        policy.learn(np.array([2, 0, 3]), 0.0)
    near, far = (policy.draw(np.random.default_rng(0), 300, looseness) for looseness in (1.0, 16.0))
    assert (near == 1).mean() > (far == 1).mean() + 0.2


def test_genes_with_fewer_values_never_draw_others() -> None:
    policy = Policy((1, 2, 5))
    policy.learn(np.array([0, 1, 4]), 1.0)
    drawn = policy.draw(np.random.default_rng(0), 200)
    assert (drawn < np.array([1, 2, 5])).all()
    np.testing.assert_allclose(policy.probabilities().sum(axis=1), 1.0)


def test_a_cost_needs_the_t_of_the_reward() -> None:
    with pytest.raises(ConfigError, match="strategy reinforce needs a limit for the cost: the T of its reward"):
        reinforce(SPACE, 2, 0, Options())
