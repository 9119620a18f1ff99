"""What a fit leaves behind: the predictor, the table of costs, a report for scripts and a picture."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from codesign.predict.costs.cost_table import CostTable, write_cost_table
from codesign.predict.costs.metrics import scores
from codesign.predict.costs.predictor_file import SavedPredictor, write_predictor
from codesign.predict.fitting.journal import Batch
from codesign.predict.fitting.loop import Outcome
from codesign.predict.fitting.rules import LoopRules
from runtime.contract.figure import Figure
from runtime.contract.kind import Kind

from .fit_measured import LATENCY
from .fit_models import FitModel
from .fit_networks import FitNetworks
from .fit_picture import fit_picture
from .run_folder import write_text

COMPARED = "cross-validation in 5 parts, of the designs to learn from"
UNITS = {LATENCY: ("s", "ms"), "energy": ("j", "mJ")}  # in the predictor's file, in the picture


@dataclass(frozen=True, slots=True)
class FitFolder:
    """Paths of one fit."""

    path: Path

    @property
    def journal(self) -> Path:
        """Every batch and round, one a line."""
        return self.path / "journal.jsonl"

    @property
    def plans(self) -> Path:
        """Records of each batch as `edge-runtime measure` wrote them."""
        return self.path / "measure"

    @property
    def predictor(self) -> Path:
        """The fitted predictor."""
        return self.path / "predictor.npz"

    @property
    def costs(self) -> Path:
        """The table of costs that it was fitted and judged on."""
        return self.path / "costs.npz"

    @property
    def report(self) -> Path:
        """Everything that is known of the fit."""
        return self.path / "report.json"

    @property
    def picture(self) -> Path:
        """The picture."""
        return self.path / "fit.svg"


def cost_table(networks: FitNetworks, batches: Sequence[Batch], cost: str) -> CostTable:
    """Everything measured that is not noisy, in the order it was measured."""
    genome = np.concatenate([batch.designs[~batch.noisy] for batch in batches])
    costs = np.concatenate([batch.costs[~batch.noisy] for batch in batches])
    latency_s = np.concatenate([batch.latency_s[~batch.noisy] for batch in batches])
    return CostTable(
        genome=genome,
        genes=networks.genes,
        device_names=(batches[0].on,),
        latency_s=latency_s[None],
        energy_j=None if cost == LATENCY else costs[None],
        accuracy=None,
        group=np.arange(len(genome)),
    )


def write_results(
    folder: FitFolder,
    networks: FitNetworks,
    model: FitModel,
    rules: LoopRules,
    outcome: Outcome,
    batches: Sequence[Batch],
    cost: str,
    kind: Kind,
    where: Mapping[str, str],
    standings: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Write all files; returns what `report.json` holds.

    Args:
        where: what else the predictor's file must say of where the costs are from.
        standings: how models did against each other, if they were compared.
    Raises:
        StorageError: the disk refuses.
    """
    on = batches[0].on
    unit, small_unit = UNITS[cost]
    write_cost_table(folder.costs, cost_table(networks, batches, cost))
    provenance = {
        "on": on,
        "kind": kind.value,
        **networks.provenance(),
        **where,
        "samples": str(len(outcome.training.costs)),
        "seed": str(rules.seed),
    }
    saved = SavedPredictor(model.name, model.encoding, networks.genes, unit, provenance, outcome.fitted)
    write_predictor(folder.predictor, saved)
    report = fit_report(networks, model, rules, outcome, on, cost, kind)
    if standings:
        report["models"] = {"kind": Kind.PREDICTED.value, "compared_by": COMPARED, "rows": list(standings)}
    write_text(folder.report, json.dumps(report, indent=1, allow_nan=False, ensure_ascii=False) + "\n")
    bin_of_test = outcome.bins.of(networks.source.depth(outcome.test.designs)).tolist()
    write_text(folder.picture, fit_picture(outcome, bin_of_test, small_unit, kind, rules.bin_accuracy))
    return report


def fit_report(
    networks: FitNetworks, model: FitModel, rules: LoopRules, outcome: Outcome, on: str, cost: str, kind: Kind
) -> dict[str, Any]:
    """The report as JSON; accuracies are of predictions, against costs of the kind and on the hardware named."""
    found = scores(outcome.test.costs, outcome.predicted)
    last = outcome.rounds[-1]

    def share(value: float) -> dict[str, Any]:
        return Figure(value, Kind.PREDICTED, f"{len(outcome.test.costs)} test designs, {kind} on {on}").to_json()

    return {
        "space": networks.name,
        "cost": cost,
        "costs": {"kind": kind.value, "on": on},
        "model": model.name,
        "encoding": model.encoding,
        "rules": rules.to_json(),
        "passed": outcome.passed,
        "measurements": {
            "to_learn_from": last.measured,
            "learnt_from": last.learnt,
            "test": len(outcome.test.costs),
            "set_aside_as_noisy": outcome.set_aside,
            "batches": outcome.batches,
            "batches_not_vouched_for": outcome.unsteady_batches,
        },
        "accuracy": share(1.0 - found.mape),
        "spearman": share(found.spearman),
        "coverage": share(found.coverage) | {"asked": outcome.predicted.confidence},
        "calibrated": outcome.predicted.calibrated,
        "bins": [
            {
                "blocks": [outcome.bins.depths(number)[0], outcome.bins.depths(number)[-1]],
                "learnt_from": last.per_bin[number],
                "accuracy": share(last.accuracy[number]),
                "passed": last.passed(rules.bin_accuracy)[number],
            }
            for number in range(len(outcome.bins))
        ],
        "rounds": [
            {"measured": done.measured, "accuracy": list(done.accuracy), "per_bin": list(done.per_bin)}
            for done in outcome.rounds
        ],
    }
