"""How far below its own thresholds a mode answers, for a while: half of them, or none, so that every image goes deep.

Images leave no earlier than they would have, so what the mode's own thresholds would have done remains known.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtime.contract.exit_policy import ExitPolicy
from runtime.engine.cascade import Cascade

USUAL, HALVED, FULL_DEPTH = 0, 1, 2
WORDS = ("its own thresholds", "half of its thresholds", "full depth")


@dataclass(slots=True)
class Caution:
    """Of one mode that is served. Set from any thread; a batch runs with what it found at its start."""

    level: int = USUAL
    cascade: Cascade | None = None  # in place of the mode's own


def lowered(policy: ExitPolicy, level: int) -> ExitPolicy:
    """The thresholds of a level; none is ever above the policy's own."""
    if level == USUAL:
        return policy
    if level == HALVED:
        return ExitPolicy(tuple(min(t, t / 2) for t in policy.thresholds_nats), policy.score)
    return ExitPolicy((-math.inf,) * len(policy.thresholds_nats), policy.score)


def most_cautious(policy: ExitPolicy) -> int:
    """The highest level that makes a difference: none does where no image leaves early anyway."""
    return FULL_DEPTH if any(threshold > -math.inf for threshold in policy.thresholds_nats) else USUAL
