"""A promise about images nobody has seen: with probability 1 - delta, a policy harms at most a share epsilon of them.

Learn-then-Test (Angelopoulos et al., arXiv:2110.01052) with fixed-sequence testing. The candidate policies are fixed
before the certifying images are looked at, in an order that goes from cautious to bold. Each is tested at level delta
by an exact binomial test of "its risk is above epsilon"; the walk stops at the first that fails, and the *last that
passed* is certified. The risk is harm: the full network is right, the early exit is wrong. It is an event of yes or no,
hence the exact test, and it bounds the accuracy lost from above.

Like any such promise it speaks of images drawn like the certifying ones, and of the precision they were run in.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import bdtr

from runtime.contract.errors import ConfigError
from runtime.contract.exit_policy import ExitPolicy
from runtime.contract.exit_score import ENTROPY

from .exit_log import ExitLog
from .replay import Replay, replay

RISK_NAME = "harm"
DEFAULT_EPSILON, DEFAULT_DELTA = 0.01, 0.1
MIN_SAMPLES = 500  # below this a test passes hardly anything, and says little about images


@dataclass(frozen=True, slots=True)
class Certificate:
    """The outcome of the walk. `level` is None where nothing passed: then only the full depth is promised."""

    level: int | None  # index of the certified policy in the sequence
    policy: ExitPolicy
    replay: Replay  # of that policy on the certifying samples
    p_value: float  # of the certified policy; 1 where nothing passed
    epsilon: float
    delta: float
    samples: int

    @property
    def passed(self) -> bool:
        """Whether any policy that leaves early was certified."""
        return self.level is not None

    @property
    def sentence(self) -> str:
        """The promise, in one plain sentence."""
        if not self.passed:
            return (
                f"Nothing that leaves early could be certified at harm {self.epsilon:.2%} with {1 - self.delta:.0%} "
                f"confidence on {self.samples:,} images: run at full depth."
            )
        return (
            f"With {1 - self.delta:.0%} confidence, at most {self.epsilon:.2%} of images are lost that the full "
            f"network gets right; tested on {self.samples:,} images."
        )

    def to_json(self) -> dict[str, Any]:
        """What a bundle carries: everything but the thresholds, which are the mode's own."""
        return {
            "risk_name": RISK_NAME,
            "epsilon": self.epsilon,
            "delta": self.delta,
            "n": self.samples,
            "risk": self.replay.harm,
            "p_value": self.p_value,
            "level": self.level,
            "sentence": self.sentence,
        }


def harm_p_value(harmed: int, samples: int, epsilon: float) -> float:
    """P(Binomial(samples, epsilon) <= harmed): how surprising so little harm were if its true share were epsilon."""
    return float(bdtr(harmed, samples, epsilon))


def least_samples(epsilon: float, delta: float) -> int:
    """How many samples without a single harmed one it takes for anything to pass."""
    return math.ceil(math.log(delta) / math.log1p(-epsilon))


def certify(
    log: ExitLog,
    mask: int,
    policies: Sequence[ExitPolicy],
    epsilon: float = DEFAULT_EPSILON,
    delta: float = DEFAULT_DELTA,
) -> Certificate:
    """Walk the policies from the most cautious and certify the last that passes.

    Args:
        log: of samples that neither weights, nor heads, nor the policies were chosen on.
        mask: the kept early candidates.
        policies: from cautious to bold, chosen without this log.
        epsilon: the share of samples that may be harmed.
        delta: how often, over draws of the certifying samples, the promise may be broken.
    Raises:
        ConfigError: epsilon or delta is no share between 0 and 1, or there is no policy.
        ShapeError: a policy has another number of stages than the mask.
    """
    for name, value in (("epsilon", epsilon), ("delta", delta)):
        if not 0.0 < value < 1.0:
            raise ConfigError(f"{name} is a share between 0 and 1, got {value}", to_do="one percentage point is 0.01")
    if not policies:
        raise ConfigError("there is no policy to certify", to_do="pass at least one, the most cautious first")
    passed: tuple[int, ExitPolicy, Replay, float] | None = None
    for level, policy in enumerate(policies):
        found = replay(log, mask, policy)
        p_value = harm_p_value(round(found.harm * log.samples), log.samples, epsilon)
        if p_value > delta:
            break
        passed = (level, policy, found, p_value)
    if passed is not None:
        level, policy, found, p_value = passed
        return Certificate(level, policy, found, p_value, epsilon, delta, log.samples)
    never = full_depth(policies[0].stages, log.score)
    return Certificate(None, never, replay(log, mask, never), 1.0, epsilon, delta, log.samples)


def full_depth(stages: int, score: str = ENTROPY) -> ExitPolicy:
    """The policy by which nobody leaves early."""
    return ExitPolicy((-np.inf,) * (stages - 1), score)
