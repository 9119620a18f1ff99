"""Rows of telemetry as `edge-runtime serve` would write them, of boards that exist as cost models.

They go through telemetry's own batches and the collector's store. One image in ten is a row of its own; latency
scatters by 2 %, one image in a hundred takes half as long again; joules are a window's mean power times the time, and
power drifts slowly by 1.5 % as with temperature (assumed).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.store import Store
from codesign.refine.left_out import khz
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import CostModel, StageWork, stage_costs
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.telemetry_batch import AGGREGATE, EVENT, INFERENCE, MOST_ROWS, TelemetryBatch, Value, encode

METHOD = "ina, back to back: active energy, plus idle power while it ran"
KEEP_ONE_IN = 10
WALL_OFFSET_US = 1_780_000_000_000_000


@dataclass(frozen=True)
class ServedDesign:
    """Stages of a mode, and where images of the field leave it."""

    stages: tuple[StageWork, ...]
    shares: FloatArray  # (stages,)


@dataclass(frozen=True)
class Stretch:
    """So many images in a row, of one mode at the same clocks."""

    mode: str
    point: OperatingPoint
    begins_s: float
    seconds: float
    images: int


def explored(day: Sequence[Stretch], offers: Sequence[OperatingPoint], every: int) -> list[Stretch]:
    """The same day, one stretch in so many at another offered point, in turn: what idle time may be used for."""
    found, turn = [], 0
    for number, stretch in enumerate(day):
        if number % every == every - 1:
            found.append(replace(stretch, point=offers[turn % len(offers)]))
            turn += 1
        else:
            found.append(stretch)
    return found


def serve(
    board: str,
    bundle_id: str,
    designs: Mapping[str, ServedDesign],
    units: Sequence[CostModel],
    days: Sequence[Sequence[Stretch]],
    store: Path,
    rng: np.random.Generator,
    *,
    odd: float = 0.01,
) -> Store:
    """A day of each unit, collected.

    Args:
        board: kind of board; `designs` by mode.
        odd: share of rows that are throttled, and of rows whose clocks are not those that were asked for.
    """
    collected = Store(store)
    segments = Segments(collected.inbox, "one")
    for number, (unit, day) in enumerate(zip(units, days, strict=True)):
        for batch in _batches(board, bundle_id, designs, unit, f"unit-{number}", day, rng, odd):
            segments.put([encode(batch)])
    segments.close()
    compact(collected)
    return collected


def _batches(
    board: str,
    bundle_id: str,
    designs: Mapping[str, ServedDesign],
    unit: CostModel,
    name: str,
    day: Sequence[Stretch],
    rng: np.random.Generator,
    odd: float,
) -> list[TelemetryBatch]:
    singles: dict[str, list[Value]] = {}
    minutes: dict[str, list[Value]] = {}
    known: dict[tuple[str, OperatingPoint], tuple[FloatArray, FloatArray, float]] = {}
    drift = 0.0
    for stretch in day:
        drift = 0.95 * drift + 0.015 * np.sqrt(1 - 0.95**2) * rng.normal()  # leakage follows the temperature
        key = (stretch.mode, stretch.point)
        if key not in known:
            costs = stage_costs(unit, designs[stretch.mode].stages, [stretch.point])
            reached_s, reached_j = costs.latency_s[:, 0].cumsum(), costs.energy_j[:, 0].cumsum()
            known[key] = reached_s, reached_j, float(costs.idle_w[0])
        reached_s, reached_j, idle_w = known[key]
        exits = rng.choice(len(reached_s), size=stretch.images, p=designs[stretch.mode].shares)
        run_s = reached_s[exits] * np.exp(0.02 * rng.normal(size=len(exits)))
        run_s *= np.where(rng.random(len(exits)) < 0.01, 1.5, 1.0)
        power_w = reached_j[exits].sum() / max(reached_s[exits].sum(), 1e-12) * np.exp(drift)  # a window's mean
        joules = power_w * np.exp(0.01 * rng.normal(size=len(exits))) * run_s
        at_s = np.sort(rng.uniform(stretch.begins_s, stretch.begins_s + stretch.seconds, len(exits)))
        _add_singles(singles, bundle_id, stretch, exits, run_s, joules, at_s, rng, odd)
        busy_s, busy_j = float(run_s.sum()), float(joules.sum())
        if stretch.images and busy_s < stretch.seconds:
            board_j = busy_j + idle_w * np.exp(drift) * (stretch.seconds - busy_s)
            row: dict[str, Value] = {
                "at_us": round((stretch.begins_s + stretch.seconds) * 1e6),
                "seconds_us": round(stretch.seconds * 1e6),
                "bundle_id": bundle_id,
                "mode": stretch.mode,
                "exits": ",".join(map(str, np.bincount(exits, minlength=len(reached_s)).tolist())),
                "images": stretch.images,
                "run_us": round(busy_s * 1e6),
                "latency_us": round(busy_s * 1e6),
                "energy_uj": round(busy_j * 1e6),
                "energy_images": stretch.images,
                "energy_kind": "simulated",
                "board_uj": round(board_j * 1e6),
                "applied_khz": khz(stretch.point),
            }
            for column, value in row.items():
                minutes.setdefault(column, []).append(value)
    found: list[TelemetryBatch] = []
    seq = 0
    for row_class, columns in ((AGGREGATE, minutes), (INFERENCE, singles)):
        count = len(columns.get("at_us", ()))
        for first in range(0, count, MOST_ROWS):
            part = {column: values[first : first + MOST_ROWS] for column, values in columns.items()}
            batch = TelemetryBatch(row_class, name, "boot", board, seq, WALL_OFFSET_US, part)
            found.append(batch)
            seq += len(batch)
    started = {"at_us": [0], "name": ["started"], "text": [""]}
    found.append(TelemetryBatch(EVENT, name, "boot", board, seq, WALL_OFFSET_US, started))
    return found


def _add_singles(
    singles: dict[str, list[Value]],
    bundle_id: str,
    stretch: Stretch,
    exits: IntArray,
    run_s: FloatArray,
    joules: FloatArray,
    at_s: FloatArray,
    rng: np.random.Generator,
    odd: float,
) -> None:
    kept = np.arange(0, len(exits), KEEP_ONE_IN)
    throttled, foreign = (rng.random(len(kept)) < odd for _ in range(2))
    hot = np.where(throttled, 2.0, 1.0)  # a throttled board takes its time
    count = len(kept)
    columns: dict[str, list[Value]] = {
        "at_us": np.round(at_s[kept] * 1e6).astype(int).tolist(),
        "bundle_id": [bundle_id] * count,
        "mode": [stretch.mode] * count,
        "exit_index": exits[kept].tolist(),
        "entropy_unats": [500_000] * count,
        "run_us": np.round(run_s[kept] * hot * 1e6).astype(int).tolist(),
        "latency_us": np.round(run_s[kept] * hot * 1e6).astype(int).tolist(),
        "energy_uj": np.round(joules[kept] * hot * 1e6).astype(int).tolist(),
        "energy_method": [METHOD] * count,
        "energy_kind": ["simulated"] * count,
        "requested_khz": [khz(stretch.point)] * count,
        "applied_khz": ["1/1/1" if other else khz(stretch.point) for other in foreign.tolist()],
        "temperature_mc": [120_000 if slow else 60_000 for slow in throttled.tolist()],
    }
    for column, values in columns.items():
        singles.setdefault(column, []).extend(values)
