"""How good the fronts are that search strategies find in a table of designs, and how many evaluations it takes them.

The table is a cost table (NPZ without pickles) of a whole space, or of a part of one: `genome` (n, d) whole numbers,
`gene_names` (d,), `device_names` (k,), `latency_s` (k, n), and, as objectives need them, `accuracy` (n,) between 0 and
1 and `energy_j` (k, n). Where a table does not hold all combinations of its genes' values, strategies propose only
what it holds: a made-up combination moves to the nearest row not yet proposed.

Every strategy is told objectives of what it proposed and nothing else; a proposal is one evaluation, however many
objectives. The reference point is the worst value of each objective in the table, the exact front is that of all rows.
Per seed: hypervolume (and its share of the exact front's), IGD+ (objectives scaled to 0 at the exact front's best, 1 at
the reference), ratio of dominance both ways against the exact front and between strategies, coverage (share of the
exact front that was found), evaluations until 95 % and 98 % of the exact hypervolume, processor seconds.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesign.commands.output_files import check_output_files
from codesign.walk.progress import Steps
from runtime.contract.errors import ConfigError

if TYPE_CHECKING:
    from codesign.search.strategies.protocol import Options
    from codesign.search.strategy_trial import Trial
    from codesign.search.tabulated import Tabulated

DEFAULT_EVALUATIONS, DEFAULT_SEEDS, DEFAULT_BATCH = 300, 10, 10
CURVE_POINTS = 60
QUARTILES = {"low": 0.25, "median": 0.5, "high": 0.75}


def add_arguments(parser: ArgumentParser) -> None:
    """What the benchmark takes."""
    from codesign.search.strategies.registry import STRATEGIES

    names = "; ".join(f"{name} ({entry.says})" for name, entry in STRATEGIES.items()).replace("%", "%%")
    parser.add_argument("--table", required=True, type=Path, metavar="T.npz", help="a cost table")
    parser.add_argument("--strategy", default="house", metavar="S[,S2…]", help=f"default: house; there are: {names}")
    parser.add_argument(
        "--evaluations", type=int, default=DEFAULT_EVALUATIONS, metavar="N", help="per search (default: %(default)s)"
    )
    parser.add_argument(
        "--seeds", type=int, default=DEFAULT_SEEDS, metavar="K", help="searches a strategy (default: %(default)s)"
    )
    parser.add_argument("--device", metavar="NAME", help="the board of the table (default: the first)")
    parser.add_argument(
        "--objectives", default="accuracy,latency", metavar="O[,O2…]", help="accuracy, latency, energy (%(default)s)"
    )
    parser.add_argument(
        "--limit",
        type=float,
        metavar="C",
        help="of the cost, in seconds or joules, for strategies that need one (default: the table's median)",
    )
    parser.add_argument(
        "--batch", type=int, default=DEFAULT_BATCH, metavar="N", help="designs asked for at a time (%(default)s)"
    )
    parser.add_argument(
        "--population", type=int, default=50, metavar="N", help="of strategies that have one (%(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the figures there, lists over seeds")
    parser.add_argument("--plot", type=Path, metavar="OUT.svg", help="draw hypervolume over evaluations there")


def run(args: Namespace) -> int:
    """Search once per strategy and seed, print; 0 when done."""
    for name, least in (("evaluations", 1), ("seeds", 1), ("batch", 1), ("population", 4)):
        if getattr(args, name) < least:
            raise ConfigError(f"{getattr(args, name)} is too few", where=f"--{name}", to_do=f"give {least} or more")
    if args.limit is not None and not 0 < args.limit < float("inf"):
        raise ConfigError(f"{args.limit:g} is no limit of a cost", where="--limit", to_do="give seconds above 0")
    check_output_files(args.json, args.plot)
    from .benchmark_search_plot import search_plot
    from .benchmark_search_table import print_searches

    result = measured(args)
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if args.plot is not None:
        args.plot.write_text(search_plot(result), encoding="utf-8")
    print_searches(result)
    return 0


def measured(args: Namespace) -> dict[str, Any]:
    """Every strategy's figures, as documented for `--json`."""
    import numpy as np
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from codesign.predict.costs.cost_table import read_cost_table
    from codesign.search.strategies.protocol import Options
    from codesign.search.strategies.registry import make_strategy
    from codesign.search.strategy_trial import search_table
    from codesign.search.tabulated import Tabulated

    table = read_cost_table(args.table)
    device = table.device_names[0] if args.device is None else args.device
    objectives = [name.strip() for name in args.objectives.split(",") if name.strip()]
    problem = Tabulated.of(table, device, objectives, args.table)
    if args.evaluations > len(problem.designs):
        raise ConfigError(
            f"{args.evaluations:,} evaluations of a table of {len(problem.designs):,} designs",
            where="--evaluations",
            to_do=f"give at most {len(problem.designs):,}",
        )
    limit = args.limit
    if limit is None and len(objectives) > 1:
        limit = float(np.median(problem.worth[:, 1]))
    options = Options(population=args.population, evaluations=args.evaluations, limit=limit)
    strategies = _strategies(args.strategy, problem, options)
    trials: dict[str, list[Trial]] = {name: [] for name in strategies}
    steps = Steps()
    if problem.holes:
        steps.say(
            f"The table holds {len(problem.designs):,} of {problem.space.combinations:,} combinations: "
            "what a strategy makes up besides moves to the nearest row not yet proposed."
        )
    total = args.seeds * len(strategies) * args.evaluations
    with steps.step("search", f"{args.table.name}, {device}") as tick, threadpool_limits(1):
        for seed in range(args.seeds):
            for name in strategies:
                before = sum(len(trial.rows) for of_strategy in trials.values() for trial in of_strategy)
                strategy = make_strategy(name, problem.space, len(objectives), seed, options)
                trials[name].append(
                    search_table(
                        problem,
                        strategy,
                        args.evaluations,
                        args.batch,
                        lambda done, before=before, note=f"{name}, seed {seed}": tick(before + done, total, note),  # type: ignore[misc]
                    )
                )
    return _result(args, device, problem, options, trials)


