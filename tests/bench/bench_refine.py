"""A closed loop on simulated boards: served for a day, refined, judged on the truth. Everything is simulated.

    python -m tests.bench.bench_refine [--boards tx2:gpu orin-nano-super:gpu …] [--seeds 3] [--units 6] [--json OUT]

Shipped: MobileNetV2 with exits, chosen for a board as its profile says. The truth differs (see `refine_fleet`), each
unit by effects of its own; images in the field are harder. Served by fixed modes, by fixed modes with one stretch in a
hundred at other offered clocks, and by the governor. Errors are mean absolute relative errors of joules and of seconds
of the default mode against the kind of board's truth, with the mix of the field, at the clocks that were served, at the
true optimum, and over all allowed clocks. Beside the update: doing nothing; one factor for everything; the same
equations fitted from scratch, with no trust in what was shipped. The truth is the mean of the units that served.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from codesign.fleet.questions import ask_sql
from codesign.policy.replay import replay
from codesign.refine.cost_equations import CostEquations
from codesign.refine.left_out import Wanted
from codesign.refine.observations import POWER, TIME, observations_of
from codesign.refine.read_served import read_served
from codesign.refine.refined_board import refined_board
from codesign.refine.resolve import Resolved, bench_of, reclocked, resolved, results_of
from codesign.refine.served_costs import ServedCosts
from codesign.refine.served_mix import Reported, mix_weights
from codesign.refine.spending import Run
from codesign.refine.update import Posterior, updated
from codesign.search.choose import ChosenDesign
from codesign.search.inner import EnergyKind
from codesign.search.pricing import Pricing
from codesign.walk.choose_step import MODE_LOSSES, laxer_modes, requirement
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import CostModel, expected_costs, served_energy_j, stage_costs
from runtime.contract.operating_point import OperatingPoint

from .refine_fleet import (
    BUNDLE,
    REQUESTS_PER_S,
    SCENARIOS,
    Fleet,
    Scenario,
    Shipped,
    field_shares,
    fixed_day,
    fleet_of,
    governed_day,
    shipped,
    written,
)
from .served_rows import ServedDesign, Stretch, explored, serve

BOARDS = ("tx2:gpu", "orin-nano-super:gpu", "agx-xavier:gpu", "orin-nano-super:cpu")
MODE = "balanced"
WORTH = 0.03  # a gap to the true optimum, below which nothing needs to be recovered
PEAK_PER_S = 4.0  # images a unit is asked for at most


@dataclass(frozen=True)
class Errors:
    """Mean absolute relative errors, of joules and of seconds."""

    joules: float
    seconds: float


def errors(ours: FloatArray, truth: FloatArray) -> float:
    return float(np.abs(ours / truth - 1.0).mean())


def of_model(
    model: CostModel, ours: Shipped, chosen: ChosenDesign, shares: FloatArray, points: list[OperatingPoint]
) -> tuple[FloatArray, FloatArray]:
    """Seconds and joules, (points,)."""
    return expected_costs(shares, stage_costs(model, ours.stages(chosen), points))


def refine(ours: Shipped, served: ServedCosts) -> tuple[Posterior, dict[str, Resolved], FloatArray]:
    """The product's refinement, in memory."""
    designs = {(BUNDLE, name): ours.stages(chosen) for name, chosen in ours.modes.items()}
    blocks = [block for segment in ours.record.works.segments for block in segment]
    equations = CostEquations.of(ours.board, ours.device, [*blocks, *ours.record.works.heads])
    posterior = updated(equations, observations_of(served, designs, equations))
    board = refined_board(posterior, "refined", ())
    reported = [
        Reported(
            replay(ours.polisher.log(chosen), chosen.design.mask, chosen.policy).exits_taken,
            served.exits[(BUNDLE, name)],
        )
        for name, chosen in ours.modes.items()
        if (BUNDLE, name) in served.exits
    ]
    weights = mix_weights(ours.record.log.samples, reported)
    default = dict(ours.modes.items())[MODE]
    shares = replace(ours.polisher, weights=weights).shares(
        ours.polisher.log(default), default.design.mask, default.policy
    )
    most = max(served.times, key=lambda cell: cell.rows).point
    bench = bench_of(posterior, board, ours.polisher, weights, Run(ours.stages(default), shares, most))
    results = results_of([chosen.chain for _, chosen in ours.modes.items()], bench.doubtful.solver)
    reference = ours.record.log.correct[-1]
    found = {}
    for name, chosen in ours.modes.items():
        wanted = [requirement(reference, 0.01, other) for other in laxer_modes(name)] if name in MODE_LOSSES else []
        found[name] = resolved(chosen, bench, bench.doubtful.best(results, wanted))
    return posterior, found, weights


