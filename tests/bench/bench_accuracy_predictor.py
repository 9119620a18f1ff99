"""What the accuracy predictor of supernet backbones is worth, alone and in the search.

    python -m tests.bench.bench_accuracy_predictor --data digits --epochs 7 --work FOLDER --json OUT
    python -m tests.bench.bench_accuracy_predictor --data SPEC --supernet CHECKPOINT --train 6000 --select 2000 \
        --head-epochs 2 --work FOLDER --json OUT

Random backbones are evaluated on `select` as the search does it, and kept in the work folder. Over seeds, some of them
train the predictor and the others judge it. Then the outer search runs as `codesign compile` runs it, once with every
backbone evaluated that it meets, once with foresight and more generations: compared are the backbones evaluated until
the hypervolume that both reach. Accuracies are measured on `select`; energies of the search are of the simulated board.
The results of each data set stand under its name: other data sets in OUT stay. The predictor's kernels were chosen on
other splits of the same backbones (digits, CIFAR-100), so that its figures are slightly optimistic. That the first
generation is evaluated whole was decided on seeds 1 and 2 of the digits search; judge by other seeds.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import kendalltau

from codesign.data.load import load_data
from codesign.predict.accuracy.accuracy_model import AccuracyPrediction
from codesign.predict.accuracy.backbone_accuracy import BackboneAccuracy, Evaluated, fit_backbone_accuracy
from codesign.search.chain_solver import ChainSolver
from codesign.search.outer_problem import GenerationSummary
from codesign.space.backbone_space import BackboneSpace, exit_positions
from codesign.space.preset import load_preset
from codesign.walk.compile import board_pricing, limits_of
from codesign.walk.evaluate import Evaluator
from codesign.walk.outer_step import run_outer_search
from codesign.walk.run_folder import RunFolder
from codesign.walk.search_step import obtain_shared_heads
from codesign.walk.settings import Settings
from codesign.walk.supernet_step import obtain_supernet
from runtime.contract.arrays import FloatArray
from runtime.data.labelled import LabelledImages

TRAINING = (10, 20, 40)  # backbones
SHARE_OF_VOLUME = 0.99  # evaluations are counted until so much of the hypervolume that both arms reach
BOARD, DEVICE = "orin-nano-super", "cpu"


def quiet(_done: int, _of: int, _note: str) -> None:
    """No progress to show."""


def main() -> None:
    """Evaluate, judge, search; print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", required=True)
    parser.add_argument("--supernet", type=Path, help="checkpoint; default: one is trained in the work folder")
    parser.add_argument("--epochs", type=int, help="of a supernet trained here (default: the preset's)")
    parser.add_argument("--head-epochs", type=int, help="of the shared heads (default: the preset's)")
    parser.add_argument("--train", type=int, help="images of `train` to use (default: all)")
    parser.add_argument("--select", type=int, help="images of `select` to use (default: all)")
    parser.add_argument("--backbones", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=20, help="of the split of the backbones")
    parser.add_argument("--search-seeds", type=int, default=3)
    parser.add_argument("--generations", type=int, default=9, help="of the search with foresight")
    parser.add_argument("--work", type=Path, required=True, help="keeps what was trained and evaluated")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    evaluator, name = _evaluator(args)
    space = evaluator.supernet.space
    rng = np.random.default_rng([0, 9])
    sizes = [len(choices) for choices in space.gene_choices]
    drawn = [tuple(int(gene) for gene in rng.integers(sizes)) for _ in range(args.backbones)]
    evaluated = [
        Evaluated(genome, evaluator(genome).log.correct.mean(axis=1)) for genome in dict.fromkeys(drawn)
    ]  # by name, so that none is in both halves
    static = np.asarray([backbone.accuracies[-1] for backbone in evaluated])
    row: dict[str, Any] = {
        "kind": "measured",
        "space": space.name,
        "select_images": len(evaluator.data.select.labels),
        "backbones": len(evaluated),
        "seeds": args.seeds,
        "static_accuracy": {"mean": float(static.mean()), "std_points": 100.0 * float(static.std())},
        "machine": f"{platform.system()} {platform.machine()}",
        "predictor": {str(count): judged(space, evaluated, count, args.seeds) for count in TRAINING},
    }
    for count, found in row["predictor"].items():
        print(name, count, {key: {k: round(v, 3) for k, v in part.items()} for key, part in found.items()}, flush=True)
    row["search"] = []
    for seed in range(args.search_seeds):
        _write(args.json, name, row)
        row["search"].append(searched(evaluator, seed, args.generations))
    _write(args.json, name, row)


def _write(path: Path, name: str, row: dict[str, Any]) -> None:
    table = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(table | {name: row}, indent=1) + "\n", encoding="utf-8")


