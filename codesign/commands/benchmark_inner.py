"""How near sampling comes to the exact front over exits, thresholds and clocks of one backbone, and how soon.

The backbone is one of a finished run folder (`codesign compile`), with the work that was counted on its graph; or
whatever answered `--logits`, an NPZ as `codesign certify` reads it: `logits` (exits, samples, classes), `labels`
(samples,) and, if known, `cost` (exits,), of a sample that leaves there, in any unit, which must not fall. Its work is
then assumed: --macs in all, spread over the stages as the costs are, or evenly. Latency and energy are simulated on the
board; accuracies are those of the file.

Exact: every set of exits × threshold level × operating point, by the house's solver. Beside it NSGA-II, as HADAS
samples that space, and random designs, both with as many evaluations. Per seed: hypervolume of error and energy up to
the reference point (the worst exit alone; the full network at default clocks), its share of the exact one, IGD+
(objectives scaled), ratio of dominance both ways, coverage (share of the exact front that was found), evaluations to
95 % and 98 % of the exact hypervolume, processor seconds. `--json` has them as lists over seeds under `strategies`;
those of NSGA-II stand at the top as well, beside `exact_hypervolume`, `exact_seconds` and `reference_point`.
"""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesign.commands.output_files import check_output_files
from codesign.walk.progress import Steps
from runtime.boards.profile import known_boards
from runtime.contract.errors import ConfigError

if TYPE_CHECKING:
    from codesign.search.backbone_record import BackboneRecord
    from codesign.search.hadas.inner_trial import InnerTrial

LEVELS, EVALUATIONS, SEEDS = 24, 3500, 10
MACS = 3e8  # of MobileNetV2 at 224 pixels
COMPARED = "nsga2"


