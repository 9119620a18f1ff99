"""Whether a chain can reach a front that is known, from a bound on what its designs can reach at best.

The bound lets every sample choose its exit knowing its label. Taken over everything that is far too kind: an exit that
is sure of what it gets wrong would cost nobody an answer. So it is taken per first exit kept. Whoever is sure there
leaves there, right or wrong; only the others choose. Where even that beats the front, the chain is solved.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from codesign.policy.exit_log import ExitLog
from runtime.contract.arrays import BoolArray, FloatArray, IntArray

from .chain_costs import ChainCosts
from .inner_columns import layout_of, prices
from .inner_front import InnerFront

ROUNDING = 1e-9  # relative; the solver sums the same prices in another order


@dataclass(frozen=True, slots=True)
class CheapestPrices:
    """What one sample pays at least at each candidate, whatever the clocks, all (candidates,) in joules."""

    stop_j: FloatArray  # who stops there, with nothing paid before
    pass_j: FloatArray  # who looks at that exit and runs on in the same backbone
    backbone: IntArray

    def after(self, first: int) -> FloatArray:
        """(candidates,): stopping at each where exit `first` was looked at before."""
        same = self.backbone == self.backbone[first]
        paid_j: FloatArray = self.stop_j + np.where(same, self.pass_j[first], self.stop_j[first])
        return paid_j


def cheapest_prices(costs: ChainCosts, requests_per_s: float | None) -> CheapestPrices | None:
    """The least of each price over all operating points; None where work may be free, so that nothing bounds it.

    Args:
        requests_per_s: where served energy is minimised, its rate, and waiting is not counted yet; None: back to back.
    """
    layout = layout_of(costs.backbone)
    prices_j = prices(layout, costs, "energy_j")
    if requests_per_s is not None:
        prices_j = prices_j - costs.idle_w * prices(layout, costs, "latency_s")
    if not (prices_j >= 0.0).all():
        return None
    least_j = prices_j.min(axis=1)
    pass_j = np.full(costs.candidates, np.inf)
    pass_j[layout.passing_candidates] = least_j[costs.candidates :]
    return CheapestPrices(least_j[: costs.candidates], pass_j, costs.backbone)


def adds_nothing(
    log: ExitLog,
    thresholds_nats: FloatArray,
    costs: ChainCosts,
    known_j: FloatArray,
    fewest_right: int,
    requests_per_s: float | None = None,
) -> bool:
    """Whether every design of the chain is sure to be worse than a known one, limits or no limits.

    Proof. A design is a level, a mask, an operating point. At its level each exit is sure of certain samples; let k be
    the first exit that the mask keeps, or the end. Whoever k is sure of leaves there. Every other sample leaves at a
    later candidate that is sure of it, or at the end, and pays at least the price of stopping there and, in the same
    backbone, of passing k, or, in another, of stopping at k (it ran that far); what else it passes costs at least
    nothing, since all prices are checked to be non-negative. Each price is at least its least over the operating
    points. So r right answers cost no less than: those of k; for the others, each one's cheapest such candidate; and
    the smallest r - (right at k) differences to its cheapest candidate that is right. Where that is more than what is
    known for at least r right answers, for all levels, first exits and r, every design is dominated. QED.

    Args:
        log: c candidates on n samples.
        thresholds_nats: (levels, c - 1).
        costs: of the same c candidates.
        known_j: (n + 1,), from `least_energy_j`.
        fewest_right: designs with fewer right answers do not matter.
        requests_per_s: where served energy is minimised, its rate.
    """
    cheapest = cheapest_prices(costs, requests_per_s)
    if cheapest is None:
        return False
    waiting_j = 0.0 if requests_per_s is None else float(costs.idle_w.min()) / requests_per_s
    limit_j = (known_j - waiting_j) * log.samples * (1.0 + ROUNDING)
    right = log.correct
    for row_nats in thresholds_nats:
        sure = np.concatenate([log.entropy_nats[:-1] <= row_nats[:, None], np.ones((1, log.samples), dtype=np.bool_)])
        if _beyond_known(cheapest.stop_j, sure, right, 0.0, 0, limit_j, fewest_right):
            continue  # worse even where nobody must leave anywhere
        for first_j, first_right, later_j, later_sure, later_right in _by_first_exit(cheapest, sure, right):
            if not _beyond_known(later_j, later_sure, later_right, first_j, first_right, limit_j, fewest_right):
                return False
    return True


def least_energy_j(fronts: Sequence[InnerFront], samples: int) -> FloatArray:
    """The least energy known of designs with at least r right answers, (samples + 1,), infinite where there is none."""
    least_j = np.full(samples + 1, np.inf)
    for front in fronts:
        np.minimum.at(least_j, np.rint(front.accuracy * samples).astype(np.int64), front.energy_j)
    known_j: FloatArray = np.minimum.accumulate(least_j[::-1])[::-1]
    return known_j


def _by_first_exit(
    cheapest: CheapestPrices, sure: BoolArray, right: BoolArray
) -> Iterator[tuple[float, int, FloatArray, BoolArray, BoolArray]]:
    """Per first candidate kept: what its leavers pay and get right; prices, certainty and answers of the others."""
    candidates = len(sure)
    for first in range(candidates):
        leaves = sure[first]
        stays = np.flatnonzero(~leaves)
        paid_j, got_right = float(leaves.sum() * cheapest.stop_j[first]), int((leaves & right[first]).sum())
        later = slice(first + 1, candidates)
        after_j = cheapest.after(first)[later] if first + 1 < candidates else cheapest.stop_j[later]
        yield paid_j, got_right, after_j, sure[later][:, stays], right[later][:, stays]


def _beyond_known(
    prices_j: FloatArray,
    sure: BoolArray,
    right: BoolArray,
    paid_j: float,
    got_right: int,
    limit_j: FloatArray,
    fewest_right: int,
) -> bool:
    """Whether the kindest total is more than what is known, for every number of right answers that matters.

    Args:
        prices_j: (k,) of stopping at each of k candidates.
        sure: (k, samples), the last all true.
        right: (k, samples).
        limit_j: (all samples + 1,), total energy known for at least so many right answers.
    """
    if sure.shape[1] == 0:
        return got_right < fewest_right or limit_j[got_right] < paid_j
    order = np.argsort(prices_j, kind="stable")
    rising_j = np.append(prices_j[order], np.inf)
    anyhow = sure[order].argmax(axis=0)
    is_right = (sure & right)[order]
    rightly = np.where(is_right.any(axis=0), is_right.argmax(axis=0), len(order))
    pairs = np.bincount(anyhow * (len(order) + 1) + rightly, minlength=len(order) * (len(order) + 1))
    extra_j = (rising_j[None] - rising_j[:-1, None]).ravel()
    least = paid_j + float(rising_j[anyhow].sum())
    filled = np.flatnonzero((pairs > 0) & np.isfinite(extra_j))
    filled = filled[np.argsort(extra_j[filled], kind="stable")]
    added_j = np.concatenate([[0.0], np.cumsum(np.repeat(extra_j[filled], pairs[filled]))])
    fewest = max(fewest_right - got_right, 0)
    return bool((limit_j[got_right + fewest : got_right + added_j.size] < least + added_j[fewest:]).all())
