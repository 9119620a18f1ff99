"""How far models over clocks are off on cells they did not see, over many random splits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from codesign.predict.clocks.cell_split import FEWEST, training_cells
from codesign.predict.clocks.clock_cells import ClockCells
from codesign.predict.clocks.clock_model import ClockModel
from runtime.contract.arrays import FloatArray

Figures = dict[str, float]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """One model, one workload, one split."""

    model: str
    board: str
    workload: str
    seed: int
    trained_on: int
    errors: FloatArray  # (held-out cells,), |predicted / measured - 1|
    simplified: str | None

    @property
    def figures(self) -> Figures:
        """Mean, 95th percentile and maximum of the errors, as fractions."""
        return {
            "mean_error": float(self.errors.mean()),
            "p95_error": float(np.quantile(self.errors, 0.95)),
            "max_error": float(self.errors.max()),
        }


def too_small(cells: Sequence[ClockCells]) -> list[ClockCells]:
    """Those that cannot be split."""
    return [one for one in cells if len(one) < FEWEST]


def held_out(
    models: Mapping[str, Callable[[int], ClockModel]], cells: Sequence[ClockCells], fraction: float, seed: int
) -> Iterator[HeldOut]:
    """Split every workload, fit each model to the boards' training cells, judge it on the others.

    `models` make a model from a seed. Every model sees the same split, and so does every quantity that was measured in
    the same cells. Workloads that are too small are passed over.
    """
    large = [one for one in cells if len(one) >= FEWEST]
    boards: dict[str, list[ClockCells]] = {}
    for one in large:
        boards.setdefault(one.board, []).append(one)
    for place, of_board in enumerate(boards.values()):
        draws = [np.random.default_rng([seed, place, index]) for index in range(len(of_board))]
        chosen = [training_cells(one, fraction, rng) for one, rng in zip(of_board, draws, strict=True)]
        train = [one.of(mask) for one, mask in zip(of_board, chosen, strict=True)]
        test = [one.of(~mask) for one, mask in zip(of_board, chosen, strict=True)]
        for name, make in models.items():
            for fitted, seen, unseen in zip(make(seed).fit(train), train, test, strict=True):
                errors = np.abs(fitted.predict(unseen.columns) / unseen.values - 1.0)
                yield HeldOut(name, unseen.board, unseen.workload, seed, len(seen), errors, fitted.simplified)


def averages(found: Sequence[HeldOut]) -> dict[str, Figures]:
    """Model -> each figure averaged over workloads, then seeds; `<figure>_std` is its spread over the seeds."""
    result: dict[str, Figures] = {}
    for model in dict.fromkeys(one.model for one in found):
        of_model = [one for one in found if one.model == model]
        seeds = sorted({one.seed for one in of_model})
        per_seed = [[one.figures for one in of_model if one.seed == seed] for seed in seeds]
        summary: Figures = {}
        for key in ("mean_error", "p95_error", "max_error"):
            values = np.array([np.mean([figures[key] for figures in of_seed]) for of_seed in per_seed])
            summary[key] = float(values.mean())
            summary[f"{key}_std"] = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        result[model] = summary
    return result


def by_workload(found: Sequence[HeldOut]) -> list[dict[str, object]]:
    """One entry for each board, workload and model: its figures averaged over the seeds."""
    groups: dict[tuple[str, str], list[HeldOut]] = {}
    for one in found:
        groups.setdefault((one.board, one.workload), []).append(one)
    return [
        {
            "board": board,
            "workload": workload,
            "cells": members[0].trained_on + len(members[0].errors),
            "trained_on": members[0].trained_on,
            "models": averages(members),
        }
        for (board, workload), members in groups.items()
    ]


def simplifications(found: Sequence[HeldOut]) -> dict[str, list[str]]:
    """Model -> what it had to leave out, each said once."""
    notes: dict[str, list[str]] = {}
    for one in found:
        if one.simplified is not None and one.simplified not in notes.setdefault(one.model, []):
            notes[one.model].append(one.simplified)
    return {model: said for model, said in notes.items() if said}
