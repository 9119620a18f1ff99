"""Fit latency and power over clocks to some of a board's measured cells, and judge the fits on the others.

Each board and workload is split at random, at each EMC clock where there are several; every model is fitted on the
training cells and judged by relative errors on the rest, averaged over workloads and splits. Models of latency: `house`
(smooth roofline of GPU and memory clock, and a Gaussian process for what it leaves over), `k_over_f_plus_b`, `additive`
(a/f_gpu + m/f_emc + c/f_cpu + b). Models of power: `house` (idle + dynamic, never falling with a clock), `linear`
(c0 + c1 f_gpu), `additive` (c0 + a f_gpu + m f_emc + c f_cpu).

The CSV file has the columns board, optionally workload, any of n_cpu_cores, cpu_hz, gpu_hz, emc_hz, then latency_s or
latency_p50_s, optionally power (board_w or vdd_in_w: the whole board, other *_w: rails). With requests_per_s, powers
are means over the period under that load, idle time included; then idle power and joules per request are fitted.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from codesign.commands.benchmark_board_table import print_table
from codesign.commands.benchmark_error_plot import error_plot
from codesign.commands.output_files import check_output_files
from codesign.predict.clocks.cells_csv import WHOLE_BOARD, read_measurements
from codesign.predict.clocks.clock_cells import ClockCells
from codesign.predict.clocks.clock_model import ClockModel
from codesign.predict.clocks.held_out import HeldOut, averages, by_workload, held_out, simplifications, too_small
from codesign.walk.progress import Steps
from runtime.contract.errors import ConfigError, DataError

DEFAULT_SEEDS = 20


def add_arguments(parser: ArgumentParser) -> None:
    """What the benchmark takes."""
    parser.add_argument("--csv", required=True, type=Path, metavar="FILE", help="measurements, one setting a line")
    parser.add_argument(
        "--train-fraction", required=True, type=float, metavar="F", help="share of the cells to fit on, e.g. 0.25"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the result there")
    parser.add_argument(
        "--seeds", type=int, default=DEFAULT_SEEDS, metavar="N", help=f"random splits (default: {DEFAULT_SEEDS})"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the held-out errors of every model")


def run(args: Namespace) -> int:
    """Fit, judge, print; 0 when done."""
    if not 0.0 < args.train_fraction < 1.0:
        raise ConfigError(
            f"{args.train_fraction:g} is no share of the cells", where="--train-fraction", to_do="give 0 < F < 1"
        )
    if args.seeds < 1:
        raise ConfigError(f"{args.seeds} splits say nothing", where="--seeds", to_do="give 1 or more")
    check_output_files(args.json, args.plot)
    measured = read_measurements(args.csv)
    left_out = too_small(measured.latency)
    for one in left_out:
        print(f"codesign: {one.board}, {one.workload}: one setting only, left out", file=sys.stderr)
    if len(left_out) == len(measured.latency):
        raise DataError(
            "no workload has two settings, so nothing can be held out",
            where=str(args.csv),
            to_do="add measurements at other clocks",
        )
    # Imported here, since these bring scipy, for which `--help` need not wait.
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from codesign.predict.clocks.clock_models import LATENCY_MODELS, POWER_MODELS

    steps = Steps()

    def splits(
        title: str, models: Mapping[str, Callable[[int], ClockModel]], cells: Sequence[ClockCells]
    ) -> list[HeldOut]:
        found: list[HeldOut] = []
        # One thread: the matrices are small, and threads that wait for a busy core make this ten times slower.
        with steps.step(title, f"{title}: {args.seeds} splits") as tick, threadpool_limits(1):
            for seed in range(args.seeds):
                tick(seed, args.seeds, "")
                found += held_out(models, cells, args.train_fraction, seed)
        return found

    latency = splits("latency", LATENCY_MODELS, measured.latency)
    power = {name: splits(name, POWER_MODELS, cells) for name, cells in measured.power.items()}
    result = as_json(latency, power) | {
        "csv": args.csv.name,
        "train_fraction": args.train_fraction,
        "seeds": args.seeds,
        "left_out": [f"{one.board}, {one.workload}" for one in left_out],
    }
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print_table(result)
    if args.plot is not None:
        drawn = {"latency": latency} | {name: power[name] for name in result["power_columns"]}
        args.plot.write_text(error_plot(drawn), encoding="utf-8")
    return 0


def as_json(latency: Sequence[HeldOut], power: Mapping[str, Sequence[HeldOut]]) -> dict[str, Any]:
    """The result as documented: `power` is of the whole board where a column holds that, else of all rails."""
    columns = [name for name in WHOLE_BOARD if power.get(name)] or [name for name, found in power.items() if found]
    result: dict[str, Any] = {"latency": averages(latency)}
    if columns:
        result["power"] = averages([one for name in columns for one in power[name]])
    return result | {
        "kind": "measured cells, predicted by models fitted on other measured cells",
        "n_workloads": len({(one.board, one.workload) for one in latency}),
        "power_columns": columns,
        "workloads": {
            "latency": by_workload(latency),
            "power": {name: by_workload(found) for name, found in power.items()},
        },
        "simplified": {
            "latency": simplifications(latency),
            "power": {name: simplifications(found) for name, found in power.items()},
        },
    }
