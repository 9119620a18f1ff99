"""How long the exact inner solver takes, and that it is exact.

    python -m tests.bench.bench_inner_solver [--rounds 5] [--large] [--json OUT]

Cases: one backbone of 16 early exits × 1,716 operating points at 1 and at 30 threshold levels, once with the columns of
the simulated TX2 and once with random columns of which hardly any dominates another; and the case of the search: a
chain of two backbones, 14 candidates, at most 4 exits, 20 levels, three objectives. Rounds go through all cases in
turn. With `--large` also what lies beyond tables of all sets, one threshold level each: 32 exits of which at most five
are kept; and three objectives with 20 exits × 1,716 points, simulated and with random columns, energy and latency drawn
apart; and HADAS's Eq. (5) at 40 exits × 1,716 points by dynamic programme. Besides, 200 random (mask, level, point)
triples are held against a replay, sample by sample, priced by the contract's cost accounting. Prints JSON; exits with 1
where a median exceeds its limit or a figure differs.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from codesign.policy.exit_log import ExitLog
from codesign.policy.levels import threshold_levels
from codesign.policy.replay import replay
from codesign.policy.selection import policy_of
from codesign.search.chain_costs import ChainCosts, joined
from codesign.search.chain_works import BackboneWorks, stages_of
from codesign.search.hadas.score import ExitTerms, best_scores
from codesign.search.inner import NO_LIMITS, THREE_OBJECTIVES, TWO_OBJECTIVES, solve_inner
from codesign.search.inner_columns import stop_and_pass_counts
from codesign.search.inner_counts import level_counts
from codesign.search.inner_grid import InnerLimits, grid_of
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import expected_costs, stage_costs
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import NO_WORK, Work
from runtime.engine.machine import this_machine
from tests.codesign.policy.logs import plausible_log

TRIPLES = 200
RELATIVE_TOLERANCE = 1e-9


@dataclass(frozen=True)
class Problem:
    """One case to be timed."""

    name: str
    limit_s: float
    log: ExitLog
    thresholds_nats: FloatArray
    costs: ChainCosts
    points: Sequence[OperatingPoint]
    objectives: tuple[str, ...] = TWO_OBJECTIVES
    limits: InnerLimits = NO_LIMITS

    def solve(self) -> int:
        """Designs on the front."""
        return len(
            solve_inner(
                self.log, self.thresholds_nats, self.costs, self.points, objectives=self.objectives, limits=self.limits
            )
        )

    def points_kept(self) -> int:
        """Operating points that are left once the dominated ones are dropped."""
        three = self.objectives == THREE_OBJECTIVES
        grid = grid_of(self.costs, self.log.samples, self.limits, served=False, latency_is_an_objective=three)
        return int(grid.point.size)


def inverted_residuals(candidates: int, scale: float) -> BackboneWorks:
    """A backbone of inverted-residual size for 224 × 224 images: deeper blocks are wider and smaller."""
    segments, heads = [], []
    for index in range(candidates):
        side, width = 56 // 2 ** (3 * index // candidates), scale * 24 * 2 ** (2.5 * index / candidates)
        macs, weights, activations = side**2 * 12 * width**2, 12 * width**2, 14 * width * side**2
        block = Work(macs, 4 * (weights + activations), 5)
        segments.append((block, block))
        heads.append(Work(side**2 / 4 * 9 * width * 64, 4 * (9 * width * 64 + width * side**2), 3))
    return BackboneWorks(tuple(segments), (*heads[:-1], NO_WORK))


def undominated_costs(candidates: int, points: int, seed: int) -> ChainCosts:
    """Every price drawn on its own: about every operating point is the best one somewhere."""
    rng = np.random.default_rng(seed)
    shape = (candidates, points)
    segment = rng.dirichlet(np.ones(candidates), points).T * candidates + 0.05
    head = 0.1 * rng.uniform(0.5, 1.5, shape)
    head[-1] = 0.0
    rows = rng.uniform(0.01, 0.02, (3, points))
    nothing = np.zeros(candidates)
    return ChainCosts(np.zeros(candidates, dtype=int), segment, segment, head, head, *rows, nothing, nothing)


def problems() -> tuple[list[Problem], tuple[BackboneWorks, ...], SimulatedBoard]:
    """All cases, and the chain and board of the last one."""
    board_profile = profile("tx2")
    board = SimulatedBoard(board_profile, device="gpu")
    points = board_profile.points("gpu")
    log = plausible_log(17, 5000, seed=0)
    levels = threshold_levels(log, 30)
    simulated = ChainCosts.from_works(board, points, inverted_residuals(17, 1.0))
    adversarial = undominated_costs(17, len(points), seed=0)
    chain = (inverted_residuals(5, 0.6), inverted_residuals(9, 1.2))
    chain_log = plausible_log(14, 1500, seed=1)
    return (
        [
            Problem("16 exits, simulated TX2, 1 level", 1.0, log, levels[14:15], simulated, points),
            Problem("16 exits, simulated TX2, 30 levels", 5.0, log, levels, simulated, points),
            Problem("16 exits, adversarial, 1 level", 1.0, log, levels[14:15], adversarial, points),
            Problem("16 exits, adversarial, 30 levels", 5.0, log, levels, adversarial, points),
            Problem(
                "chain 5 + 9 candidates, simulated TX2, 20 levels, 3 objectives, at most 4 exits",
                0.3,
                chain_log,
                threshold_levels(chain_log, 20),
                joined([ChainCosts.from_works(board, points, works) for works in chain]),
                points,
                THREE_OBJECTIVES,
                InnerLimits(max_exits=4),
            ),
        ],
        chain,
        board,
    )


def large_problems() -> list[Problem]:
    """One threshold level each."""
    board = SimulatedBoard(profile("tx2"), device="gpu")
    points = profile("tx2").points("gpu")
    few_log, log = plausible_log(33, 5000, seed=0), plausible_log(21, 5000, seed=0)
    few_level, level = threshold_levels(few_log, 30)[14:15], threshold_levels(log, 30)[14:15]
    few = ChainCosts.from_works(board, points, inverted_residuals(33, 1.0))
    simulated = ChainCosts.from_works(board, points, inverted_residuals(21, 1.0))
    apart = undominated_costs(21, len(points), seed=1)
    adversarial = replace(
        undominated_costs(21, len(points), seed=0),
        segment_latency_s=apart.segment_latency_s,
        head_latency_s=apart.head_latency_s,
    )
    three = THREE_OBJECTIVES
    return [
        Problem("32 exits, at most 5", 5.0, few_log, few_level, few, points, limits=InnerLimits(max_exits=5)),
        Problem("20 exits, simulated TX2, 3 objectives", 30.0, log, level, simulated, points, three),
        Problem("20 exits, adversarial, 3 objectives", 30.0, log, level, adversarial, points, three),
    ]


def equation_5_s() -> float:
    """Seconds of the dynamic programme at 40 exits × 1,716 points."""
    rng = np.random.default_rng(0)
    shares = np.sort(rng.uniform(0.2, 0.9, 40))
    terms = ExitTerms(shares, shares[:, None] * rng.uniform(0.2, 2.0, (40, 1716)))
    return timed(lambda: best_scores(terms, 1.0))


def largest_difference(problem: Problem, chain: Sequence[BackboneWorks], board: SimulatedBoard, seed: int) -> float:
    """Largest relative difference between solver and simulation over random triples; accuracy must agree exactly."""
    rng = np.random.default_rng(seed)
    grid = grid_of(
        problem.costs,
        problem.log.samples,
        problem.limits,
        served=False,
        latency_is_an_objective=True,
        drop_dominated_points=False,
    )
    counts = list(level_counts(problem.log, problem.thresholds_nats, grid.masks, grid.layout.sets))
    largest = 0.0
    for _ in range(TRIPLES):
        level, row, point = (int(rng.integers(size)) for size in (len(counts), grid.masks.size, grid.point.size))
        mask = int(grid.masks[row])
        table = stop_and_pass_counts(grid.layout, counts[level].passing, grid.masks[row : row + 1])
        costs = grid.costs(table, grid.masks[row : row + 1])
        outcome = replay(problem.log, mask, policy_of(mask, problem.thresholds_nats[level]))
        stages = stage_costs(board, stages_of(chain, mask), [problem.points[point]])
        latency_s, energy_j = expected_costs(outcome.exit_shares, stages)
        if counts[level].right[row] / problem.log.samples != outcome.accuracy:
            return float("inf")
        largest = max(
            largest,
            abs(float(costs.energy_j[0, point] / energy_j[0]) - 1.0),
            abs(float(costs.latency_s[0, point] / latency_s[0]) - 1.0),
        )
    return largest


def timed(call: Callable[[], Any]) -> float:
    """Seconds of one call."""
    start_s = time.perf_counter()
    call()
    return time.perf_counter() - start_s


def measure(rounds: int, seed: int, *, large: bool) -> dict[str, Any]:
    """Seconds per case, and the equality check."""
    cases, chain, board = problems()
    checked = cases[-1]
    cases += large_problems() if large else []
    designs = [case.solve() for case in cases]  # also warms up
    seconds: list[list[float]] = [[] for _ in cases]
    for _ in range(rounds):
        for case, samples in zip(cases, seconds, strict=True):
            samples.append(timed(case.solve))
    return {
        "cases": [
            {
                "name": case.name,
                "median_s": float(np.median(samples)),
                "fastest_s": min(samples),
                "slowest_s": max(samples),
                "limit_s": case.limit_s,
                "operating_points": len(case.points),
                "operating_points_kept": case.points_kept(),
                "designs_on_front": on_front,
            }
            for case, samples, on_front in zip(cases, seconds, designs, strict=True)
        ],
        "triples_compared": TRIPLES,
        "largest_relative_difference": largest_difference(checked, chain, board, seed),
        **({"equation_5_at_40_exits_s": equation_5_s()} if large else {}),
        "rounds": rounds,
        "kind": "measured",
        "on": f"{this_machine()}; numpy {np.__version__}",
        "costs": board.hardware,
    }


def main() -> int:
    """Measure, print, and compare with the limits."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--large", action="store_true", help="also what lies beyond tables of all sets")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = measure(args.rounds, args.seed, large=args.large)
    text = json.dumps(result, indent=2)
    print(text)
    if args.json is not None:
        args.json.write_text(text + "\n", encoding="utf-8")
    in_time = all(case["median_s"] <= case["limit_s"] for case in result["cases"])
    return 0 if in_time and result["largest_relative_difference"] <= RELATIVE_TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
