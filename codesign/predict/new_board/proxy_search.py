"""The most accurate design that keeps a new board's limits, from proxies and at most ten measurements (Algorithm 1).

Lu et al., "Scaling up deep neural network optimization for edge inference" (arXiv:2009.00278), section 4. Added here: a
pool of proxies, matched to the first measurements; the best design that was *measured* to keep the limits is returned,
not the last one; what bisection leaves of the budget goes to designs near the limits that no weighted sum selects; and
where the proxy does not rank like the board, candidates are judged by a predictor of the board's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.predictor import Predictor
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import InfeasibleError, ShapeError

from .calibrated_costs import Estimate, from_mixture, from_one_proxy, from_predictor
from .measured_costs import Measure, MeasuredCosts
from .monotonicity import ENOUGH, best_proxy, rank_correlation
from .near_constraint import chance_to_keep, next_to_measure
from .weighted_sum import best_of_weighted_sum

BUDGET = 10
TOLERANCE = 0.01  # δ of Algorithm 1, as a share of the limit
FINEST = 2.0**-10  # dials closer than this select the same design: 1001 values of t in the paper
FIRST_LOOKS = (0.15, 0.5, 0.85)  # dials of the designs that match a proxy, where there are several
KEPT_BACK = 3  # measurements that bisection leaves for designs near the limits


@dataclass(frozen=True, slots=True)
class Candidates:
    """What is known before the new board is touched, about n designs: a space's table, or what a search left."""

    designs: IntArray  # (n, genes)
    accuracy: FloatArray  # (n,), known or predicted; the same on every board
    proxies: FloatArray  # (boards, costs, n), known or predicted; costs: latency, or latency and energy

    def __post_init__(self) -> None:
        n = len(self.designs)
        if n < 1 or self.accuracy.shape != (n,) or self.proxies.ndim != 3 or self.proxies.shape[2] != n:
            raise ShapeError(
                f"candidates must be (n,) accuracies and (boards, costs, n) proxies of {n} designs, "
                f"got {self.accuracy.shape} and {self.proxies.shape}"
            )
        if not (np.isfinite(self.accuracy).all() and (self.proxies > 0).all() and np.isfinite(self.proxies).all()):
            raise ShapeError("accuracies must be finite and proxy costs finite and above 0; leave the others out")


@dataclass(frozen=True, slots=True)
class FoundDesign:
    """The design, and how it was found."""

    design: int  # its place among the candidates
    accuracy: float
    costs: FloatArray  # (costs,), measured
    proxy: int  # the known board that was chosen
    measurements: int
    monotonicity: float | None  # Spearman's of proxy and board over what was measured, the worst cost; None: too few
    own_predictor: bool  # the proxy was given up
    warning: str | None


def search_by_proxy(
    candidates: Candidates,
    measure: Measure,
    limits: FloatArray,
    rng: np.random.Generator,
    *,
    budget: int = BUDGET,
    tolerance: float = TOLERANCE,
    fallback: Predictor | None = None,
    beyond_weighted_sums: bool = True,
) -> FoundDesign:
    """Find the most accurate candidate whose measured costs are at most `limits`, (costs,).

    Args:
        measure: costs of one candidate on the new board; called at most `budget` times, never twice for one.
        fallback: what to fit on the measurements where no proxy ranks like the board; without one, or where it refuses
            so few samples, a convex mixture of all proxies.
        beyond_weighted_sums: spend what bisection leaves; without it this is Algorithm 1 but for the answer.
    Raises:
        InfeasibleError: nothing measured keeps the limits; says how far the nearest is.
    """
    if limits.shape != (candidates.proxies.shape[1],) or not (limits > 0).all():
        raise ShapeError(f"limits must be {candidates.proxies.shape[1]} costs above 0, got {limits.tolist()}")
    board = MeasuredCosts(measure, budget)
    proxy = _matched(candidates, board) if len(candidates.proxies) > 1 else 0
    # One is left for the cheapest design, without which nobody can say that the limits cannot be kept.
    keep = min(KEPT_BACK, budget - 1) if beyond_weighted_sums else 1
    _bisect(candidates, candidates.proxies[proxy], board, limits, tolerance, keep)
    if _best(candidates, board, limits) is None and board.left:
        board.of(best_of_weighted_sum(candidates.accuracy, candidates.proxies[proxy], np.ones(len(limits))))
    given_up = False
    while beyond_weighted_sums and board.left:
        proxy = best_proxy(candidates.proxies[:, :, board.designs], board.costs)
        given_up = not _ranks_alike(candidates, proxy, board)
        estimates = _estimates(candidates, None if given_up else proxy, board, fallback, rng)
        best = _best(candidates, board, limits)
        chance = chance_to_keep(estimates, limits)
        following = next_to_measure(
            candidates.accuracy,
            None if best is None else float(candidates.accuracy[best]),
            chance,
            board.designs.tolist(),
        )
        if following is None:
            break
        board.of(following)
    return _answer(candidates, board, limits, proxy, given_up)


