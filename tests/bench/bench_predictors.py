"""Whether the house model is the most accurate on a single board: every board of every table, every model beside it.

    python -m tests.bench.bench_predictors --data ../shared/data [--samples 100] [--seeds 2] [--json OUT]

Each seed draws training designs as `codesign benchmark predictors` does; up to 2,000 of the other designs judge. A
board counts as won where the house model's mean error over the seeds is no higher than that of the best other model
with its best encoding, chosen afterwards: the hardest rival there is. Coverage is that of 90 % intervals.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from codesign.predict.contest.contenders import HOUSE, contenders
from codesign.predict.contest.standings import standings
from codesign.predict.contest.trial import trial
from codesign.predict.costs.cost_table import CostTable, read_cost_table
from codesign.predict.costs.splits import Split, training_and_test

TABLES = ("nasbench201", "fbnet", "ofa_mobilenetv3")
FIRST_SEED = 4000  # no model was tuned on these
MOST_JUDGED = 2000


def of_board(
    table: CostTable, board: int, samples: int, seeds: int, models: tuple[str, ...] | None
) -> list[dict[str, Any]]:
    """The standings of one board."""
    costs = table.latency_s[board]
    trials = []
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        rng = np.random.default_rng(seed)
        drawn = training_and_test(table.group, costs, samples, rng)
        split = Split(drawn.training, rng.permutation(drawn.test)[:MOST_JUDGED])
        for number, contender in enumerate(contenders(table, table.latency_s[:0], models)):
            trials.append(
                trial(contender, table.genome, costs, split, np.random.default_rng([seed, number]), timed=False)
            )
    return standings(trials)


def main() -> None:
    """A line for each board, then each table's."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds latency/*.npz")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=TABLES)
    parser.add_argument("--boards", nargs="+", help="only these (default: all)")
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--models", help="comma-separated (default: all)")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    models = None if args.models is None else tuple(args.models.split(","))
    started = time.monotonic()
    result: dict[str, Any] = {"kind": "predicted against measured", "samples": args.samples, "seeds": args.seeds}
    result |= {"models": args.models or "all", "machine": f"{platform.system()} {platform.machine()}", "tables": {}}
    with threadpool_limits(1):
        for name in args.tables:
            table = read_cost_table(args.data / "latency" / f"{name}.npz")
            boards: dict[str, Any] = {}
            for number, board in enumerate(table.device_names):
                if args.boards is None or board in args.boards:
                    boards[board] = compared(of_board(table, number, args.samples, args.seeds, models))
                    print(name, board, shown(boards[board]), flush=True)
            won = sum(board["won"] for board in boards.values())
            coverage = float(np.mean([board["house"]["coverage"] for board in boards.values()]))
            print(f"{name}: won {won} of {len(boards)}, mean coverage {coverage:.3f}", flush=True)
            result["tables"][name] = {"won": won, "boards": len(boards), "coverage": coverage, "by_board": boards}
    result["took_s"] = round(time.monotonic() - started)
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def compared(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The house model beside the best other."""
    house = next(row for row in rows if row["model"] == HOUSE)
    rival = next(row for row in rows if row["model"] != HOUSE)
    kept = ("mape", "mape_std", "spearman", "coverage", "fit_s")
    return {
        "won": house["mape"] <= rival["mape"],
        "house": {key: house[key] for key in kept},
        "rival": {"model": rival["model"], "encoding": rival["encoding"], "mape": rival["mape"]},
        "others": {f"{row['model']}, {row['encoding']}": row["mape"] for row in rows if row["model"] != HOUSE},
    }


def shown(board: dict[str, Any]) -> str:
    """A line for people."""
    house, rival = board["house"], board["rival"]
    return (
        f"{'won' if board['won'] else 'LOST'}: house {house['mape']:.2%} ± {house['mape_std']:.2%}, "
        f"{rival['model']} with {rival['encoding']} {rival['mape']:.2%}; coverage {house['coverage']:.3f}"
    )


if __name__ == "__main__":
    main()