def _evaluator(args: argparse.Namespace) -> tuple[Evaluator, str]:
    folder = RunFolder(args.work)
    for needed in (folder.backbones, folder.fronts):
        needed.mkdir(parents=True, exist_ok=True)
    preset, data = load_preset("tiny"), load_data(args.data, 0)
    data = replace(data, train=_first(data.train, args.train), select=_first(data.select, args.select))
    supernet = obtain_supernet(
        data, preset, checkpoint=args.supernet, epochs=args.epochs, seed=0, cache=args.work / "cache", tick=quiet
    ).supernet
    recipe = preset.training
    recipe = replace(recipe, head_epochs=args.head_epochs or recipe.head_epochs)
    heads = obtain_shared_heads(supernet, data, recipe, 0, folder, quiet)
    return Evaluator(supernet, heads, data, folder), data.name


def _first(images: LabelledImages, count: int | None) -> LabelledImages:
    return replace(images, images=images.images[:count], labels=images.labels[:count])


def judged(space: BackboneSpace, evaluated: Sequence[Evaluated], count: int, seeds: int) -> dict[str, Any]:
    """Of the networks alone, of all exits pooled, and of what a constant would do; means over seeds."""
    rows: dict[str, list[dict[str, float]]] = {"static": [], "exits": [], "mean_of_samples": []}
    for seed in range(seeds):
        order = np.random.default_rng([seed, count, 17]).permutation(len(evaluated))
        samples, others = ([evaluated[row] for row in part] for part in (order[:count], order[count:]))
        fitted = fit_backbone_accuracy(space, samples)
        right = np.asarray([backbone.accuracies[-1] for backbone in others])
        rows["static"].append(_scores(fitted.predict([backbone.genome for backbone in others]), right))
        exits = [_scores(*asked) for asked in _exits(space, fitted, others)]
        rows["exits"].append({key: float(np.mean([scores[key] for scores in exits])) for key in exits[0]})
        constant = np.mean([backbone.accuracies[-1] for backbone in samples])
        rows["mean_of_samples"].append({"mae_points": 100.0 * float(np.abs(constant - right).mean())})
    return {
        part: {
            key + of: float(step([row[key] for row in found]))
            for key in found[0]
            for of, step in (("", np.mean), ("_std", np.std))
        }
        for part, found in rows.items()
    }


def _exits(
    space: BackboneSpace, fitted: BackboneAccuracy, others: Sequence[Evaluated]
) -> list[tuple[AccuracyPrediction, FloatArray]]:
    """Per position that enough samples and at least ten of the others have."""
    at = [exit_positions(space, space.decode(np.asarray(backbone.genome))) for backbone in others]
    found = []
    for position in fitted.exits:
        having = [(backbone, of) for backbone, of in zip(others, at, strict=True) if position in of]
        if len(having) >= 10:
            right = np.asarray([backbone.accuracies[of.index(position)] for backbone, of in having])
            found.append((fitted.exit_accuracy([backbone.genome for backbone, _ in having], position), right))
    return found


def _scores(predicted: AccuracyPrediction, right: FloatArray) -> dict[str, float]:
    covered = (predicted.low <= right) & (right <= predicted.high)
    tau = kendalltau(predicted.mean, right).statistic
    return {
        "kendall": 0.0 if np.isnan(tau) else float(tau),  # all predicted alike: nothing is ranked
        "mae_points": 100.0 * float(np.abs(predicted.mean - right).mean()),
        "coverage_90": float(covered.mean()),
    }


def searched(evaluator: Evaluator, seed: int, generations: int) -> dict[str, Any]:
    """The same search with and without foresight."""
    preset = load_preset("tiny")
    settings = Settings("any", BOARD, device=DEVICE)
    solver = ChainSolver(
        board_pricing(settings), limits_of(preset, settings), preset.search.threshold_levels, settings.energy
    )
    arms: dict[str, list[GenerationSummary]] = {}
    for arm, foresee, count in (("evaluate_all", False, preset.search.generations), ("foresight", True, generations)):
        arms[arm] = run_outer_search(
            evaluator,
            solver,
            population=preset.search.population,
            generations=count,
            max_accuracy_loss=settings.max_accuracy_loss,
            seed=seed,
            tick=quiet,
            foresee=foresee,
        ).history
        print(seed, arm, [(s.backbones, s.chains, round(s.hypervolume, 4)) for s in arms[arm]], flush=True)
    everything, foreseen = arms["evaluate_all"], arms["foresight"]
    wanted = SHARE_OF_VOLUME * min(everything[-1].hypervolume, foreseen[-1].hypervolume)
    affordable = [summary for summary in foreseen if summary.backbones <= everything[-1].backbones]
    return {
        "seed": seed,
        "kind": "simulated",
        "backbones_until_equal_volume": {
            arm: next(s.backbones for s in history if s.hypervolume >= wanted) for arm, history in arms.items()
        },
        "equal_generations": {arm: _end(history[: len(everything)]) for arm, history in arms.items()},
        "foresight_at_no_more_backbones": _end(affordable),
        "history": {arm: [[s.backbones, s.chains, s.hypervolume] for s in history] for arm, history in arms.items()},
    }


def _end(history: Sequence[GenerationSummary]) -> dict[str, float]:
    last = history[-1]
    return {"backbones": last.backbones, "chains": last.chains, "hypervolume": last.hypervolume}


if __name__ == "__main__":
    main()
