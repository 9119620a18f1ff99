"""Trials of many contenders over many splits as one row each: means over the splits, and their spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from .trial import Trial

TIMES = ("fit_s", "predict_s")


def standings(trials: Sequence[Trial]) -> list[dict[str, Any]]:
    """One row per contender, the lowest mean error first; every figure with `<key>_std` beside it.

    What was never timed is None; the spread over a single split is 0.
    """
    contenders = dict.fromkeys((one.model, one.encoding) for one in trials)
    rows = [
        _row(model, encoding, [one for one in trials if (one.model, one.encoding) == (model, encoding)])
        for model, encoding in contenders
    ]
    return sorted(rows, key=lambda row: float(row["mape"]))


def _row(model: str, encoding: str, trials: Sequence[Trial]) -> dict[str, Any]:
    figures: dict[str, list[float | None]] = {}
    for one in trials:
        for name, value in (asdict(one.scores) | {name: getattr(one, name) for name in TIMES}).items():
            figures.setdefault(name, []).append(value)
    row: dict[str, Any] = {"model": model, "encoding": encoding}
    for name, values in figures.items():
        known = [value for value in values if value is not None]
        row[name] = float(np.mean(known)) if known else None
        row[f"{name}_std"] = float(np.std(known, ddof=1)) if len(known) > 1 else (0.0 if known else None)
    outside = float(np.mean([one.outside for one in trials]))
    return row | {
        "calibrated": all(one.calibrated for one in trials),
        "outside": outside,
        "splits": len(trials),
    }
