"""`results.json`: everything the report shows, in SI units and fractions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from codesign.data.dataset import Dataset
from codesign.policy.averaging import NONE
from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver, exit_labels
from codesign.search.choose import ChosenDesign, right_answers
from codesign.search.ledger import ChainResult
from codesign.search.pareto import nondominated_2d
from codesign.search.pricing import Pricing
from runtime.contract.arrays import FloatArray
from runtime.contract.kind import Kind

from .bundle_step import design_id
from .choose_step import DEFAULT_MODE
from .comparison import Comparison, FamilyGain
from .outcome import Outcome

MAX_CLOUD_POINTS = 1500
LETTERS = "ABCDEFGH"


@dataclass(frozen=True, slots=True)
class Describer:
    """Words for designs."""

    names: Mapping[str, str]  # record name -> what the backbone is

    def static(self, record: BackboneRecord) -> str:
        """A network without exits."""
        return f"{self.names[record.name]}, no exits"

    def design(self, chosen: ChosenDesign) -> str:
        """A chain and where its exits are."""
        stages = exit_labels(chosen.chain, chosen.design.mask)
        parts = []
        for number, record in enumerate(chosen.chain):
            kept = [(index, is_end) for backbone, index, is_end in stages if backbone == number]
            if kept:
                exits = [str(index + 1) for index, is_end in kept if not is_end]
                ends = any(is_end for _, is_end in kept)
                where = f"exits after block {', '.join(exits)}" if exits else "no early exits"
                parts.append(f"{LETTERS[number]} = {self.names[record.name]}; {where}{'' if ends else ', left there'}")
        how = chosen.averaging
        if how != NONE:
            where = "the last one too" if how.at_the_end else "but the last"
            parts[-1] += f"; each answer counts in {how.weight:g} of the one before, {where}"
        return "; then ".join(parts)

    def stage_labels(self, chosen: ChosenDesign) -> list[str]:
        """`A · block 3`, `B · end`, one per stage."""
        stages = exit_labels(chosen.chain, chosen.design.mask)
        return [f"{LETTERS[number]} · {'end' if is_end else f'block {index + 1}'}" for number, index, is_end in stages]


def bar(name: str, outcome: Outcome, design: str, pricing: Pricing) -> dict[str, Any]:
    """One bar; all are of the default mode and the test split."""
    return {
        "name": name,
        "mode": DEFAULT_MODE,
        "accuracy": outcome.accuracy,
        "accuracy_kind": Kind.MEASURED.value,
        "energy_j": outcome.energy_j,
        "served_energy_j": outcome.served_energy_j,
        "energy_kind": pricing.model.kind.value,
        "latency_s": outcome.latency_s,
        "split": "test",
        "operating_point": pricing.points[outcome.point].to_json(),
        "design": design,
        "macs": outcome.macs,
    }


def bars(found: Comparison, joint: ChosenDesign, pricing: Pricing, say: Describer) -> list[dict[str, Any]]:
    """The six of them."""
    static, exits = say.static(found.static.record), say.design(joint)
    if not found.static.reaches:
        static += " (the most accurate of the archive; none is as accurate as the joint design)"
    sequential = (
        say.static(found.sequential_backbone)
        if found.sequential_design is None
        else say.design(found.sequential_design)
    )
    return [
        bar("static_default_mode", found.static_default_mode, static, pricing),
        bar("static_max_clocks", found.static_max_clocks, static, pricing),
        bar("static_best_clocks", found.static_best_clocks, static, pricing),
        bar("exits_max_clocks", found.exits_max_clocks, exits, pricing),
        bar("exits_best_clocks", found.exits_best_clocks, exits, pricing),
        bar("sequential", found.sequential, sequential, pricing),
    ]


def mode_result(
    name: str,
    chosen: ChosenDesign,
    on_select: Outcome,
    on_test: Outcome,
    log: ExitLog,
    full_right: FloatArray,
    data: Dataset,
    pricing: Pricing,
    say: Describer,
) -> dict[str, Any]:
    """One mode. `log` is of the test split, `full_right` (samples,) says where the full network is right there."""
    if on_select.replay is None or on_test.replay is None:
        raise ValueError("a mode is a design with a policy; its outcome has a replay")
    mask = chosen.design.mask
    right = right_answers(on_test.replay, log.correct, mask)
    macs = np.cumsum(pricing.exited(chosen.chain).stage_macs(mask))
    exits = [
        {
            "stage": stage,
            "label": label,
            "select_share": float(on_select.replay.exit_shares[stage]),
            "test_share": float(on_test.replay.exit_shares[stage]),
            "accuracy_of_leavers": _number(on_test.replay.leaver_accuracy[stage]),
            "macs": float(macs[stage]),
        }
        for stage, label in enumerate(say.stage_labels(chosen))
    ]
    per_class = []
    for index, class_name in enumerate(data.classes):
        of_class = log.labels == index
        per_class.append(
            {
                "class": class_name,
                "n": int(of_class.sum()),
                "full": float(full_right[of_class].mean()) if of_class.any() else None,
                "policy": float(right[of_class].mean()) if of_class.any() else None,
            }
        )
    return {
        "name": name,
        "default": name == DEFAULT_MODE,
        "design": design_id(chosen),
        "description": say.design(chosen),
        "operating_point": chosen.design.operating_point.to_json(),
        "thresholds_nats": [_number(threshold) for threshold in chosen.policy.thresholds_nats],
        "select": _outcome(on_select),
        "test": _outcome(on_test),
        "exits": exits,
        "per_class": per_class,
    }


def fronts(
    records: Sequence[BackboneRecord],
    results: Sequence[ChainResult],
    finals: Sequence[ChainResult],
    solver: ChainSolver,
) -> dict[str, Any]:
    """Fronts on `select`, energy back to back, whichever kind was minimised.

    Static networks are at the clocks of least energy each; `searched` is a subsample.
    """
    pricing = solver.pricing
    static = np.asarray([_static_point(record, pricing) for record in records])
    single = _points([result for result in finals if len(result.chain) == 1], solver)
    chain = _points([result for result in finals if len(result.chain) > 1], solver)
    cloud = _points(results, solver)
    if len(cloud) > MAX_CLOUD_POINTS:
        cloud = cloud[np.linspace(0, len(cloud) - 1, MAX_CLOUD_POINTS).astype(int)]
    return {
        "split": "select",
        "kind": pricing.model.kind.value,
        "static": _as_points(_front(static)),
        "single": _as_points(_front(single)),
        "chain": _as_points(_front(chain)),
        "searched": _as_points(cloud),
    }


def gain(found: FamilyGain | None) -> dict[str, float] | None:
    """A family's gain on test."""
    if found is None:
        return None
    outcome = found.outcome
    return {"energy_j": outcome.energy_j, "accuracy": outcome.accuracy, "saving_vs_static": found.saving}


