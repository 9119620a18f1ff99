"""MnasNet's reward (Tan et al., CVPR 2019, Eq. 2) accuracy · (cost / T)^w, as the one objective of another strategy."""

from __future__ import annotations

from collections.abc import Callable

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

from .protocol import Options, Strategy
from .registry import make_strategy
from .search_space import SearchSpace


class OneObjective:
    """A strategy that is told one number in place of several: any of those for one objective, wrapped."""

    def __init__(self, inner: Strategy, one: Callable[[FloatArray], FloatArray]) -> None:
        """`one`: (n, objectives) -> (n,), minimised."""
        self._inner, self._one = inner, one

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        return self._inner.ask(count)

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self._inner.tell(genomes, self._one(objectives)[:, None], violations)


def mnasnet_reward(objectives: FloatArray, target: float, exponent: float) -> FloatArray:
    """(n,): the reward, to be large, of (n, 2): an error, 1 − accuracy, and a cost in the unit of `target`."""
    reward: FloatArray = (1.0 - objectives[:, 0]) * (objectives[:, 1] / target) ** exponent
    return reward


def mnasnet(space: SearchSpace, objectives: int, seed: int, options: Options) -> OneObjective:
    """The factory of strategy `mnasnet`: regularised evolution, or `options.inner`, for that reward.

    Raises ConfigError without a limit, which is the T of the reward.
    """
    target = options.limit
    if target is None:
        raise ConfigError("strategy mnasnet needs a limit: the T of its reward", to_do="give one")
    inner = make_strategy(options.inner, space, objectives - 1, seed, options)
    return OneObjective(inner, lambda values: -mnasnet_reward(values, target, options.exponent))
