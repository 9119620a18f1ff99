"""How far one split's figures can be trusted: the default mode chosen anew on random halves, judged on the others.

    python -m tests.bench.bench_resplits RUN [--splits 20] [--json OUT]

RUN is a finished run folder of `codesign compile`. Its finalists' answers on `select` and `test` (neither was seen in
training) are pooled and split at random again, the sizes kept: exits, thresholds, averaging and clocks are chosen on
one part as `compile` chooses them, and accuracy and energy judged on the other. The backbones and heads stay; they were
chosen with `select` in view.
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from codesign.policy.averaging import averaged_log
from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign, full_network, static_by_energy
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.search.polish import Polisher
from codesign.space.preset import load_preset
from codesign.walk.choose_step import DEFAULT_MODE, laxer_modes, requirement
from codesign.walk.compile import board_pricing
from codesign.walk.outcome import design_outcome, static_outcome
from codesign.walk.record_file import read_log, read_record
from codesign.walk.run_folder import RUN, RunFolder, read_arrays
from codesign.walk.settings import Settings
from runtime.contract.arrays import FloatArray


def pooled(record: BackboneRecord, test: ExitLog) -> ExitLog:
    """`select` and `test` of one backbone, one after the other."""
    log = record.log
    return ExitLog(
        np.concatenate([log.entropy_nats, test.entropy_nats], axis=1),
        np.concatenate([log.predictions, test.predictions], axis=1),
        np.concatenate([log.labels, test.labels]),
    )


def one_split(
    records: list[BackboneRecord],
    statics: list[BackboneRecord],
    logs: dict[str, ExitLog],
    logits: dict[str, FloatArray],
    solver: ChainSolver,
    settings: Settings,
    chosen_on: np.ndarray[Any, Any],
    judged_on: np.ndarray[Any, Any],
) -> dict[str, float] | None:
    """Choose on some images, judge on the others; None where nothing keeps to the requirement."""
    seen = [BackboneRecord(r.genome, r.works, r.static, logs[r.name].of_samples(chosen_on)) for r in records]
    full = full_network(seen)
    wanted = requirement(full.log.correct[-1], settings.max_accuracy_loss, DEFAULT_MODE)
    alone = [(record,) for record in seen]
    pairs = [solver.pricing.ordered(pair) for pair in combinations(seen, 2)]
    results = [ChainResult(chain, solver(chain)) for chain in [*alone, *pairs]]
    laxer = [requirement(full.log.correct[-1], settings.max_accuracy_loss, mode) for mode in laxer_modes(DEFAULT_MODE)]
    polisher = Polisher(solver, lambda record: logits[record.name][:, chosen_on], reference=full)
    joint = polisher.best(results, laxer)
    if joint is None:
        return None
    pricing, rate = solver.pricing, settings.requests_per_s

    def unseen(chosen: ChosenDesign) -> ExitLog:
        labels = logs[full.name].of_samples(judged_on)
        answers = np.concatenate([logits[record.name][:, judged_on] for record in chosen.chain])
        log = averaged_log(answers, labels.labels, chosen.design.mask, chosen.averaging)
        return replace(log, full=labels.predictions[-1])

    found = design_outcome(joint, unseen(joint), pricing, rate)

    def accuracy(record: BackboneRecord) -> float:
        return float(logs[record.name].of_samples(judged_on).correct[-1].mean())

    def right_when_chosen(record: BackboneRecord) -> np.ndarray[Any, Any]:
        return logs[record.name].of_samples(chosen_on).correct[-1]

    statics = [record for record in statics if wanted.met_by(right_when_chosen(record))]
    as_good = [record for record in statics if accuracy(record) >= found.accuracy] or [max(statics, key=accuracy)]
    static = min(as_good, key=lambda r: float(pricing.static(r).energy_j[0, pricing.fastest]))
    at_max = static_outcome(static, accuracy(static), pricing, rate, pricing.fastest)
    best = int(pricing.static(static).energy_j[0].argmin())
    at_best = static_outcome(static, accuracy(static), pricing, rate, best)
    first = next(iter(static_by_energy(seen, solver, wanted)), None)
    sequential = None
    if first is not None:
        own = [r for r in results if len(r.chain) == 1 and r.chain[0].name == first.name]
        sequential = polisher.best(own, [wanted])
    figures = {
        "loss_against_full": accuracy(full) - found.accuracy,
        "harm": found.harm,
        "saving_at_max_clocks": 1.0 - found.energy_j / at_max.energy_j,
        "saving_at_best_clocks": 1.0 - found.energy_j / at_best.energy_j,
        "macs_saved": 1.0 - found.macs / static.static.macs,
        "static_reaches": float(accuracy(static) >= found.accuracy),
    }
    if sequential is not None:
        outcome = design_outcome(sequential, unseen(sequential), pricing, rate)
        figures["saving_over_sequential"] = 1.0 - found.energy_j / outcome.energy_j
    return figures


def main() -> None:
    """Print mean, standard deviation and extremes of each figure over the splits."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    folder = RunFolder(args.run)
    settings = Settings.from_json(json.loads((args.run / RUN).read_text())["settings"])
    budget = load_preset(settings.space).search
    limits = InnerLimits(budget.max_exits, None, settings.max_latency_s, settings.requests_per_s)
    solver = ChainSolver(board_pricing(settings), limits, budget.threshold_levels, settings.energy)
    records = [read_record(path) for path in sorted(folder.finalists.glob("*.npz"))]
    archive = [read_record(path) for path in sorted(folder.backbones.glob("*.npz"))]
    by_name = {record.name: record for record in archive} | {record.name: record for record in records}
    tested = {path.stem: read_log(path) for path in folder.test_logs.glob("*.npz")}
    logs = {name: pooled(by_name[name], test) for name, test in tested.items()}
    asked = {path.stem: path for path in (folder.test_logs / "logits").glob("*.npz")}
    records = [record for record in records if record.name in logs and record.name in asked]
    logits = {
        name: np.concatenate(
            [read_arrays(folder.logits / f"{name}.npz")["logits"], read_arrays(path)["logits"]], axis=1
        )
        for name, path in asked.items()
    }
    statics = [by_name[name] for name in logs]
    samples, chosen = next(iter(logs.values())).samples, records[0].log.samples
    rows, without = [], 0
    for seed in range(args.splits):
        order = np.random.default_rng([seed, 9]).permutation(samples)
        figures = one_split(records, statics, logs, logits, solver, settings, order[:chosen], order[chosen:])
        if figures is None:
            without += 1
        else:
            rows.append(figures)
    summary: dict[str, Any] = {
        "run": settings.to_json(),
        "splits": args.splits,
        "without_a_design": without,
        "images_chosen_on": chosen,
        "images_judged_on": samples - chosen,
        "accuracy_kind": "measured",
        "energy_kind": solver.pricing.model.kind.value,
        "hardware": solver.pricing.model.hardware,
        "machine": f"{platform.system()} {platform.machine()}",
    }
    for key in rows[0]:
        values = np.asarray([row[key] for row in rows if key in row])
        summary[key] = {
            "mean": float(values.mean()),
            "std": float(values.std(ddof=1)),
            "min": float(values.min()),
            "max": float(values.max()),
        }
    over = np.asarray([row["loss_against_full"] > settings.max_accuracy_loss for row in rows])
    summary["share_of_splits_over_the_allowed_loss"] = float(over.mean())
    text = json.dumps(summary, indent=1)
    print(text)
    if args.json is not None:
        args.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
