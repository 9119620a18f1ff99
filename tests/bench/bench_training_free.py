"""Whether NASWOT's score of untrained backbones orders them as their accuracy in the trained supernet does.

    python -m tests.bench.bench_training_free --backbones RUN/search/backbones --data SPEC [--supernet CHECKPOINT]
        [--count 60] [--batch 64] [--seeds 3] --json OUT

Backbones and their *measured* accuracies are those that a run evaluated on `select` (the full depth's, shared weights):
random ones and those its search came to.
Each is scored at random weights, once per seed of weights and images, and again at the trained weights if a checkpoint
is given. Beside the score stands what costs nothing: multiply-accumulates. Kendall's tau each, and of the half that the
score would let pass: how many of the best tenth by accuracy are in it (half of them by chance). Results of each data
set stand under its name: other data sets in OUT stay.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau

from codesign.backbones.batches import as_tensor
from codesign.backbones.checkpoint import load_supernet
from codesign.backbones.training_free_score import naswot_score, untrained
from codesign.data.load import load_data
from codesign.space.preset import load_preset
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError
from runtime.engine.machine import this_machine


def evaluated(folder: Path, count: int) -> tuple[IntArray, FloatArray, FloatArray]:
    """Genomes, accuracies of the full depth and multiply-accumulates of some backbones that a run evaluated."""
    paths = sorted(folder.glob("*.npz"))
    if len(paths) < 20:
        raise DataError(f"{len(paths)} evaluated backbones; 20 are needed to rank", where=str(folder))
    paths = [paths[row] for row in np.random.default_rng(0).permutation(len(paths))[:count]]
    genomes, accuracies, macs = [], [], []
    for path in paths:
        with np.load(path) as record:
            genomes.append(record["genome"])
            accuracies.append(float((record["predictions"][-1] == record["labels"]).mean()))
            macs.append(float(record["static"][:, 0].sum()))
    return np.stack(genomes), np.array(accuracies), np.array(macs)


def judged(scores: FloatArray, accuracies: FloatArray) -> dict[str, float]:
    """How well scores order accuracies."""
    half = np.argsort(-scores)[: len(scores) // 2]
    best = np.argsort(-accuracies)[: max(1, len(accuracies) // 10)]
    return {
        "tau": float(kendalltau(scores, accuracies).statistic),
        "best_tenth_kept": float(np.isin(best, half).mean()),
    }


def main() -> None:
    """Score, compare, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", type=Path, required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--supernet", type=Path)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    started = time.monotonic()
    genomes, accuracies, macs = evaluated(args.backbones, args.count)
    data = load_data(args.data, 0)
    trained = None if args.supernet is None else load_supernet(args.supernet)[0]
    space = load_preset("tiny").space if trained is None else trained.space
    by_seed, trained_scores = [], []
    for seed in range(args.seeds):
        rows = np.random.default_rng([seed, 5]).permutation(len(data.train.labels))[: args.batch]
        images = as_tensor(data.train.images[rows], data.input)
        network = untrained(space, len(data.classes), seed)
        scored = [naswot_score(network, space.decode(genome), images) for genome in genomes]
        by_seed.append(np.array(scored))
        if trained is not None:
            trained_scores.append(np.array([naswot_score(trained, space.decode(genome), images) for genome in genomes]))
        print(seed, judged(by_seed[-1], accuracies), flush=True)
    row: dict[str, Any] = {
        "kind": "scores of untrained networks against measured accuracies",
        "space": space.name,
        "backbones": len(genomes),
        "batch": args.batch,
        "seeds": args.seeds,
        "accuracy": {"mean": float(accuracies.mean()), "std_points": 100.0 * float(accuracies.std())},
        "naswot_by_seed": [judged(scores, accuracies) for scores in by_seed],
        "naswot_mean_of_seeds": judged(np.mean(by_seed, axis=0), accuracies),
        "macs": judged(macs, accuracies),
        "naswot_against_macs_tau": float(kendalltau(np.mean(by_seed, axis=0), macs).statistic),
        "hardware": f"{this_machine()}, shared with other work; one thread",
        "took_s": round(time.monotonic() - started),
    }
    if trained_scores:
        row["naswot_at_trained_weights"] = judged(np.mean(trained_scores, axis=0), accuracies)
    print(json.dumps({key: row[key] for key in row if key.startswith(("naswot", "macs"))}, indent=1))
    table = json.loads(args.json.read_text(encoding="utf-8")) if args.json.is_file() else {}
    args.json.write_text(json.dumps(table | {data.name: row}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