def _strategies(given: str, problem: Tabulated, options: Options) -> list[str]:
    """The names, each tried, so that a missing extra or option is known before the first search."""
    from codesign.search.strategies.registry import make_strategy

    names = list(dict.fromkeys(name.strip() for name in given.split(",") if name.strip()))
    if not names:
        raise ConfigError("no strategies", where="--strategy", to_do="name one or more, separated by commas")
    for name in names:
        make_strategy(name, problem.space, len(problem.names), 0, options)
    return names


def _result(
    args: Namespace, device: str, problem: Tabulated, options: Options, trials: dict[str, list[Trial]]
) -> dict[str, Any]:
    from codesign.search.strategy_trial import dominance

    figures = {
        name: {
            **_over_seeds([trial.figures(problem) for trial in of_strategy]),
            "rod_over": {other: dominance(of_strategy, theirs) for other, theirs in trials.items() if other != name},
            "curve": _curve([trial.volumes / problem.exact_hypervolume for trial in of_strategy]),
        }
        for name, of_strategy in trials.items()
    }
    only = next(iter(figures.values())) if len(figures) == 1 else {}
    return {
        "kind": "table values; seconds measured",
        "table": args.table.name,
        "device": device,
        "objectives": list(problem.names),
        "designs": len(problem.designs),
        "combinations": problem.space.combinations,
        "evaluations_allowed": args.evaluations,
        "batch": args.batch,
        "population": args.population,
        "limit": options.limit,
        "seeds": list(range(args.seeds)),
        "reference_point": problem.reference.tolist(),
        "exact_hypervolume": problem.exact_hypervolume,
        "exact_front_points": len(problem.exact),
        **only,
        "strategies": figures,
    }


def _over_seeds(figures: list[dict[str, Any]]) -> dict[str, list[Any]]:
    return {name: [of_seed[name] for of_seed in figures] for name in figures[0]}


def _curve(shares: list[Any]) -> dict[str, list[float]]:
    """Quartiles over seeds of the share of the exact hypervolume, after so many evaluations."""
    import numpy as np

    shortest = min(len(of_seed) for of_seed in shares)
    at = np.unique(np.linspace(1, shortest, min(CURVE_POINTS, shortest)).round().astype(int))
    stacked = np.stack([of_seed[at - 1] for of_seed in shares])
    quartiles = {name: np.quantile(stacked, share, axis=0).tolist() for name, share in QUARTILES.items()}
    return {"evaluations": at.tolist(), **quartiles}
