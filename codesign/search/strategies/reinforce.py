"""REINFORCE over categorical genes: a policy that draws each gene on its own, moved towards designs of high reward.

Williams, "Simple statistical gradient-following algorithms for connectionist reinforcement learning", Machine Learning
8, 1992, with a moving average as baseline and a bonus for entropy. The policy is a table of logits, not the recurrent
controller of MnasNet (Tan et al., CVPR 2019), whose reward, accuracy · (cost / T)^w, it is given where there are costs.
The policy learns from each design once: what was evaluated before is drawn again, from a broader policy each time, so
that one which has settled goes on around what it likes.
"""

from __future__ import annotations

import math

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError

from .mnasnet import mnasnet_reward
from .protocol import Options
from .record import Record
from .search_space import SearchSpace, keys

RATE = 0.15  # of learning, per design
ENTROPY = 0.02  # bonus for each nat of a gene's entropy, in standard deviations of the reward
FORGETS = 0.05  # weight of the newest reward in the baseline and in its spread
BROKEN = -1.0  # advantage, in standard deviations of the reward, of a design that breaks a constraint
DRAWS, LOOSEST = 20, 16.0  # rounds until enough designs are new, each of a broader policy up to this many times


class Policy:
    """Logits of each gene's values, moved by one reward after another."""

    def __init__(self, gene_sizes: tuple[int, ...]) -> None:
        """Even at first."""
        widest = max(gene_sizes)
        self._there = np.arange(widest) < np.asarray(gene_sizes)[:, None]  # (genes, widest)
        self._logits = np.where(self._there, 0.0, -np.inf)
        self.baseline, self._variance, self._rewards = 0.0, 0.0, 0

    def probabilities(self) -> FloatArray:
        """(genes, most values of a gene): rows sum to 1, and are 0 beyond a gene's values."""
        raised = np.exp(self._logits - self._logits.max(axis=1, keepdims=True))
        found: FloatArray = raised / raised.sum(axis=1, keepdims=True)
        return found

    def draw(self, rng: np.random.Generator, count: int, looseness: float = 1.0) -> IntArray:
        """(count, genes), by the trick of Gumbel: the largest of logits plus Gumbel noise is a draw.

        Args:
            looseness: what the logits are divided by; > 1: less likely designs come more often.
        """
        noise = looseness * rng.gumbel(size=(count, *self._logits.shape))
        drawn: IntArray = (self._logits + noise).argmax(axis=2).astype(np.int64)
        return drawn

    def learn(self, design: IntArray, reward: float | None) -> None:
        """One step.

        Args:
            reward: to be large; None: the design breaks a constraint, and says nothing of what rewards are like.
        """
        advantage = BROKEN
        if reward is not None:
            off = reward - self.baseline
            weight = max(FORGETS, 1.0 / (self._rewards + 1))  # a plain mean at first
            deviation = math.sqrt(self._variance)
            advantage = float(np.clip(off / deviation, -3.0, 3.0)) if deviation > 0 else 0.0
            self.baseline += weight * off
            self._variance = (1.0 - weight) * (self._variance + weight * off**2)
            self._rewards += 1
        chances = self.probabilities()
        taken = np.arange(chances.shape[1]) == design[:, None]
        logs = np.log(np.where(chances > 0, chances, 1.0))
        entropy = -(chances * logs).sum(axis=1, keepdims=True)
        step = advantage * (taken - chances) - ENTROPY * chances * (logs + entropy)
        self._logits = np.where(self._there, self._logits + RATE * step, -np.inf)


class Reinforce:
    """Proposes what the policy draws, and moves the policy by what that turns out to be worth."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int, options: Options) -> None:
        """See `reinforce`."""
        self.record = Record(space, objectives, seed)
        self.policy = Policy(space.gene_sizes)
        self._options, self._learnt = options, 0

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record, rng = self.record, self.record.generator()
        found = np.zeros((0, record.space.genes), dtype=np.int64)
        for looseness in np.geomspace(1.0, LOOSEST, DRAWS).tolist():
            if len(found) >= count:
                break
            drawn = record.space.legal(self.policy.draw(rng, max(count, 16), looseness))
            new = [key not in record for key in keys(drawn)]
            found = np.concatenate([found, record.ask(drawn[new][: count - len(found)])])
        if len(found) < count:  # all near what the policy likes is known
            rest = record.space.fresh(rng, count - len(found), record.taken)
            found = np.concatenate([found, record.ask(rest)])
        return found

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        record = self.record
        record.tell(genomes, objectives, violations)
        for row in range(self._learnt, len(record)):
            values = record.values[row]
            if np.isfinite(values).all():
                kept = record.violations[row] == 0
                self.policy.learn(record.genomes[row], self._reward(values) if kept else None)
        self._learnt = len(record)

    def _reward(self, values: FloatArray) -> float:
        if len(values) == 1:
            return -float(values[0])
        target = self._options.limit
        if target is None:  # refused by the factory
            return math.nan
        return float(mnasnet_reward(values[None], target, self._options.exponent)[0])


def reinforce(space: SearchSpace, objectives: int, seed: int, options: Options) -> Reinforce:
    """The factory of strategy `reinforce`: one objective, or an error and a cost by MnasNet's reward.

    Raises ConfigError for a cost without a limit, which is the T of the reward.
    """
    if objectives > 1 and options.limit is None:
        raise ConfigError("strategy reinforce needs a limit for the cost: the T of its reward", to_do="give one")
    return Reinforce(space, objectives, seed, options)
