"""What another number format costs in accuracy and saves in energy, kept apart from what exits and clocks save."""

from __future__ import annotations

from typing import Any

from codesign.search.backbone_record import BackboneRecord
from runtime.contract.kind import Kind
from runtime.contract.precision import SHOWN

from .comparison import Judge, StaticChoice
from .precision_step import deployed_full_network
from .search_step import Searched
from .settings import Settings


def precision_result(settings: Settings, searched: Searched, judge: Judge) -> dict[str, Any]:
    """For `results.json`: every network before and after on `select`; the full network, without exits, on test."""
    return {
        "precision": settings.precision,
        "shown": SHOWN[settings.precision],
        "networks": list(searched.lowered),
        "full_network": {
            "split": "test",
            "accuracy_kind": Kind.MEASURED.value,
            "energy_kind": judge.solver.pricing.model.kind.value,
            "fp32": _alone(searched.reference, judge),
            "deployed": _alone(deployed_full_network(settings, searched), judge),
        },
    }


def _alone(record: BackboneRecord, judge: Judge) -> dict[str, float]:
    """A network without exits at its own best clocks."""
    outcome = judge.static_at(StaticChoice(record, judge.static_test_accuracy(record), reaches=True), None)
    return {"accuracy": outcome.accuracy, "energy_j": outcome.energy_j, "latency_s": outcome.latency_s}
