"""Thresholds of their own for every exit: those that cost least when every fault has its price.

Moving one threshold changes only who leaves there and who goes on, and where those who go on end does not depend on
it. So the best place for one threshold, given the others, is found exactly among the entropies of the log, and the
thresholds are moved one after the other until none moves any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.errors import ShapeError
from runtime.contract.exit_policy import ExitPolicy

from .exit_log import ExitLog
from .selection import selected_candidates

MAX_SWEEPS = 50  # each sweep lowers the cost or is the last; real logs need three or four
PRICES = tuple(float(price) for price in np.geomspace(300.0, 1.0, 30))  # of a fault, in runs of every stage

# Any wrong answer; one that the full network gets right; the same as `expected_change` tells it.
Fault = Literal["wrong", "harmed", "expected"]


def priced_path(
    log: ExitLog,
    mask: int,
    stage_costs: FloatArray,
    fault: Fault = "wrong",
    prices: Sequence[float] = PRICES,
) -> list[ExitPolicy]:
    """The policy for each price of a fault, mask and clocks fixed; from dear faults to cheap ones, so to bold ones.

    Each minimises expected cost + price × faults over the log. Faults are those that are expected where the log knows
    how likely each label is, and those of its labels where it does not. "expected" ones need a log with `change`.

    Args:
        log: of the split on which thresholds are selected.
        mask: the kept early candidates.
        stage_costs: (stages,), what each stage adds when it runs: joules, seconds, or any mixture; not negative.
        prices: in units of a run of every stage.
    Raises:
        ShapeError: mask and stage costs do not speak of the same stages, or a log does not know what is asked of it.
    """
    kept = selected_candidates(mask, log.candidates)
    if stage_costs.shape != kept.shape:
        raise ShapeError(f"stage_costs must be ({kept.size} stages,), got shape {stage_costs.shape}")
    faults = _faults(log, fault)[kept]
    descent = _Descent(log.entropy_nats[kept], np.cumsum(stage_costs), faults)
    thresholds, found = np.full(kept.size - 1, -np.inf), []
    for price in prices:
        descent.settle(thresholds, price * float(stage_costs.sum()))
        found.append(ExitPolicy(tuple(float(threshold) for threshold in thresholds), log.score))
    return found


def _faults(log: ExitLog, fault: Fault) -> FloatArray:
    """(candidates, samples): how likely leaving there is one."""
    if fault == "expected":
        if log.change is None:
            raise ShapeError("the log does not know what harm to expect of its candidates")
        return log.change.harm
    return 1.0 - log.chances_right if fault == "wrong" else log.chances_harmed


@dataclass(frozen=True, slots=True)
class _Descent:
    entropy_nats: FloatArray  # (stages, samples)
    cost: FloatArray  # (stages,), of a sample that leaves there
    faults: FloatArray  # (stages, samples), expected of a sample that leaves there

    def settle(self, thresholds: FloatArray, price: float) -> None:
        """Move thresholds, in place, until none moves any more."""
        for _ in range(MAX_SWEEPS):
            moved = [self._move(thresholds, stage, price) for stage in range(thresholds.size)]
            if not any(moved):
                break

    def _leaves(self, thresholds: FloatArray) -> BoolArray:
        """(stages, samples): who would leave at each stage on reaching it."""
        leaves = np.ones(self.entropy_nats.shape, dtype=np.bool_)
        leaves[:-1] = self.entropy_nats[:-1] <= thresholds[:, None]
        return leaves

    def _move(self, thresholds: FloatArray, stage: int, price: float) -> bool:
        """Put one threshold where it is best given the others; whether that was any better than where it stood."""
        leaves = self._leaves(thresholds)
        arrives = np.flatnonzero(~leaves[:stage].any(axis=0) & ~np.isnan(self.entropy_nats[stage]))
        if arrives.size == 0:
            return False
        order = arrives[np.argsort(self.entropy_nats[stage, arrives], kind="stable")]
        nats = self.entropy_nats[stage, order]
        # Option j lets the j surest leave; only whole groups of equal entropy can.
        options = np.append(0, np.flatnonzero(np.append(nats[1:] != nats[:-1], True)) + 1)
        later = stage + 1 + leaves[stage + 1 :, order].argmax(axis=0)  # where each would end instead
        gained = self.cost[stage] - self.cost[later] + price * (self.faults[stage, order] - self.faults[later, order])
        value = np.concatenate([[0.0], np.cumsum(gained)])[options]
        standing = value[np.searchsorted(options, (nats <= thresholds[stage]).sum())]
        best = int(value.argmin())
        if not value[best] < standing - 1e-9 * (self.cost[-1] + price):
            return False
        thresholds[stage] = -np.inf if best == 0 else nats[options[best] - 1]
        return True