def add_arguments(parser: ArgumentParser) -> None:
    """What the benchmark takes."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--run", dest="folder", type=Path, metavar="FOLDER", help="a finished run, or one whose search is done"
    )
    source.add_argument("--logits", type=Path, metavar="L.npz", help="what every exit answered, see above")
    parser.add_argument("--backbone", metavar="NAME", help="which of the run (default: the most accurate finalist)")
    parser.add_argument("--macs", type=float, default=MACS, help="assumed work of the full network (%(default)g)")
    parser.add_argument("--board", default="tx2", help=f"one of: {', '.join(known_boards())} (default: %(default)s)")
    parser.add_argument("--device", default="gpu", choices=("gpu", "cpu"), help="default: %(default)s")
    parser.add_argument("--levels", type=int, default=LEVELS, metavar="N", help="of the threshold dial (%(default)s)")
    parser.add_argument("--max-exits", type=int, metavar="K", help="early exits in one design (default: all)")
    parser.add_argument(
        "--evaluations", type=int, default=EVALUATIONS, metavar="N", help="per search (default: %(default)s)"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="K", help="searches each (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there")


def run(args: Namespace) -> int:
    """Solve, sample, print; 0 when done."""
    for name, least in (("evaluations", 100), ("seeds", 1), ("levels", 2)):
        if getattr(args, name) < least:
            raise ConfigError(f"{getattr(args, name)} is too few", where=f"--{name}", to_do=f"give {least} or more")
    if not 0 < args.macs < float("inf"):
        raise ConfigError(f"a network of {args.macs:g} multiply-accumulates", where="--macs", to_do="give more than 0")
    check_output_files(args.json)
    from .benchmark_inner_table import print_inner

    result = measured(args)
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print_inner(result)
    return 0


def measured(args: Namespace) -> dict[str, Any]:
    """Every figure, as documented for `--json`."""
    import numpy as np
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from codesign.search.chain_solver import ChainSolver
    from codesign.search.hadas.clock_genes import ClockGenes
    from codesign.search.hadas.inner_engine import InnerBudget, InnerSpace
    from codesign.search.hadas.inner_trial import ExactFront, engines, inner_trial
    from codesign.search.hadas.objectives import judge_of
    from codesign.search.hadas.reported import dynamics_of
    from codesign.search.inner import solve_inner
    from codesign.search.inner_grid import InnerLimits
    from codesign.search.outer_problem import front_points
    from codesign.search.pricing import Pricing
    from runtime.boards.profile import profile
    from runtime.boards.simulated import SimulatedBoard

    record, name, work = _backbone(args)
    board = profile(args.board)
    points = board.points(args.device)
    default, fastest = board.default_point(args.device), board.max_point(args.device)
    pricing = Pricing(SimulatedBoard(board, args.device), points, default, fastest)
    solver = ChainSolver(pricing, InnerLimits(max_exits=args.max_exits), args.levels)
    steps = Steps()
    with threadpool_limits(1):
        with steps.step("exact", f"exact front of {name}") as tick:
            tick(0, 1, "")
            started_s = time.process_time()
            thresholds, costs = solver.thresholds((record,)), pricing.exited((record,))
            front = solve_inner(record.log, thresholds, costs, pricing.points, limits=solver.limits)
            exact_s = time.process_time() - started_s
        worst_error = 1.0 - float(record.log.correct.mean(axis=1).min())
        static_j = float(pricing.static(record).energy_j[0, pricing.default])
        exact = ExactFront(front_points(front), np.asarray([worst_error, static_j]))
        if exact.hypervolume <= 0:
            raise ConfigError(
                "no design is both more accurate than the worst exit and cheaper than the full network",
                where=name,
                to_do="give logits of exits that get better with depth, or their costs",
            )
        dynamics = dynamics_of(record, solver)
        space = InnerSpace(dynamics.exits, ClockGenes(pricing.points), dynamics.levels, 0, args.max_exits)
        chosen = engines(space, judge_of(dynamics, "real"), InnerBudget(args.evaluations))
        trials: dict[str, list[InnerTrial]] = {engine: [] for engine in chosen}
        with steps.step("sample", f"{', '.join(chosen)}: {args.evaluations:,} evaluations") as tick:
            for seed in range(args.seeds):
                for number, (engine, search) in enumerate(chosen.items()):
                    tick(seed * len(chosen) + number, args.seeds * len(chosen), f"{engine}, seed {seed}")
                    trials[engine].append(inner_trial(search, seed, exact))
    figures = {engine: _over_seeds(of_engine) for engine, of_engine in trials.items()}
    return {
        "kind": f"accuracy as in the file, costs simulated ({pricing.model.hardware}), work {work}; seconds measured",
        "backbone": name,
        "early_exits": dynamics.exits,
        "max_exits": args.max_exits,
        "threshold_levels": args.levels,
        "operating_points": len(pricing.points),
        "samples": dynamics.samples,
        "board": args.board,
        "device": args.device,
        "objectives": ["error", "energy_j"],
        "reference_point": exact.reference.tolist(),
        "exact_hypervolume": exact.hypervolume,
        "exact_front_points": len(front),
        "exact_seconds": exact_s,
        "evaluations_allowed": args.evaluations,
        "seeds": list(range(args.seeds)),
        **figures[COMPARED],
        "strategies": figures,
    }


def _backbone(args: Namespace) -> tuple[BackboneRecord, str, str]:
    """The record, what it is called, and whether its work was counted or assumed."""
    from codesign.walk.finished_backbone import of_logits, of_run

    if args.logits is not None:
        if args.backbone is not None:
            raise ConfigError("--backbone names one of a run", where="--backbone", to_do="leave it out, or give --run")
        return of_logits(args.logits, args.macs), args.logits.name, "assumed"
    record = of_run(args.folder, args.backbone)
    return record, record.name, "counted"


def _over_seeds(trials: list[InnerTrial]) -> dict[str, list[Any]]:
    rows = [trial.to_json() for trial in trials]
    return {name: [row[name] for row in rows] for name in rows[0]}
