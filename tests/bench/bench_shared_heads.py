"""Whether heads shared by all backbones of a supernet rank the backbones as heads of their own do: Kendall's tau.

    python -m tests.bench.bench_shared_heads --supernet CHECKPOINT --data SPEC [--backbones 24] [--seed 0] --json OUT

Shared heads are trained once, as `codesign compile` trains them. Then each of some random backbones gets heads that
were never trained before and are trained for it alone, on the same images for as many epochs. Both are asked about
`select`. A backbone is ranked by the mean accuracy of its exits, by that of each exit that all backbones have, and by
how little work the real entropy policy needs to lose at most two points against the backbone's own full depth.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau

from codesign.backbones.checkpoint import load_supernet
from codesign.backbones.supernet import Position
from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.exits.head import Head
from codesign.exits.head_training import train_own_heads
from codesign.exits.shared_heads import ExitedSlice
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_grid import InnerLimits
from codesign.space.backbone_space import exit_positions
from codesign.space.preset import TrainingRecipe, load_preset
from codesign.walk.evaluate import Evaluator, exit_log, record_of, to_exited_backbone
from codesign.walk.run_folder import RunFolder
from codesign.walk.search_step import obtain_shared_heads

from .mac_pricing import mac_pricing

LOST_POINTS = 2.0


def quiet(_done: int, _of: int, _note: str) -> None:
    """No progress to show."""


def fresh(network: ExitedSlice, seed: int) -> ExitedSlice:
    """The same backbone, its heads as if never trained."""
    torch.manual_seed(seed)
    for head in network.heads:
        for layer in head.modules():
            if isinstance(layer, torch.nn.Conv2d | torch.nn.Linear | torch.nn.BatchNorm2d):
                layer.reset_parameters()
    if not all(isinstance(head, Head) for head in network.heads):
        raise TypeError("a head of another kind")
    return network


def record(network: ExitedSlice, genome: Genome, data: Dataset) -> BackboneRecord:
    """What the search would know of the network."""
    exited = to_exited_backbone(network, data)
    return record_of(genome, exited, exit_log(exited, data, data.select))


def needed_work(found: BackboneRecord, solver: ChainSolver, lost_points: float) -> float:
    """Least multiply-accumulates at which the real policy loses at most so much against the backbone's full depth."""
    front = solver((found,))
    if front is None:
        raise SystemExit("nothing to choose from")
    kept = front.accuracy >= found.accuracy - lost_points / 100.0 - 1e-12
    return float(front.energy_j[kept].min())


def scores(
    found: BackboneRecord, positions: list[Position], common: list[Position], solver: ChainSolver
) -> list[float]:
    """Mean accuracy of the exits, accuracy of each common exit, work needed (negated: more is better)."""
    right = found.log.correct.mean(axis=1)
    at = {position: float(right[number]) for number, position in enumerate(positions)}
    return [float(right[:-1].mean()), *(at[position] for position in common), -needed_work(found, solver, LOST_POINTS)]


def main() -> None:
    """Print the ranks' agreement, and write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--supernet", type=Path, required=True)
    parser.add_argument("--data", required=True)
    parser.add_argument("--backbones", type=int, default=24)
    parser.add_argument("--train", type=int, default=12_000, help="images to train heads on (default: 12000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    started = time.monotonic()
    recipe = load_preset("tiny").training
    data = with_fewer(load_data(args.data, args.seed), args.train)
    supernet, _ = load_supernet(args.supernet)
    common = list(exit_positions(supernet.space, supernet.space.smallest()))
    solver = ChainSolver(mac_pricing(), InnerLimits(3), load_preset("tiny").search.threshold_levels)
    rng = np.random.default_rng([args.seed, 9])
    with TemporaryDirectory() as scratch:
        folder = RunFolder(Path(scratch))
        for needed in (folder.backbones, folder.heads.parent):
            needed.mkdir(parents=True, exist_ok=True)
        heads = obtain_shared_heads(supernet, data, recipe, args.seed, folder, quiet)
        evaluator = Evaluator(supernet, heads, data, folder)
        shared, own = compared(evaluator, recipe, rng, args.backbones, common, solver)
    names = ["mean exit accuracy", *(f"accuracy of exit {stage}.{block}" for stage, block in common), "work needed"]
    rows: dict[str, Any] = {}
    for name, by_shared, by_own in zip(names, shared.T, own.T, strict=True):
        tau = kendalltau(by_shared, by_own)
        rows[name] = {"kendall_tau": float(tau.statistic), "p": float(tau.pvalue)}
        print(f"{name:24} tau {tau.statistic:.3f}  shared {by_shared.mean():.4g}  own {by_own.mean():.4g}")
    summary = {
        "kind": "measured",
        "data": data.name,
        "images": len(data.train.labels),
        "backbones": len(shared),
        "seed": args.seed,
        "lost_points": LOST_POINTS,
        "scores": rows,
        "machine": f"{platform.system()} {platform.machine()}",
        "took_s": round(time.monotonic() - started),
    }
    args.json.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def with_fewer(data: Dataset, count: int) -> Dataset:
    """The first images of `train` only."""
    train = data.train
    if len(train.labels) <= count:
        return data
    return replace(data, train=replace(train, images=train.images[:count], labels=train.labels[:count]))


def compared(
    evaluator: Evaluator,
    recipe: TrainingRecipe,
    rng: np.random.Generator,
    backbones: int,
    common: list[Position],
    solver: ChainSolver,
) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Scores, (backbones, scores), with shared heads and with own ones."""
    space, data = evaluator.supernet.space, evaluator.data
    sizes = [len(choices) for choices in space.gene_choices]
    shared, own = [], []
    for number in range(backbones):
        genome = tuple(int(gene) for gene in rng.integers(sizes))
        network = evaluator.network(genome)
        shared.append(scores(record(network, genome, data), list(network.positions), common, solver))
        fresh(network, number)
        train = data.train
        train_own_heads(network, train.images, train.labels, data.input, recipe, recipe.head_epochs, number, quiet)
        own.append(scores(record(network, genome, data), list(network.positions), common, solver))
        pairs = [f"{a:.3g}/{b:.3g}" for a, b in zip(shared[-1], own[-1], strict=True)]
        print(f"{number + 1}/{backbones}", *pairs, flush=True)
    return np.asarray(shared), np.asarray(own)


if __name__ == "__main__":
    main()
