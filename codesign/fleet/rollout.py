"""Whether a bundle that some boards of a fleet have taken should go to more of them, or be taken back.

The change on boards that took it, less the change on those that did not, is estimated over boards with Welch's t
interval. One allows for being asked again while the canaries serve: its error is shared out among so many looks, and
among the causes of a verdict (Bonferroni). Worse is worse by more than a tolerance, and than the bundle itself
promised; better needs no permission.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np
from scipy import stats

from .canaries import Change, Seen

LEAST_BOARDS = 3  # that took the candidate
CAUSES = 3  # energy, latency, boards that failed it: each may be wrongly found at a third of the stated error


class Verdict(Enum):
    """What to do next."""

    WIDEN = "widen"
    WAIT = "wait"
    ROLL_BACK = "roll back"


@dataclass(frozen=True, slots=True)
class Rules:
    """What is worse, and how sure one has to be."""

    energy: float = 0.02  # share of energy per image by which the candidate may be worse
    latency: float = 0.05  # the same of time on the stages
    failing: float = 0.05  # share of canaries that may roll it back by themselves
    error: float = 0.05  # chance of a wrong verdict, over all looks and causes
    looks: int = 20


@dataclass(frozen=True, slots=True)
class Effect:
    """On one cost, as a share of it: 0.05 is 5 % more than without the candidate."""

    name: str
    change: float
    low: float
    high: float
    allowed: float  # how much more is no reason: the tolerance and what the candidate promised to need more
    canaries: int
    others: int  # that tell what changed for everybody; 0: nothing is subtracted

    @property
    def is_worse(self) -> bool:
        """By more than allowed, surely."""
        return self.low > self.allowed

    @property
    def is_fine(self) -> bool:
        """Surely not worse by more than allowed."""
        return self.high < self.allowed


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and why."""

    verdict: Verdict
    reasons: tuple[str, ...]
    effects: tuple[Effect, ...]


def judged(seen: Seen, rules: Rules) -> Judgement:
    """What the collected set says about going on."""
    known = [
        _effect("energy", [each.energy for each in seen.changes], seen.changes, rules.energy, rules),
        _effect("latency", [each.latency for each in seen.changes], seen.changes, rules.latency, rules),
    ]
    effects = tuple(effect for effect in known if effect is not None)
    canaries = sum(change.canary for change in seen.changes)
    failed, tried = len(seen.failed_on), len({c.device_id for c in seen.changes if c.canary} | {*seen.failed_on})
    surely_failing = failed and _lower_share(failed, tried, rules.error / rules.looks / CAUSES) > rules.failing
    worse = [f"{effect.name} is worse by {_range(effect)}" for effect in effects if effect.is_worse]
    if surely_failing:
        worse.insert(0, f"{failed} of {tried} boards rolled it back by themselves")
    if worse:
        return Judgement(Verdict.ROLL_BACK, tuple(worse), effects)
    doubts = [f"{effect.name} may be worse: {_range(effect)}" for effect in effects if not effect.is_fine]
    if failed > rules.failing * tried:
        doubts.insert(0, f"{failed} of {tried} boards rolled it back by themselves: look at why")
    if not any(effect.name == "energy" for effect in effects):
        doubts.append(
            f"energy is not known of {LEAST_BOARDS} boards with the candidate and before it ({canaries} are comparable)"
        )
    if doubts:
        return Judgement(Verdict.WAIT, tuple(doubts), effects)
    return Judgement(Verdict.WIDEN, tuple(f"{e.name} is not worse: {_range(e)}" for e in effects), effects)


def _effect(
    name: str, values: Sequence[float | None], changes: Sequence[Change], tolerance: float, rules: Rules
) -> Effect | None:
    """None where too few canaries know that cost."""
    with_it = [value for value, change in zip(values, changes, strict=True) if change.canary and value is not None]
    without = [value for value, change in zip(values, changes, strict=True) if not change.canary and value is not None]
    if len(with_it) < LEAST_BOARDS:
        return None
    if len(without) < LEAST_BOARDS:
        without = []
    parts = [part for part in (with_it, without) if part]
    change = float(np.mean(with_it)) - (float(np.mean(without)) if without else 0.0)
    variances = [float(np.var(part, ddof=1)) / len(part) for part in parts]
    error = math.sqrt(sum(variances))
    freedom = (
        sum(variances) ** 2 / sum(v**2 / (len(part) - 1) for v, part in zip(variances, parts, strict=True))
        if error > 0
        else 1.0
    )
    reach = float(stats.t.isf(rules.error / rules.looks / CAUSES, freedom)) * error
    promises = [
        promised for each in changes if each.canary and (promised := getattr(each, f"promised_{name}")) is not None
    ]
    promised = max(0.0, float(np.mean(promises))) if promises else 0.0
    return Effect(
        name,
        math.expm1(change),
        math.expm1(change - reach),
        math.expm1(change + reach),
        math.expm1(promised + math.log1p(tolerance)),
        len(with_it),
        len(without),
    )


def _lower_share(failed: int, tried: int, error: float) -> float:
    """Clopper and Pearson's lower bound."""
    return float(stats.beta.ppf(error, failed, tried - failed + 1))


def _range(effect: Effect) -> str:
    return f"{effect.change:+.1%} ({effect.low:+.1%} to {effect.high:+.1%}), up to {effect.allowed:+.1%} is allowed"