def _outcome(outcome: Outcome) -> dict[str, float | None]:
    return {
        "accuracy": outcome.accuracy,
        "energy_j": outcome.energy_j,
        "served_energy_j": outcome.served_energy_j,
        "latency_s": outcome.latency_s,
        "worst_latency_s": outcome.worst_latency_s,
        "harm": outcome.harm,
    }


def _static_point(record: BackboneRecord, pricing: Pricing) -> tuple[float, float, float]:
    costs = pricing.static(record)
    at = int(costs.energy_j[0].argmin())
    return record.accuracy, float(costs.energy_j[0, at]), float(costs.latency_s[0, at])


def _points(results: Sequence[ChainResult], solver: ChainSolver) -> FloatArray:
    found = [result.front for result in results if result.front is not None]
    if not found:
        return np.zeros((0, 3))
    return np.concatenate([np.stack([f.accuracy, solver.back_to_back_energy_j(f), f.latency_s], axis=1) for f in found])


def _front(points: FloatArray) -> FloatArray:
    """Those of (n, 3) that are best in accuracy and energy, which is the plane the picture shows."""
    if len(points) == 0:
        return points
    kept: FloatArray = points[nondominated_2d(-points[:, 0], points[:, 1])]
    return kept


def _as_points(points: FloatArray) -> list[dict[str, float]]:
    return [{"accuracy": float(a), "energy_j": float(e), "latency_s": float(t)} for a, e, t in points]


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
