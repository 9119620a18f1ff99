"""Move each exit's own threshold, one at a time, to where the design costs least and still keeps its promise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ConfigError, InfeasibleError, ShapeError
from runtime.contract.exit_policy import ExitPolicy

from .exit_log import ExitLog
from .replay import replay
from .selection import selected_candidates

MAX_SWEEPS = 50  # each sweep lowers the cost or is the last; real logs need three or four
ERROR_PRICES = 25  # how many exchange rates between an error and a full run are tried


@dataclass(frozen=True, slots=True)
class Bound:
    """What a refined policy must keep to on the log; at least one of the two. Raises ConfigError where neither is."""

    min_accuracy: float | None = None
    max_harm: float | None = None  # share of samples that the full network gets right and the policy wrong

    def __post_init__(self) -> None:
        if self.min_accuracy is None and self.max_harm is None:
            raise ConfigError(
                "refining thresholds without a bound would send everybody out at the first exit",
                to_do="pass min_accuracy, max_harm, or both",
            )


def refine_thresholds(log: ExitLog, mask: int, policy: ExitPolicy, stage_costs: FloatArray, bound: Bound) -> ExitPolicy:
    """Coordinate descent on the expected cost, mask and clocks fixed; never worse than its start.

    Moving one threshold changes only who leaves there and who goes on, and where those who go on end does not depend
    on it. So the best place for one threshold, given the others, is found exactly among the entropies of the log.
    Descent under the bound alone stops where every single move breaks it; therefore it also starts from where descent
    on cost + price × errors ends, for a range of prices.

    Tuned on a log, the result is optimistic about it: judge it on samples that were not used here.

    Args:
        log: of the split on which thresholds are selected.
        mask: the kept early candidates.
        policy: where to start; must keep to the bound.
        stage_costs: (stages,), what each stage adds when it runs: joules, seconds, or any mixture; not negative.
        bound: what must hold on the log.
    Raises:
        ShapeError: policy, mask and stage costs do not speak of the same stages.
        InfeasibleError: the starting policy does not keep to the bound.
    """
    start = replay(log, mask, policy)
    if stage_costs.shape != (policy.stages,):
        raise ShapeError(f"stage_costs must be ({policy.stages} stages,), got shape {stage_costs.shape}")
    if (bound.min_accuracy is not None and start.accuracy < bound.min_accuracy) or (
        bound.max_harm is not None and start.harm > bound.max_harm
    ):
        raise InfeasibleError(
            f"the policy to start from has accuracy {start.accuracy:.4f}, harm {start.harm:.4f}; the bound is {bound}",
            to_do="start from a stricter threshold level",
        )
    descent = _Descent.of(log, mask, stage_costs, bound)
    thresholds = np.asarray(policy.thresholds_nats, dtype=np.float64)
    best = descent.within_bound(thresholds)
    for price in stage_costs.sum() * np.geomspace(0.01, 100.0, ERROR_PRICES):
        elsewhere = descent.at_price(thresholds, float(price))
        if descent.keeps_bound(elsewhere):
            found = descent.within_bound(elsewhere)
            if descent.total_cost(found) < descent.total_cost(best):
                best = found
    return ExitPolicy(tuple(float(threshold) for threshold in best))


@dataclass(frozen=True, slots=True)
class _Descent:
    entropy_nats: FloatArray  # (stages, samples)
    cost: FloatArray  # (stages,), of a sample that leaves there
    faults: tuple[IntArray, ...]  # per bound: (stages, samples), 1 where leaving there counts against it
    allowed: tuple[float, ...]  # per bound: faults allowed in all

    @classmethod
    def of(cls, log: ExitLog, mask: int, stage_costs: FloatArray, bound: Bound) -> _Descent:
        kept = selected_candidates(mask, log.candidates)
        wrong = ~log.correct[kept]
        faults: list[IntArray] = []
        allowed: list[float] = []
        if bound.min_accuracy is not None:
            faults.append(wrong.astype(np.int64))
            right = np.arange(log.samples + 1)
            allowed.append(float(log.samples - right[right / log.samples >= bound.min_accuracy].min()))
        if bound.max_harm is not None:
            faults.append((wrong & log.full_right).astype(np.int64))
            harmed = np.arange(log.samples + 1)
            allowed.append(float(harmed[harmed / log.samples <= bound.max_harm].max()))
        return cls(log.entropy_nats[kept], np.cumsum(stage_costs), tuple(faults), tuple(allowed))

    def leaves(self, thresholds: FloatArray) -> BoolArray:
        """(stages, samples): who would leave at each stage on reaching it."""
        leaves = np.ones(self.entropy_nats.shape, dtype=np.bool_)
        leaves[:-1] = self.entropy_nats[:-1] <= thresholds[:, None]
        return leaves

    def total_cost(self, thresholds: FloatArray) -> float:
        return float(self.cost[self.leaves(thresholds).argmax(axis=0)].sum())

    def keeps_bound(self, thresholds: FloatArray) -> bool:
        taken = self.leaves(thresholds).argmax(axis=0)
        everybody = np.arange(taken.size)
        return all(
            int(fault[taken, everybody].sum()) <= most for fault, most in zip(self.faults, self.allowed, strict=True)
        )

    def within_bound(self, thresholds: FloatArray) -> FloatArray:
        """Descent on cost among what keeps to the bound."""
        return self._descend(thresholds, None)

    def at_price(self, thresholds: FloatArray, price: float) -> FloatArray:
        """Descent on cost + price × faults, the bound aside."""
        return self._descend(thresholds, price)

    def _descend(self, thresholds: FloatArray, price: float | None) -> FloatArray:
        thresholds = thresholds.copy()
        for _ in range(MAX_SWEEPS):
            moved = [self._move(thresholds, stage, price) for stage in range(thresholds.size)]
            if not any(moved):
                break
        return thresholds

    def _move(self, thresholds: FloatArray, stage: int, price: float | None) -> bool:
        """Put one threshold where it is best given the others; whether that was any better than where it stood."""
        leaves = self.leaves(thresholds)
        arrives = ~leaves[:stage].any(axis=0) & ~np.isnan(self.entropy_nats[stage])
        leaves[stage] = False
        otherwise = leaves.argmax(axis=0)
        candidates = np.flatnonzero(arrives)
        if candidates.size == 0:
            return False
        order = candidates[np.argsort(self.entropy_nats[stage, candidates], kind="stable")]
        nats = self.entropy_nats[stage, order]
        # Option j lets the j surest leave; only whole groups of equal entropy can.
        options = np.append(0, np.flatnonzero(np.append(nats[1:] != nats[:-1], True)) + 1)
        everybody = np.arange(otherwise.size)
        value = _if_first_leave(self.cost[otherwise].sum(), self.cost[stage] - self.cost[otherwise[order]])[options]
        allowed = np.ones(options.size, dtype=np.bool_)
        for fault, most in zip(self.faults, self.allowed, strict=True):
            without = int(fault[otherwise, everybody].sum())
            faults = _if_first_leave(without, fault[stage, order] - fault[otherwise[order], order])[options]
            if price is None:
                allowed &= faults <= most
            else:
                value = value + price * faults
        standing = int(np.searchsorted(options, (nats <= thresholds[stage]).sum()))
        best = int(np.where(allowed, value, np.inf).argmin())
        if not value[best] < value[standing] - 1e-12 * abs(value[standing]):
            return False
        thresholds[stage] = -np.inf if best == 0 else nats[options[best] - 1]
        return True


def _if_first_leave(without: float, change: FloatArray | IntArray) -> FloatArray:
    """Totals when the first 0, 1, 2, ... samples leave: (samples + 1,)."""
    totals: FloatArray = without + np.concatenate([[0.0], np.cumsum(change)])
    return totals