def best_of(ours: Shipped, model: CostModel, weights: FloatArray) -> ChosenDesign:
    """What would be chosen if the truth were known."""
    points, shipped_at = ours.pricing.points, ours.pricing
    pricing = Pricing(model, points, points[shipped_at.default], points[shipped_at.fastest])
    solver = replace(ours.polisher.solver, pricing=pricing)
    polisher = replace(ours.polisher, solver=solver, weights=weights, paths={}, likely={})
    wanted = [requirement(ours.record.log.correct[-1], 0.01, other) for other in laxer_modes(MODE)]
    found = polisher.best(results_of([(ours.record,)], solver), wanted)
    chosen = found or ours.modes.balanced
    return reclocked(chosen, polisher)


def one_factor(posterior: Posterior) -> tuple[float, float]:
    """Plain rescaling: the median error of seconds, and of watts."""
    kind, error = posterior.observations.kind, posterior.shipped_error
    return float(np.exp(np.median(error[kind == TIME]))), float(np.exp(np.median(error[kind == POWER])))


def from_scratch(posterior: Posterior) -> Posterior:
    """The same regression where nothing is believed beforehand of the terms."""
    terms = tuple(replace(term, prior_sd=2.0) for term in posterior.equations.terms)
    return updated(replace(posterior.equations, terms=terms), posterior.observations)


def designs_of(ours: Shipped, scenario: Scenario) -> dict[str, ServedDesign]:
    """What is served, under the mix of the field."""
    return {
        name: ServedDesign(ours.stages(chosen), field_shares(ours, chosen, scenario))
        for name, chosen in ours.modes.items()
    }


def loop(
    board: str, device: str, energy: EnergyKind, scenario: Scenario, service: str, seed: int, units: int
) -> dict[str, Any]:
    """One closed loop."""
    rng = np.random.default_rng([seed, 11])
    ours = shipped(board, device, rng, energy)
    fleet = fleet_of(ours, scenario, units, rng)
    rate = PEAK_PER_S
    _, promises = written(ours)
    offered = [costs.operating_point for costs in promises[MODE].at_other_clocks]
    if service == "governed":
        days = [governed_day(ours, 0.6, rng) for _ in range(units)]
        days = [[replace(stretch, images=min(stretch.images, 40)) for stretch in day] for day in days]
    else:
        days = [fixed_day(ours, rate, rng) for _ in range(units)]
        if service == "explored":
            days = [explored(_minutes(day), offered, 97) for day in days]
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(ours.board.name, BUNDLE, designs_of(ours, scenario), fleet.units, days, Path(folder), rng) as store,
    ):
        designs = {(BUNDLE, name): chosen.policy.stages for name, chosen in ours.modes.items()}
        wanted = Wanted(ours.board.name, designs, ours.pricing.points, 99.0)
        started = time.perf_counter()
        served = read_served(partial(ask_sql, store), wanted)
        read_s = time.perf_counter() - started
    started = time.perf_counter()
    posterior, found, weights = refine(ours, served)
    refine_s = time.perf_counter() - started
    return judged(ours, fleet, scenario, served, posterior, found, weights) | {
        "board": board,
        "device": device,
        "energy": energy,
        "scenario": scenario.name,
        "service": service,
        "seed": seed,
        "read_s": read_s,
        "refine_s": refine_s,
        "exploring_costs": exploring_costs(ours, fleet, designs_of(ours, scenario), days),
    }


def exploring_costs(ours: Shipped, fleet: Fleet, designs: dict[str, ServedDesign], days: list[list[Stretch]]) -> float:
    """Joules of the images served, beside those at the modes' own clocks: share that is paid for having looked."""
    own = {name: chosen.design.operating_point for name, chosen in ours.modes.items()}
    image_j = {
        (stretch.mode, point): float(
            fleet.costs(designs[stretch.mode].stages, designs[stretch.mode].shares, [point])[1][0]
        )
        for day in days
        for stretch in {(s.mode, s.point): s for s in day}.values()
        for point in (stretch.point, own[stretch.mode])
    }
    spent = sum(s.images * image_j[s.mode, s.point] for day in days for s in day)
    return spent / sum(s.images * image_j[s.mode, own[s.mode]] for day in days for s in day) - 1.0


