"""What a search gains by predicting costs instead of measuring each candidate: error and time of every method.

Repeats Table V of the survey of hardware-aware architecture search: the same evolutionary search over a table of a
whole space (with accuracies), once with every candidate measured live, once with each cost model fitted to N measured
designs. The board is simulated: it answers from the table, with noise, and takes the seconds that set-up and runs
would take. What the survey found on a Tesla K80 over NAS-Bench-101 stands beside; another space and board, so ratios
can be compared, not seconds.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesign.commands.output_files import check_output_files
from codesign.walk.progress import Steps
from runtime.contract.errors import ConfigError, DataError

if TYPE_CHECKING:
    from codesign.search.estimator_race import Lap

# Table V of the survey: RMSE (its unit is not given) and the speed-up of the whole search.
SURVEY = {
    "live measurement": (0.0, 1.0),
    "lookup": (4.32, 2.3),
    "mlp": (3.83, 5.43),
    "boosting": (3.8, 5.64),
    "flops": (5.6, 5.2),
}
METHODS = {"lookup": "one-hot", "mlp": "one-hot", "boosting": "one-hot", "flops": "layers", "house": "own"}
DEFAULT_SEEDS = 3


def add_arguments(parser: ArgumentParser) -> None:
    """What the benchmark takes."""
    parser.add_argument("--table", required=True, type=Path, metavar="T.npz", help="a cost table with accuracies")
    parser.add_argument("--target", required=True, metavar="DEVICE", help="the board of the table to search for")
    parser.add_argument(
        "--samples", type=int, default=200, metavar="N", help="designs to fit on (default: %(default)s)"
    )
    parser.add_argument("--evaluations", type=int, default=1000, metavar="N", help="of a search (default: %(default)s)")
    parser.add_argument("--population", type=int, default=50, metavar="N", help="default: %(default)s")
    parser.add_argument("--seeds", type=int, default=DEFAULT_SEEDS, metavar="K", help="default: %(default)s")
    parser.add_argument("--runs", type=int, default=150, metavar="N", help="of a measurement (default: %(default)s)")
    parser.add_argument(
        "--setup-s", type=float, default=5.0, metavar="S", help="to put a design onto the board; assumed %(default)s"
    )
    parser.add_argument(
        "--noise", type=float, default=0.01, metavar="F", help="of one measurement (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the result there")


def run(args: Namespace) -> int:
    """Search once per method and seed, print; 0 when done."""
    for name, least in (("samples", 2), ("evaluations", 1), ("population", 4), ("seeds", 1), ("runs", 1)):
        if getattr(args, name) < least:
            raise ConfigError(f"{getattr(args, name)} is too few", where=f"--{name}", to_do=f"give {least} or more")
    check_output_files(args.json)
    from .benchmark_cost_models_table import print_laps

    result = measured(args)
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print_laps(result)
    return 0


def measured(args: Namespace) -> dict[str, Any]:
    """Every method's laps, as documented for `--json`."""
    import numpy as np
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from codesign.predict.contest.contenders import contenders
    from codesign.predict.costs.cost_table import read_cost_table
    from codesign.predict.costs.splits import training_and_test
    from codesign.search.estimator_race import Course, ReplayedBoard, estimated, live
    from codesign.search.table_evolution import WholeSpace

    table = read_cost_table(args.table)
    costs_s = table.latency_s[table.device(args.target)]
    if table.accuracy is None or np.isnan(table.accuracy).any() or np.isnan(costs_s).any():
        raise DataError(
            "a search needs the accuracy and the latency of every design",
            where=str(args.table),
            to_do="use a table such as NAS-Bench-201's",
        )
    generations = max(1, args.evaluations // args.population)
    space = WholeSpace(table.genome)
    course = Course(table.genome, table.accuracy, costs_s, args.population, generations, space)
    entered = [
        one
        for one in contenders(table, table.latency_s[:0], tuple(METHODS))
        if one.encoding == METHODS[one.model] or one.model == "house"
    ]
    laps: dict[str, list[Lap]] = {}
    with Steps().step("race", f"{args.target}: {args.seeds} searches a method") as tick, threadpool_limits(1):
        for seed in range(args.seeds):
            for number, method in enumerate([None, *entered]):
                name = "live measurement" if method is None else method.model
                tick(seed * (len(entered) + 1) + number, args.seeds * (len(entered) + 1), name)
                rng = np.random.default_rng([seed, number])
                board = ReplayedBoard(costs_s, args.noise, args.runs, args.setup_s, rng)
                if method is None:
                    lap = live(course, board, seed)
                else:
                    training = training_and_test(
                        table.group, costs_s, args.samples, np.random.default_rng(seed)
                    ).training
                    lap = estimated(method.model, course, board, method.make, training, seed)
                laps.setdefault(name, []).append(lap)
    return {
        "kind": "simulated measurements of tabulated costs; computing time measured",
        "table": args.table.name,
        "target": args.target,
        "samples": args.samples,
        "evaluations": generations * args.population,
        "seeds": args.seeds,
        "runs": args.runs,
        "setup_s": args.setup_s,
        "noise": args.noise,
        "results": _rows(laps),
    }


def _rows(laps: dict[str, list[Lap]]) -> list[dict[str, Any]]:
    import numpy as np

    live_s = np.array([lap.search_s for lap in laps["live measurement"]])
    rows = []
    for method, found in laps.items():
        row: dict[str, Any] = {"method": method}
        figures = {name: [asdict(lap)[name] for lap in found] for name in asdict(found[0]) if name != "method"}
        figures["search_s"] = [lap.search_s for lap in found]
        figures["speedup"] = (live_s / np.array(figures["search_s"])).tolist()
        for name, values in figures.items():
            row[name] = float(np.mean(values))
            row[f"{name}_std"] = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
        rmse, speedup = SURVEY.get(method, (None, None))
        rows.append(row | {"survey_rmse": rmse, "survey_speedup": speedup})
    return rows
