"""HADAS's dissimilarity term, Eq. (7), in the inner engine and out of it: what it does to the designs that are found.

    python -m tests.bench.bench_dissimilarity --work FOLDER [--board tx2 --device gpu] [--backbones 12] --json OUT

FOLDER holds backbones of a supernet evaluated with its shared heads (`bench_accuracy_predictor` leaves it); those with
the most exits are taken. For each, the inner engine (NSGA-II, 3,500 evaluations) maximises energy gain and the mean
over kept exits of N_i dissim_i^gamma; gamma 0 leaves the term out. So the paper's Fig. 7 is read: it does not say how
the term enters the two-dimensional front. What is found is then judged by pairs that know nothing of the term:

- `published`: energy gain and mean N_i, both of Fig. 5 (ideal leaving: an oracle's);
- `oracle`: energy gain and accuracy under ideal leaving, as Table III counts accuracy;
- `real`: error and energy under the real entropy policy, every design at every level of the dial.

Ratio of dominance both ways against gamma 0, hypervolume as a ratio to that of gamma 0, exits kept, and, of Eq. (5)
itself, the exact best score with one exit and with more. Lists over backbones and seeds.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from codesign.search.chain_solver import ChainSolver
from codesign.search.hadas.clock_genes import ClockGenes
from codesign.search.hadas.dynamics import Designs, Dynamics
from codesign.search.hadas.inner_engine import InnerBudget, InnerSpace, inner_search
from codesign.search.hadas.objectives import PUBLISHED_REFERENCE, published_pair
from codesign.search.hadas.reported import at_every_level, dynamics_of
from codesign.search.hadas.score import ExitTerms, best_scores, exit_terms, hadas_score
from codesign.search.inner_grid import InnerLimits
from codesign.search.pareto import hypervolume, nondominated_2d, ratio_of_dominance
from codesign.search.pricing import Pricing
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray
from runtime.engine.machine import this_machine

from .frozen_supernet import read_backbones

GAMMAS = (0.0, 0.5, 1.0, 2.0, 4.0)
LEVELS = 24


def found_with(dynamics: Dynamics, gamma: float, seed: int, clocks: ClockGenes) -> Designs:
    """The Pareto set of the inner engine with the term to this power."""
    shares = ExitTerms(dynamics.right_shares, dynamics.right_shares[:, None])

    def judge(designs: Designs) -> FloatArray:
        gain = published_pair(dynamics, designs)[:, 0]
        kept = hadas_score(shares, designs.mask, np.zeros(len(designs), dtype=np.int64), gamma)
        return np.stack([gain, -kept], axis=1)

    return inner_search(InnerSpace(dynamics.exits, clocks), judge, InnerBudget(), seed).designs


def judged(dynamics: Dynamics, designs: Designs) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Front and reference by each of the three pairs."""
    ideal, every = dynamics.ideal(designs), at_every_level(designs, dynamics.levels)
    real = dynamics.real(every)
    gain = ideal.energy_j / dynamics.static_energy_j - 1.0
    pairs = {
        "published": (published_pair(dynamics, designs), PUBLISHED_REFERENCE),
        "oracle": (np.stack([gain, -ideal.accuracy], axis=1), PUBLISHED_REFERENCE),
        "real": (
            np.stack([1.0 - real.accuracy, real.energy_j], axis=1),
            np.asarray([1.0 - dynamics.right_shares.min(), dynamics.static_energy_j]),
        ),
    }
    return {
        name: (points[nondominated_2d(points[:, 0], points[:, 1])], reference)
        for name, (points, reference) in pairs.items()
    }


def compared(dynamics: Dynamics, seed: int, clocks: ClockGenes) -> list[dict[str, Any]]:
    """A row per gamma above 0."""
    without = judged(dynamics, found_with(dynamics, 0.0, seed, clocks))
    rows = []
    for gamma in GAMMAS[1:]:
        designs = found_with(dynamics, gamma, seed, clocks)
        row: dict[str, Any] = {
            "gamma": gamma,
            "mean_exits": float(np.mean([m.bit_count() for m in designs.mask.tolist()])),
        }
        for name, (front, reference) in judged(dynamics, designs).items():
            other = without[name][0]
            row[name] = {
                "with_dominates_without": ratio_of_dominance(front, other),
                "without_dominates_with": ratio_of_dominance(other, front),
                "hypervolume_ratio": hypervolume(front, reference) / hypervolume(other, reference),
                "best_first_with": float(front[:, 0].min()),
                "best_first_without": float(other[:, 0].min()),
                "best_second_with": float(front[:, 1].min()),
                "best_second_without": float(other[:, 1].min()),
            }
        rows.append(row)
    return rows


def scalar(dynamics: Dynamics) -> dict[str, Any]:
    """Eq. (5) solved exactly: the best score of one exit and of more, in both forms."""
    result: dict[str, Any] = {}
    for form in ("printed", "gain"):
        for gamma in GAMMAS:
            best = best_scores(exit_terms(dynamics, form), gamma)  # type: ignore[arg-type]
            more = max(best[1:], key=lambda one: one.score)
            result[f"{form}, gamma {gamma:g}"] = {"one_exit": best[0].score, "more": more.score, "exits": more.exits}
    return result


def main() -> None:
    """Compare, print the means, and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--board", default="tx2")
    parser.add_argument("--device", default="gpu")
    parser.add_argument("--backbones", type=int, default=12)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    one = profile(args.board)
    points = one.points(args.device)
    pricing = Pricing(
        SimulatedBoard(one, args.device), points, one.default_point(args.device), one.max_point(args.device)
    )
    solver, clocks = ChainSolver(pricing, InnerLimits(), LEVELS), ClockGenes(points)
    records = sorted(read_backbones(args.work), key=lambda record: (-record.log.candidates, record.name))
    rows, scalars = [], []
    for record in records[: args.backbones]:
        dynamics = dynamics_of(record, solver)
        scalars.append({"backbone": record.name, "exits": dynamics.exits, **scalar(dynamics)})
        for seed in range(args.seeds):
            rows += [{"backbone": record.name, "seed": seed, **row} for row in compared(dynamics, seed, clocks)]
    means: dict[str, Any] = {}
    for gamma in GAMMAS[1:]:
        some = [row for row in rows if row["gamma"] == gamma]
        means[f"gamma {gamma:g}"] = {
            "mean_exits": float(np.mean([row["mean_exits"] for row in some])),
            **{
                name: {key: float(np.mean([row[name][key] for row in some])) for key in some[0][name]}
                for name in ("published", "oracle", "real")
            },
        }
        print(
            f"gamma {gamma:g}:",
            {
                name: {k: round(v, 3) for k, v in means[f"gamma {gamma:g}"][name].items()}
                for name in ("published", "oracle", "real")
            },
        )
    result = {
        "kind": "accuracies measured on select, shared heads; costs simulated; published and oracle are an oracle's",
        "costs": pricing.model.hardware,
        "on": this_machine(),
        "command": "python -m tests.bench.bench_dissimilarity",
        "backbones": len(scalars),
        "seeds": args.seeds,
        "means": means,
        "rows": rows,
        "scalar_score_exact": scalars,
    }
    args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