def _minutes(day: list[Stretch]) -> list[Stretch]:
    return [
        replace(s, begins_s=s.begins_s + 60.0 * k, seconds=60.0, images=s.images // max(1, int(s.seconds // 60)))
        for s in day
        for k in range(int(s.seconds // 60))
    ]


def judged(
    ours: Shipped,
    fleet: Fleet,
    scenario: Scenario,
    served: ServedCosts,
    posterior: Posterior,
    found: dict[str, Resolved],
    weights: FloatArray,
) -> dict[str, Any]:
    """Errors and recovered savings, on the truth."""
    default = ours.modes.balanced
    shares = field_shares(ours, default, scenario)
    labelled = ours.polisher.shares(ours.polisher.log(default), default.design.mask, default.policy)
    optimum = best_of(ours, fleet.common, weights)
    everywhere = list(ours.pricing.points)
    where = {
        "served": list({cell.point for cell in served.times}),
        "optimum": [optimum.design.operating_point],
        "everywhere": everywhere,
    }
    board = refined_board(posterior, "refined", ())
    scratch = refined_board(from_scratch(posterior), "from scratch", ())
    time_factor, power_factor = one_factor(posterior)
    rows: dict[str, dict[str, Any]] = {}
    for name, points in where.items():
        true_s, true_j = fleet.costs(ours.stages(default), shares, points)
        nothing = of_model(ours.pricing.model, ours, default, labelled, points)
        refined_shares = replace(ours.polisher, weights=weights).shares(
            ours.polisher.log(default), default.design.mask, default.policy
        )
        ours_s, ours_j = of_model(board, ours, default, refined_shares, points)
        scratch_s, scratch_j = of_model(scratch, ours, default, refined_shares, points)
        factor_s, factor_j = of_model(ours.pricing.model, ours, default, refined_shares, points)
        rows[name] = {
            "nothing": asdict(Errors(errors(nothing[1], true_j), errors(nothing[0], true_s))),
            "one factor": asdict(
                Errors(errors(factor_j * time_factor * power_factor, true_j), errors(factor_s * time_factor, true_s))
            ),
            "from scratch": asdict(Errors(errors(scratch_j, true_j), errors(scratch_s, true_s))),
            "refined": asdict(Errors(errors(ours_j, true_j), errors(ours_s, true_s))),
        }

    def true_energy_j(chosen: ChosenDesign) -> float:
        of, point = field_shares(ours, chosen, scenario), [chosen.design.operating_point]
        seconds, joules = fleet.costs(ours.stages(chosen), of, point)
        if ours.polisher.solver.energy == "back_to_back":
            return float(joules[0])
        return float(served_energy_j(joules, seconds, fleet.idle_w(point), REQUESTS_PER_S)[0])

    before_j, after_j, best_j = (true_energy_j(c) for c in (default, found[MODE].after, optimum))
    return {
        "errors": rows,
        "units": len(served.units),
        "rows": served.rows,
        "clocks_served": len(where["served"]),
        "left_out": dict(served.left_out),
        "shipped_over_optimum": before_j / best_j - 1.0,
        "saved": 1.0 - after_j / before_j,
        "expected": asdict(found[MODE].saving),
        "recovered": (before_j - after_j) / (before_j - best_j) if before_j > (1.0 + WORTH) * best_j else None,
        "changed": found[MODE].changed,
    }


def main() -> None:
    """Print a table and keep the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--boards", nargs="+", default=list(BOARDS), metavar="BOARD:DEVICE")
    parser.add_argument("--services", nargs="+", default=["fixed", "explored", "governed"])
    parser.add_argument("--energies", nargs="+", default=["back_to_back"], choices=("back_to_back", "served"))
    parser.add_argument("--scenarios", nargs="+", type=int, default=[0, 1, 2], help="numbers in refine_fleet.SCENARIOS")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--units", type=int, default=6)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    results: list[dict[str, Any]] = []
    seeds = range(args.first_seed, args.first_seed + args.seeds)
    scenarios = [SCENARIOS[number] for number in args.scenarios]
    for named, energy, scenario, service, seed in product(args.boards, args.energies, scenarios, args.services, seeds):
        board, device = named.split(":")
        results.append(loop(board, device, energy, scenario, service, seed, args.units))
        _print(results[-1])
        if args.json is not None:
            args.json.write_text(json.dumps({"options": sys.argv[1:], "results": results}, indent=1) + "\n")


def _print(row: dict[str, Any]) -> None:
    hows = ("nothing", "one factor", "from scratch", "refined")
    told = "; ".join(
        f"{where} " + "/".join(f"{found[how]['joules']:.1%}" for how in hows) for where, found in row["errors"].items()
    )
    recovered = "-" if row["recovered"] is None else f"{row['recovered']:.0%}"
    expected = row["expected"]
    print(
        f"{row['board']}:{row['device']} {row['energy']} {row['scenario'][:10]} {row['service']} {row['seed']}: {told};"
        f" clocks {row['clocks_served']}, gap {row['shipped_over_optimum']:.1%}, saved {row['saved']:.1%}"
        f" (expected {expected['expected']:.1%} from {expected['low']:.1%}), recovered {recovered}; exploring costs"
        f" {row['exploring_costs']:.2%}; {row['rows']} rows, read {row['read_s']:.1f} s, refined {row['refine_s']:.1f}",
        flush=True,
    )


if __name__ == "__main__":
    main()
