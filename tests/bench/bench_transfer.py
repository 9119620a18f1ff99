"""How well costs on a new board are ranked from 20 samples when the other boards of a table are known.

    python -m tests.bench.bench_transfer --data ../shared/data [--seeds 5] [--json tests/bench/results/transfer.json]

Every board of every table is left out in turn; all others are its sources. Both protocols: "help" first drops the
fastest and the slowest tenth of the target's latencies, on both sides. Samples are drawn at random; with --choose also
chosen by `sample_choice`. With --ceiling, a ridge regression, boosting and their mean are fitted on 80 % of the board's
labels, with all encodings and the other boards' latencies as features, and the best one's rank correlation on the rest
stands beside. What is assumed in `groups` and `robust_blend` was chosen on about half of the boards and on other seeds,
so that figures on that half are a little optimistic.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import RidgeCV

from codesign.predict.costs.cost_table import CostTable, read_cost_table
from codesign.predict.costs.metrics import scores
from codesign.predict.costs.splits import HELP, PLAIN, training_and_test
from codesign.predict.transfer.sample_choice import chosen_samples
from codesign.predict.transfer.transfer import Transfer, transfer
from runtime.contract.arrays import FloatArray, IntArray

TABLES = ("nasbench201", "fbnet", "ofa_mobilenetv3")
SAMPLES = 20
FIRST_SEED = 100
MOST_ROWS = 5000  # for the ceiling


def judged(
    table: CostTable, predictor: Transfer, board: int, protocol: str, seeds: int, *, choose: bool
) -> dict[str, Any]:
    """Means over seeds, and the standard deviation of the rank correlation."""
    latency_s = table.latency_s[board]
    rows = []
    for seed in range(FIRST_SEED, FIRST_SEED + seeds):
        split = training_and_test(table.group, latency_s, SAMPLES, np.random.default_rng([seed, board]), protocol)
        training, test = split.training, split.test
        if choose:
            allowed = np.sort(np.concatenate([training, test]))
            order = chosen_samples(predictor.boards, table.genome[allowed], SAMPLES, np.random.default_rng(seed))
            training = allowed[order]
            test = allowed[~np.isin(table.group[allowed], table.group[training])]
        fitted = predictor.fit(table.genome[training], latency_s[training], np.random.default_rng(seed))
        found = scores(latency_s[test], fitted.predict(table.genome[test]))
        rows.append((found.spearman, found.mape, found.coverage))
    spearman, mape, coverage = np.array(rows).T
    return {
        "spearman": float(spearman.mean()),
        "spearman_std": float(spearman.std()),
        "spearman_seeds": [round(float(one), 4) for one in spearman],
        "mape": float(mape.mean()),
        "coverage": float(coverage.mean()),
    }


def ceiling(table: CostTable, features: FloatArray, board: int) -> dict[str, float]:
    """The best rank correlation of three models given 80 % of the labels, by protocol of the test rows."""
    latency_s = table.latency_s[board]
    measured = np.random.default_rng(0).permutation(np.flatnonzero(~np.isnan(latency_s)))[:MOST_ROWS]
    others = np.nan_to_num(np.log(np.delete(table.latency_s, board, axis=0)).T[measured])
    known = np.concatenate([(others - others.mean(axis=0)) / others.std(axis=0), features[measured]], axis=1)
    fitted_on, log_s = int(0.8 * len(measured)), np.log(latency_s[measured])
    training, test = slice(fitted_on), slice(fitted_on, None)
    ridge = RidgeCV(np.logspace(-1, 5, 13)).fit(known[training], log_s[training])
    boosted = HistGradientBoostingRegressor(max_iter=300, learning_rate=0.05, random_state=0)
    boosted.fit(known[training], log_s[training])
    predicted = [ridge.predict(known[test]), boosted.predict(known[test])]
    predicted.append((predicted[0] + predicted[1]) / 2)
    low, high = np.quantile(log_s, [0.1, 0.9])
    inner: IntArray = np.flatnonzero((log_s[test] >= low) & (log_s[test] <= high))
    return {
        PLAIN: max(float(spearmanr(of, log_s[test]).statistic) for of in predicted),
        HELP: max(float(spearmanr(of[inner], log_s[test][inner]).statistic) for of in predicted),
    }


def main() -> None:
    """Print a line for each board, then means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds latency/*.npz")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=TABLES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--choose", action="store_true", help="also choose the samples")
    parser.add_argument("--ceiling", action="store_true", help="also fit models on 80 %% of the labels (minutes)")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result: dict[str, Any] = {"kind": "predicted against measured", "samples": SAMPLES, "seeds": args.seeds}
    for name in args.tables:
        table = read_cost_table(args.data / "latency" / f"{name}.npz")
        result[name] = {}
        for board, device in enumerate(table.device_names):
            predictor = transfer(table.genes, np.delete(table.latency_s, board, axis=0), table.genome)
            row = {of: judged(table, predictor, board, of, args.seeds, choose=False) for of in (HELP, PLAIN)}
            if args.choose:
                row["help, chosen"] = judged(table, predictor, board, HELP, args.seeds, choose=True)
            best = ceiling(table, predictor.boards.basis.features(table.genome), board) if args.ceiling else {}
            for of in best:
                row[of] |= {"ceiling": best[of], "of_ceiling": row[of]["spearman"] / best[of]}
            result[name][device] = row
            shown = "  ".join(
                f"{of} {one['spearman']:.3f} ± {one['spearman_std']:.3f}"
                + (f" ({one['of_ceiling']:.3f} of {one['ceiling']:.3f})" if "ceiling" in one else "")
                for of, one in row.items()
            )
            print(f"{name:16s} {device:15s} {shown}", flush=True)
        for of in next(iter(result[name].values())):
            means = {
                key: np.mean([row[of][key] for row in result[name].values()])
                for key in ("spearman", "mape", "coverage")
            }
            print(
                f"{name:16s} mean, {of}: " + ", ".join(f"{key} {value:.4f}" for key, value in means.items()), flush=True
            )
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
