"""How many evaluations knowing the constraints beforehand saves: HW-IECI beside plain expected improvement.

    python -m tests.bench.bench_hw_ieci --data ../shared/data [--seeds 30] [--boards titanx_1] [--shares 0.2 0.05]
        [--arms ARM …] --json OUT

What OUT holds already, of the same seeds, is not run again: arms, shares and boards may be run one after another.

The problem is NAS-Bench-201's table, all 15,625 cells: find the most accurate cell that keeps a power and a memory
budget. The table has neither, so that
    power   is stood in for by the *measured* latency of one board,
    memory  by the *counted* bytes of the weights of all operations, dead ones included, in FP32.
A budget is the same quantile of each, chosen so that a stated share of all cells keeps both. Evaluating a cell reads
its accuracy, power and memory. A seed is done once a cell was evaluated that keeps both measured budgets and whose
accuracy is within 1 % (relative) of the best such cell's; the evaluations until then, the first random ones included,
are its figure; a seed that is not done after `--most` counts as that many.

All Bayesian arms have the same process, first designs and candidates; they differ in what they are told:
    ei-unaware           the accuracy of every cell, as HyperPower's hardware-unaware arm
    ei-bad-value         accuracy 0 for a cell over budget; what "plain EI" means in the ratios
    ei-learnt            accuracy, and which cells were over budget: EI × learnt probability of keeping it
    hw-ieci-exact        predicted power and memory are the table's
    hw-ieci-fitted       predicted by linear models of the one-hot genome, fitted to 100 random cells, as HyperPower's
    random               cells drawn evenly
    random-within        cells drawn evenly from those within budget: what the indicator is worth without EI
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.space_work import layer_works
from codesign.search.strategies.bayesian import Bayesian
from codesign.search.strategies.hw_ieci import hw_ieci
from codesign.search.strategies.hw_ieci_limits import KnownLimit, KnownLimits, LinearCost
from codesign.search.strategies.protocol import Options, Strategy
from codesign.search.strategies.random_search import RandomSearch
from codesign.search.strategies.search_space import SearchSpace
from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.engine.machine import this_machine

SHARES = (0.2, 0.05)  # of all cells, that keep both budgets
FIRST_SEED = 5000  # nothing was tuned on these
PROFILED = 100  # cells that the linear models are fitted to
NEAR = 0.99  # of the best accuracy
BAD = 1.0  # error of a cell over budget, as plain EI is told
PLAIN, KNOWING = "ei-bad-value", ("hw-ieci-exact", "hw-ieci-fitted")
ARMS = ("random", "random-within", *KNOWING, PLAIN, "ei-learnt", "ei-unaware")


@dataclass(frozen=True, slots=True)
class Problem:
    """Cells by their number in base 5, with budgets."""

    accuracy: FloatArray  # (cells,)
    power: FloatArray  # (cells,), stood in for: s
    memory_bytes: FloatArray  # (cells,)
    power_budget: float
    memory_budget_bytes: float
    sizes: tuple[int, ...]

    def cells(self, designs: IntArray) -> IntArray:
        """(n,): numbers of cells."""
        return np.ravel_multi_index(list(designs.T), self.sizes)

    @property
    def kept(self) -> BoolArray:
        """(cells,): within both budgets, as measured."""
        within: BoolArray = (self.power <= self.power_budget) & (self.memory_bytes <= self.memory_budget_bytes)
        return within

    def exact(self) -> KnownLimits:
        """What the table says."""
        return self._limits(self.power, self.memory_bytes)

    def fitted(self, seed: int) -> KnownLimits:
        """Linear models of both, fitted to some cells."""
        every = np.stack(np.unravel_index(np.arange(len(self.power)), self.sizes), axis=1)
        rows = np.random.default_rng([seed, 2]).permutation(len(every))[:PROFILED]
        power, memory = (
            LinearCost.fitted(every[rows], costs[rows], self.sizes)(every) for costs in (self.power, self.memory_bytes)
        )
        return self._limits(power, memory)

    def _limits(self, power: FloatArray, memory: FloatArray) -> KnownLimits:
        # Rounding of a fit of whole numbers must not cost the cells that lie on the budget itself.
        slack = 1.0 + 1e-9
        return KnownLimits(
            (
                KnownLimit("power", "s", self.power_budget * slack, lambda designs: power[self.cells(designs)]),
                KnownLimit(
                    "memory", "bytes", self.memory_budget_bytes * slack, lambda designs: memory[self.cells(designs)]
                ),
            )
        )


def problem(
    accuracy: FloatArray, power: FloatArray, memory: FloatArray, share: float, sizes: tuple[int, ...]
) -> Problem:
    """Budgets at the smallest common quantile that leaves the share of cells."""
    for quantile in np.linspace(share, 1.0, 2000):
        at = Problem(
            accuracy, power, memory, float(np.quantile(power, quantile)), float(np.quantile(memory, quantile)), sizes
        )
        if at.kept.mean() >= share:
            break
    return at


def evaluations(arm: str, at: Problem, seed: int, most: int) -> int | None:
    """Until a cell is near the best; None where there is none after `most`."""
    space = SearchSpace(at.sizes)
    kept = at.kept
    enough = NEAR * at.accuracy[kept].max()
    strategy = _strategy(arm, at, space, seed)
    for evaluation in range(1, most + 1):
        design = strategy.ask(1)
        if not len(design):
            return None  # all that is predicted to be within budget is evaluated
        cell = int(at.cells(design)[0])
        if kept[cell] and at.accuracy[cell] >= enough:
            return evaluation
        error = BAD if arm == PLAIN and not kept[cell] else 1.0 - at.accuracy[cell]
        known = arm in (PLAIN, "ei-unaware", "random") or kept[cell]
        strategy.tell(design, np.array([[error]]), np.array([0.0 if known else 1.0]))
    return None


def _strategy(arm: str, at: Problem, space: SearchSpace, seed: int) -> Strategy:
    if arm == "random":
        return RandomSearch(space, 1, seed)
    if arm == "random-within":
        every = space.all()
        return RandomSearch(SearchSpace(space.gene_sizes, designs=every[at.exact()(every) == 0]), 1, seed)
    if arm.startswith("ei"):
        return Bayesian(space, 1, seed)
    known = at.exact() if arm == "hw-ieci-exact" else at.fitted(seed)
    return hw_ieci(space, 1, seed, Options(known_violation=known))


def described(at: Problem) -> dict[str, Any]:
    """What is asked of the arms."""
    kept = at.kept
    best = float(at.accuracy[kept].max())
    return {
        "share_within_budget": float(kept.mean()),
        "power_budget_s": at.power_budget,
        "memory_budget_bytes": at.memory_budget_bytes,
        "best_accuracy": best,
        "best_accuracy_without_budgets": float(at.accuracy.max()),
        "cells_near_the_best": int((kept & (at.accuracy >= NEAR * best)).sum()),
        "cells_over_budget_that_are_as_accurate": int((~kept & (at.accuracy >= NEAR * best)).sum()),
        "arms": {},
    }


def summary(found: list[int | None], most: int) -> dict[str, Any]:
    """Of the evaluations of all seeds."""
    counted = [most if one is None else one for one in found]
    return {
        "evaluations": found,
        "median": float(np.median(counted)),
        "quartiles": np.quantile(counted, [0.25, 0.75]).tolist(),
        "not_reached": found.count(None),
    }


def ratios(arms: dict[str, Any]) -> dict[str, float]:
    """Median evaluations of the arms that know the budgets, over those of the others."""
    return {
        f"{knowing} / {other}": round(arms[knowing]["median"] / arms[other]["median"], 3)
        for knowing in KNOWING
        for other in ARMS
        if other not in KNOWING and {knowing, other} <= arms.keys()
    }


def main() -> None:
    """A line for each board, share and arm, with the median evaluations."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds latency/nasbench201.npz")
    parser.add_argument("--boards", nargs="+", default=["titanx_1"], help="stand in for power")
    parser.add_argument("--shares", nargs="+", type=float, default=list(SHARES), help="of cells within both budgets")
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=ARMS)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--most", type=int, default=150, help="evaluations of a seed")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    table = read_cost_table(args.data / "latency" / "nasbench201.npz")
    works = layer_works(table.genes, table.genome)
    if works is None or table.accuracy is None:
        parser.error("the table is not NAS-Bench-201's, or has no accuracy")
    sizes = tuple(len(np.unique(column)) for column in table.genome.T)
    order = np.argsort(np.ravel_multi_index(list(table.genome.T), sizes))
    memory_bytes = 4.0 * works.weights.sum(axis=1)[order]
    asked = {"seeds": [args.first_seed, args.first_seed + args.seeds - 1], "most": args.most}
    result: dict[str, Any] = {
        "kind": "measured latencies and accuracies, counted weights, read from a table",
        "hardware": f"{this_machine()}, shared with other work; one thread",
        **asked,
        "plain_ei": PLAIN,
        "problems": {},
    }
    if args.json.is_file() and asked.items() <= (kept := json.loads(args.json.read_text(encoding="utf-8"))).items():
        result = kept
    for board, share in itertools.product(args.boards, args.shares):
        power = table.latency_s[table.device(board)][order].astype(float)
        at = problem(table.accuracy[order].astype(float), power, memory_bytes, share, sizes)
        row = result["problems"].setdefault(f"{board}, {share:g} of the cells", described(at))
        for arm in args.arms:
            if arm in row["arms"]:
                continue
            started = time.process_time()
            with threadpool_limits(1):
                found = [evaluations(arm, at, args.first_seed + seed, args.most) for seed in range(args.seeds)]
            row["arms"][arm] = summary(found, args.most) | {"cpu_s": round(time.process_time() - started, 1)}
            row["ratio"] = ratios(row["arms"])
            args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
            print(board, share, arm, row["arms"][arm], flush=True)
        print(board, share, row["ratio"], flush=True)


if __name__ == "__main__":
    main()
