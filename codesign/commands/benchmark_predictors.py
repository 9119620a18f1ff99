"""Fit every predictor to a few designs of a board's cost table, and judge them on all the others.

For each seed, N training designs are drawn at random, no two of the same network (see `group` in the table). Every
model with every encoding is fitted on them alone and judged on the rows of all other networks. With `--sources`, the
table's costs on those boards are known for every design: then `house` transfers from them, and `nearest-source` scales
the board that ranks the samples most alike. `--protocol help` is HELP's: the fastest and slowest 10 % of the target's
designs are left out first, and N counts every target latency that is read.

Figures are means over seeds: rank correlations (Spearman, Kendall's tau-b), MAPE, RMSPE, the share within 10 %, the
share of costs inside 90 % intervals, seconds to fit, and seconds to predict 100,000 designs on one core.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesign.commands.output_files import check_output_files
from codesign.walk.progress import Steps
from runtime.contract.errors import ConfigError, DataError

if TYPE_CHECKING:
    from codesign.predict.contest.trial import Trial
    from codesign.predict.costs.cost_table import CostTable
    from runtime.contract.arrays import BoolArray, FloatArray

DEFAULT_SEEDS = 5
HELP_SAMPLES = 20


def add_arguments(parser: ArgumentParser) -> None:
    """What the benchmark takes."""
    parser.add_argument("--table", required=True, type=Path, metavar="T.npz", help="a cost table")
    parser.add_argument("--target", required=True, metavar="DEVICE", help="the board of the table to predict")
    parser.add_argument(
        "--sources",
        default="none",
        metavar="A,B,…",
        help="boards whose costs are known, `all` others, or none (default)",
    )
    parser.add_argument("--samples", type=int, metavar="N", help="training designs; default: 100, or 20 with sources")
    parser.add_argument("--seeds", type=int, default=DEFAULT_SEEDS, metavar="K", help="default: %(default)s")
    parser.add_argument("--protocol", choices=("plain", "help"), default="plain", help="default: %(default)s")
    parser.add_argument("--cost", choices=("latency", "energy"), default="latency", help="default: %(default)s")
    parser.add_argument("--models", metavar="A,B,…", help="only these; default: all of them")
    parser.add_argument(
        "--clean", action="store_true", help="leave out costs far below what the design's peers cost, before all else"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the result there")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw every model's error and rank correlation")


def run(args: Namespace) -> int:
    """Fit, judge, print; 0 when done."""
    if args.seeds < 1:
        raise ConfigError(f"{args.seeds} seeds say nothing", where="--seeds", to_do="give 1 or more")
    check_output_files(args.json, args.plot)
    # Imported here, since these bring scipy and scikit-learn, for which `--help` need not wait.
    from codesign.predict.costs.cost_table import read_cost_table

    from .benchmark_predictors_plot import standings_plot
    from .benchmark_predictors_table import print_standings

    table = read_cost_table(args.table)
    sources = _sources(args.sources, args.target, table)
    samples = args.samples if args.samples is not None else HELP_SAMPLES if sources or args.protocol == "help" else 100
    if samples < 2:
        raise ConfigError(f"{samples} samples fit nothing", where="--samples", to_do="give 2 or more")
    result = measured(args, table, sources, samples)
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print_standings(result)
    if args.plot is not None:
        args.plot.write_text(standings_plot(result), encoding="utf-8")
    return 0


def measured(args: Namespace, table: CostTable, sources: tuple[str, ...], samples: int) -> dict[str, Any]:
    """All contenders on all splits, as documented for `--json`."""
    import numpy as np
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from codesign.predict.contest.contenders import contenders
    from codesign.predict.contest.standings import standings
    from codesign.predict.contest.trial import trial
    from codesign.predict.costs.splits import training_and_test

    costs = costs_of(table, args.cost)
    of_target = costs[table.device(args.target)].copy()
    left_out = 0
    if args.clean:
        low = abnormally_low_costs(table, of_target)
        of_target[low], left_out = np.nan, int(low.sum())
    wanted = None if args.models is None else tuple(args.models.split(","))
    entered = contenders(table, costs[[table.device(name) for name in sources]], wanted)
    trials: list[Trial] = []
    refused: dict[str, str] = {}
    title = f"{args.target}: {args.seeds} splits of {samples} samples"
    # One thread: the matrices are small, and threads that wait for a busy core make this ten times slower.
    with Steps().step("predictors", title) as tick, threadpool_limits(1):
        for seed in range(args.seeds):
            split = training_and_test(table.group, of_target, samples, np.random.default_rng(seed), args.protocol)
            for number, contender in enumerate(entered):
                tick(seed * len(entered) + number, args.seeds * len(entered), f"{contender.model} {contender.encoding}")
                try:
                    rng = np.random.default_rng([seed, number])
                    trials.append(trial(contender, table.genome, of_target, split, rng, timed=seed == 0))
                except DataError as error:
                    refused[f"{contender.model}, {contender.encoding}"] = error.what
    for name, why in refused.items():
        print(f"codesign: {name}: {why}", file=sys.stderr)
    if not trials:
        raise DataError("no model could be fitted", where=str(args.table), to_do="give more samples")
    return {
        "kind": "costs as in the table, predicted by models fitted on other designs of the same board",
        "table": args.table.name,
        "target": args.target,
        "cost": args.cost,
        "sources": list(sources),
        "samples": samples,
        "seeds": args.seeds,
        "protocol": args.protocol,
        "designs": int((~np.isnan(of_target)).sum()),
        "left_out": left_out,
        "refused": refused,
        "results": standings(trials),
    }


def abnormally_low_costs(table: CostTable, costs: FloatArray) -> BoolArray:
    """(designs,): what the option `--clean` leaves out."""
    from codesign.predict.costs.clean import abnormally_low
    from codesign.predict.encodings.encodings import ENCODINGS

    return abnormally_low(ENCODINGS["fcc"](table.genes).features(table.genome), costs)


def costs_of(table: CostTable, cost: str) -> FloatArray:
    """(boards, designs). Raises DataError where the table has no such cost."""
    if cost == "latency":
        return table.latency_s
    if table.energy_j is None:
        raise DataError("the table holds no `energy_j`", to_do="use --cost latency, or a table with energies")
    return table.energy_j


def _sources(given: str, target: str, table: CostTable) -> tuple[str, ...]:
    table.device(target)
    if given == "none":
        return ()
    if given == "all":
        return tuple(name for name in table.device_names if name != target)
    names = tuple(name.strip() for name in given.split(",") if name.strip())
    for name in names:
        table.device(name)
    if target in names:
        raise ConfigError(
            f"{target!r} cannot be a source of itself",
            where="--sources",
            to_do="leave it out: its costs are the question",
        )
    if not names or len(set(names)) < len(names):
        raise ConfigError("boards that differ are needed", where="--sources", to_do="name each once, or give `none`")
    return names
