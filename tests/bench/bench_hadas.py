"""HADAS as published beside the house engine, at equal backbone evaluations on one frozen supernet.

    python -m tests.bench.bench_hadas --work FOLDER [--board tx2 --device gpu] [--seeds 5] --keep TRIALS --json OUT

FOLDER holds random backbones of a supernet trained with this project, evaluated with its shared heads
(`bench_accuracy_predictor` leaves it; see `frozen_supernet`). Every arm may evaluate 448 backbones, exits cached.

- `hadas`: nested NSGA-II, 64 x 7 backbones, half of each generation to an inner NSGA-II of 3,500 evaluations, the
  published objectives (energy gain and mean N_i under ideal leaving: an oracle's).
- `hadas, real policy`: the same nested engine with the house's objectives and threshold dial given to its inner engine.
- `hadas, exact inner` and `hadas, real policy, exact inner`: the same outer engine, each inner problem solved exactly,
  which is all that an inner engine could find in the backbones it is given.
- `house`: `outer_search` over chains with the exact inner solver under the real policy, the preset's population and its
  most exits.

Reported designs of all arms are judged under the real entropy policy on `select`. Hypervolumes are shares of the
window: error up to ten points above the largest backbone's, energy up to what it needs at default clocks; and, for
the published pair, up to twice the static energy and nothing right. Results of each setting stand under its name:
other settings in OUT stay. Costs are simulated, accuracies are those of the frozen supernet. Finished trials are kept
in TRIALS and not repeated.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.hadas.nested import (
    PUBLISHED_BUDGET,
    PUBLISHED_GENERATIONS,
    PUBLISHED_POPULATION,
    search_as_published,
)
from codesign.search.hadas.objectives import PUBLISHED_REFERENCE
from codesign.search.inner_front import InnerFront
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import Chain
from codesign.search.outer import outer_search
from codesign.search.outer_problem import OuterProblem, front_points
from codesign.search.pareto import hypervolume, nondominated_2d, ratio_of_dominance
from codesign.search.pricing import Pricing
from codesign.space.preset import load_preset
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray
from runtime.engine.machine import this_machine

from .frozen_supernet import FrozenSupernet, read_backbones

BACKBONES = PUBLISHED_POPULATION * PUBLISHED_GENERATIONS
HOUSE_GENERATIONS = 200  # with the population of the preset; cut off when the backbones are spent
WINDOW = 0.10
TARGETS = (0.95, 0.98, 0.99)
ARMS = ("house", "hadas, exact inner", "hadas, real policy, exact inner", "hadas", "hadas, real policy")
PUBLISHED = ("hadas", "hadas, exact inner")


class BudgetSpentError(Exception):
    """As many backbones were evaluated as may be."""


@dataclass
class Trial:
    """What one arm did with one seed."""

    backbones: int = 0
    solved: int = 0
    seconds: float = 0.0  # of the whole search, evaluations (looked up) included
    cpu_s: float = 0.0
    real: list[tuple[int, FloatArray]] = field(default_factory=list)  # (backbones evaluated, front points) in order
    published: list[FloatArray] = field(default_factory=list)  # (gain, mean N_i), negated

    def save(self, path: Path) -> None:
        """Keep it as an NPZ."""
        np.savez(
            path,
            figures=np.asarray([self.backbones, self.solved, self.seconds, self.cpu_s]),
            real=np.concatenate([points for _, points in self.real]),
            met=np.concatenate([np.full(len(points), met) for met, points in self.real]),
            published=np.concatenate(self.published) if self.published else np.zeros((0, 2)),
        )

    @classmethod
    def read(cls, path: Path) -> Trial:
        """What `save` wrote."""
        with np.load(path) as kept:
            backbones, solved, seconds, cpu_s = kept["figures"].tolist()
            real = [(int(met), kept["real"][kept["met"] == met]) for met in np.unique(kept["met"])]
            published = [kept["published"]] if len(kept["published"]) else []
        return cls(int(backbones), int(solved), seconds, cpu_s, real, published)

    def front(self) -> FloatArray:
        """Error and energy of what nothing else of this trial beats."""
        return front_of(np.concatenate([points for _, points in self.real]))


def front_of(points: FloatArray) -> FloatArray:
    """(designs, 2) that nothing beats."""
    return points[nondominated_2d(points[:, 0], points[:, 1])]


class Setting:
    """A board and device with the frozen supernet, and how each arm searches it."""

    def __init__(self, frozen: FrozenSupernet, board: str, device: str) -> None:
        one = profile(board)
        self.frozen, self.name = frozen, f"{board} {device}"
        self.pricing = Pricing(
            SimulatedBoard(one, device), one.points(device), one.default_point(device), one.max_point(device)
        )
        budget = load_preset("tiny").search
        self.house = ChainSolver(self.pricing, InnerLimits(max_exits=budget.max_exits), budget.threshold_levels)
        self.house_population = budget.population
        self.any_exits = ChainSolver(self.pricing, InnerLimits(), budget.threshold_levels)
        self.choices = tuple(tuple(range(len(values))) for values in frozen.space.gene_choices)
        self.known: dict[Genome, BackboneRecord] = {}
        largest = self.record(tuple(choices[-1] for choices in self.choices))
        self.reference = np.asarray([1.0 - largest.accuracy + WINDOW, self.largest_energy_j(largest)])

    def record(self, genome: Genome) -> BackboneRecord:
        """Looked up: the exits of every backbone are cached."""
        if genome not in self.known:
            self.known[genome] = self.frozen.record(genome)
        return self.known[genome]

    def largest_energy_j(self, record: BackboneRecord) -> float:
        """Of the static network at default clocks."""
        return self.pricing.full_depth([record])[1]

    def search(self, arm: str, seed: int) -> Trial:
        """One arm, one seed."""
        trial = Trial()

        def evaluate(genomes: Sequence[Genome]) -> list[BackboneRecord]:
            if trial.backbones + len(genomes) > BACKBONES + 1:  # one more: the largest, which sets the reference
                raise BudgetSpentError
            trial.backbones += len(genomes)
            return [self.record(genome) for genome in genomes]

        def solve(chains: Sequence[Chain]) -> list[InnerFront | None]:
            trial.solved += len(chains)
            fronts = [self.house(chain) for chain in chains]
            trial.real += [(trial.backbones, front_points(front)) for front in fronts if front is not None]
            return fronts

        problem = OuterProblem(self.choices, evaluate, solve, self.pricing, WINDOW, self.largest_energy_j)
        began_s, began_cpu_s = time.perf_counter(), time.process_time()
        if arm == "house":
            with contextlib.suppress(BudgetSpentError):
                outer_search(problem, self.house_population, HOUSE_GENERATIONS, seed, ignore)
        else:
            self._nested(problem, arm, seed, trial)
        trial.seconds, trial.cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
        return trial

    def _nested(self, problem: OuterProblem, arm: str, seed: int, trial: Trial) -> None:
        run = search_as_published(
            problem,
            PUBLISHED_POPULATION,
            PUBLISHED_GENERATIONS,
            seed,
            ignore,
            solver=self.any_exits,
            objectives="real" if "real policy" in arm else "published",
            budget=None if "exact inner" in arm else PUBLISHED_BUDGET,
        )
        trial.solved = len(run.sets)
        place = {record.genome: number for number, record in enumerate(run.records)}
        for result in run.results:
            if result.front is not None:
                # As evaluated when its whole generation was: the inner engine follows the outer's generation.
                generation = -(-max(place[result.chain[0].genome], 1) // PUBLISHED_POPULATION)
                met = min(generation * PUBLISHED_POPULATION, trial.backbones)
                trial.real.append((met, front_points(result.front)))
        if arm in PUBLISHED:
            trial.published = [found.values for found in run.sets.values()]


def ignore(_: object) -> None:
    """No progress to show."""


def share(points: FloatArray, reference: FloatArray) -> float:
    """Hypervolume as a share of the window."""
    return hypervolume(points, reference) / (WINDOW * float(reference[1]))


def backbones_until(trial: Trial, reference: FloatArray, wanted: float) -> int | None:
    """Backbones evaluated until the hypervolume is at least `wanted`; None: never."""
    so_far = np.zeros((0, 2))
    for backbones in sorted({met for met, _ in trial.real}):
        so_far = front_of(np.concatenate([so_far, *(points for met, points in trial.real if met == backbones)]))
        if share(so_far, reference) >= wanted:
            return backbones
    return None


def as_json(setting: Setting, trials: dict[str, dict[int, Trial]]) -> dict[str, Any]:
    """Lists over the seeds of each arm."""
    every = front_of(np.concatenate([trial.front() for some in trials.values() for trial in some.values()]))
    best = share(every, setting.reference)
    result: dict[str, Any] = {
        "reference_point": setting.reference.tolist(),
        "best_known_hypervolume": best,
        "operating_points": len(setting.pricing.points),
        "costs": setting.pricing.model.hardware,
        "arms": {},
    }
    for arm, of_seeds in trials.items():
        some = list(of_seeds.values())
        one: dict[str, Any] = {
            "seeds": list(of_seeds),
            "backbones": [trial.backbones for trial in some],
            "inner_problems": [trial.solved for trial in some],
            "seconds": [round(trial.seconds, 2) for trial in some],
            "cpu_seconds": [round(trial.cpu_s, 2) for trial in some],
            "hypervolume_real_policy": [share(trial.front(), setting.reference) for trial in some],
        }
        for target in TARGETS:
            one[f"backbones_until_{target:g}_of_best_known"] = [
                backbones_until(trial, setting.reference, target * best) for trial in some
            ]
        if arm in PUBLISHED:
            one["hypervolume_published_pair_oracle"] = [
                hypervolume(np.concatenate(trial.published), PUBLISHED_REFERENCE) for trial in some
            ]
        if arm != "house":
            both = [seed for seed in of_seeds if seed in trials.get("house", {})]
            pairs = [(trials["house"][seed].front(), of_seeds[seed].front()) for seed in both]
            one["house_dominates"] = [ratio_of_dominance(ours, theirs) for ours, theirs in pairs]
            one["dominates_house"] = [ratio_of_dominance(theirs, ours) for ours, theirs in pairs]
        result["arms"][arm] = one
    return result


def main() -> None:
    """Search what is not kept yet, then write all that is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--board", default="tx2")
    parser.add_argument("--device", default="gpu")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--arms", help=f"separated by semicolons (default: {'; '.join(ARMS)})")
    parser.add_argument("--keep", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    args.keep.mkdir(parents=True, exist_ok=True)
    frozen = FrozenSupernet(load_preset("tiny").space, read_backbones(args.work))
    setting = Setting(frozen, args.board, args.device)
    trials: dict[str, dict[int, Trial]] = {}
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for arm in args.arms.split(";") if args.arms else ARMS:
            kept = args.keep / f"{setting.name} {arm} {seed}.npz"
            if not kept.is_file():
                trial = setting.search(arm, seed)
                trial.save(kept)
                volume = share(trial.front(), setting.reference)
                print(
                    f"{setting.name} seed {seed} {arm:32} {trial.backbones} backbones, {trial.solved} inner problems, "
                    f"{trial.seconds:.1f} s ({trial.cpu_s:.1f} s CPU), hypervolume {volume:.4f}",
                    flush=True,
                )
    for arm in ARMS:
        found = {
            seed: Trial.read(kept)
            for seed in range(1000)
            if (kept := args.keep / f"{setting.name} {arm} {seed}.npz").is_file()
        }
        if found:
            trials[arm] = found
    whole = json.loads(args.json.read_text(encoding="utf-8")) if args.json.is_file() else {}
    whole[setting.name] = {
        **as_json(setting, trials),
        "images": len(frozen.labels),
        "on": this_machine(),
        "command": "python -m tests.bench.bench_hadas; one thread, beside other work on the same cores",
        "kind": "accuracies of a frozen stand-in for a CIFAR-100 supernet, costs simulated, seconds measured",
    }
    args.json.write_text(json.dumps(whole, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
