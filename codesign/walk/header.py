"""What every results file opens with: data, board, settings, and what made it."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import version
from typing import Any

import numpy as np

from codesign.data.dataset import Dataset
from codesign.search.pricing import Pricing
from codesign.search.whole_costs import PredictedBoard
from runtime.boards.simulated import SimulatedBoard

from .settings import Settings


def header(settings: Settings, data: Dataset, pricing: Pricing, command: str, notes: Sequence[str]) -> dict[str, Any]:
    """The keys of `results.json` that hold no result; `notes` follow those of the data."""
    model = pricing.model
    splits = {
        name: {"n": len(split.labels), "class_counts": np.bincount(split.labels, minlength=len(data.classes)).tolist()}
        for name, split in data.splits.items()
    }
    return {
        "schema": "1.0",
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": command,
        "tool_version": version("edge-codesign"),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "data": {
            "name": data.name,
            "classes": list(data.classes),
            "splits": splits,
            "imbalance": data.imbalance.warning,
            "notes": [*data.notes, *notes],
        },
        "board": {
            "name": settings.board,
            "device": settings.device,
            "hardware": model.hardware,
            "operating_points": len(pricing.points),
            "assumptions": list(model.assumptions()) if isinstance(model, SimulatedBoard | PredictedBoard) else [],
        },
        "settings": {
            "request_rate_hz": settings.requests_per_s,
            "max_accuracy_loss": settings.max_accuracy_loss,
            "max_latency_s": settings.max_latency_s,
            "seed": settings.seed,
            "energy_objective": settings.energy,
        },
    }