def _matched(candidates: Candidates, board: MeasuredCosts) -> int:
    """Measure the first designs, each on the front of the board in the middle of the pool, then choose a proxy."""
    costs = np.exp(np.log(candidates.proxies).mean(axis=0))
    for dial in FIRST_LOOKS[: max(board.left - 2, 0)]:
        board.of(best_of_weighted_sum(candidates.accuracy, costs, np.full(len(costs), dial)))
    return best_proxy(candidates.proxies[:, :, board.designs], board.costs) if len(board.designs) else 0


def _bisect(
    candidates: Candidates, proxy: FloatArray, board: MeasuredCosts, limits: FloatArray, tolerance: float, keep: int
) -> None:
    """Algorithm 1; with two costs one measurement moves both dials, each by its own limit (for Eq. 7).

    Designs that are known already cost nothing, so bisection goes on through them.
    """
    low, high = np.zeros(len(limits)), np.ones(len(limits))
    while (high - low).max() > FINEST:
        dials = 0.5 * (low + high)
        design = best_of_weighted_sum(candidates.accuracy, proxy, dials)
        if not board.knows(design) and board.left <= keep:
            return
        over = board.of(design) > limits
        if not over.any() and (board.of(design) >= (1.0 - tolerance) * limits).any():
            return
        low, high = np.where(over, dials, low), np.where(over, high, dials)
        if len(limits) > 1:
            # Turning one dial up lowers the other cost as well: its bound from before may hide better designs.
            low = np.where(over, low, np.minimum(low, 0.5 * dials))


def _best(candidates: Candidates, board: MeasuredCosts, limits: FloatArray) -> int | None:
    kept = [int(one) for one in board.designs if (board.of(int(one)) <= limits).all()]
    return max(kept, key=lambda one: (candidates.accuracy[one], -board.of(one)[0])) if kept else None


def _correlation(candidates: Candidates, proxy: int, board: MeasuredCosts) -> float | None:
    pairs = zip(candidates.proxies[proxy][:, board.designs], board.costs, strict=True)
    found = [rank_correlation(known, measured) for known, measured in pairs]
    return min((one for one in found if one is not None), default=None)


def _ranks_alike(candidates: Candidates, proxy: int, board: MeasuredCosts) -> bool:
    correlation = _correlation(candidates, proxy, board)
    return correlation is None or correlation >= ENOUGH


def _estimates(
    candidates: Candidates,
    proxy: int | None,
    board: MeasuredCosts,
    fallback: Predictor | None,
    rng: np.random.Generator,
) -> Sequence[Estimate]:
    found: list[Estimate] = []
    for cost, target in enumerate(board.costs):
        own = None
        if proxy is not None:
            own = from_one_proxy(candidates.proxies[proxy, cost], board.designs, target)
        elif fallback is not None:
            own = from_predictor(fallback, candidates.designs, board.designs, target, rng)
        found.append(own or from_mixture(candidates.proxies[:, cost], board.designs, target))
    return found


def _answer(
    candidates: Candidates, board: MeasuredCosts, limits: FloatArray, proxy: int, given_up: bool
) -> FoundDesign:
    best = _best(candidates, board, limits)
    correlation = _correlation(candidates, proxy, board)
    if best is None:
        over = (board.costs / limits[:, None]).max(axis=0)
        nearest = int(over.argmin())
        raise InfeasibleError(
            f"none of {len(over)} measured designs keeps the limits {limits.tolist()}; the nearest costs "
            f"{board.costs[:, nearest].tolist()}, {over[nearest] - 1.0:.1%} over",
            where=f"candidate {board.designs[nearest]}",
            to_do="relax the limits, give smaller candidates, or allow more measurements",
        )
    warning = None
    if correlation is not None and correlation < ENOUGH:
        warning = (
            f"the boards are not monotone: Spearman {correlation:.2f} between proxy and board over "
            f"{len(board.designs)} designs, under {ENOUGH}"
        )
    return FoundDesign(
        best,
        float(candidates.accuracy[best]),
        board.of(best),
        proxy,
        len(board.designs),
        correlation,
        given_up,
        warning,
    )
