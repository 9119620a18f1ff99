"""Telemetry of boards over days: half-hours of one scene each, single inferences sampled, costs that vary."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.store import Store
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.contract.telemetry_batch import AGGREGATE, INFERENCE, TelemetryBatch, Value, encode
from tests.codesign.collect.batches import DAY_US, TODAY_US

BUNDLE, MODE = "b" * 64, "balanced"
SHARES = (0.30, 0.20, 0.15, 0.20, 0.15)
EXPECTED = ExpectedAnswers(((0.05, 0.2), (0.3,)), (SHARES[:3], SHARES[3:]), 3000)
ANSWERS = ((0, 0.01), (0, 0.1), (0, 0.5), (1, 0.1), (1, 0.9))  # one in each cell
FIRST_DAY_US = TODAY_US // DAY_US * DAY_US
MINUTE_US = 60_000_000


def board_day(
    device: str,
    board: str,
    day: int,
    rng: np.random.Generator,
    *,
    shares: tuple[float, ...] = SHARES,
    cost: float = 1.0,
    half_hours: int = 12,
    images: int = 50,
    scene: float = 400.0,
) -> list[bytes]:
    """Payloads of one board on one day.

    Args:
        shares: of the cells; each half-hour has its own, drawn around these, the closer the larger `scene` is.
        cost: over the promise.
        images: in each minute, of which every tenth is told by itself.
    """
    minutes = 30 * half_hours
    mixes = rng.dirichlet(np.array(shares) * scene, size=half_hours)
    counts = np.concatenate([rng.multinomial(images, mix, size=30) for mix in mixes])
    at_us: list[Value] = [k * MINUTE_US for k in range(minutes)]
    exits = zip(counts[:, :3].sum(axis=1).tolist(), counts[:, 3:].sum(axis=1).tolist(), strict=True)
    found = cost * rng.normal(1.0, 0.03, minutes)
    sums: dict[str, list[Value]] = {
        "at_us": at_us,
        "seconds_us": [MINUTE_US] * minutes,
        "bundle_id": [BUNDLE] * minutes,
        "mode": [MODE] * minutes,
        "exits": [",".join(map(str, taken)) for taken in exits],
        "images": [images] * minutes,
        "energy_uj": [round(images * 8000 * ratio) for ratio in found],
        "energy_images": [images] * minutes,
        "promised_uj": [images * 8000] * minutes,
        "run_us": [round(images * 1000 * ratio) for ratio in found],
        "promised_us": [images * 1000] * minutes,
    }
    kept = rng.binomial(counts, 0.1)
    seen = [(k, *ANSWERS[cell]) for k in range(minutes) for cell in range(5) for _ in range(kept[k, cell])]
    singles: dict[str, list[Value]] = {
        "at_us": [at_us[k] for k, _, _ in seen],
        "bundle_id": [BUNDLE] * len(seen),
        "mode": [MODE] * len(seen),
        "exit_index": [exit_index for _, exit_index, _ in seen],
        "entropy_unats": [round(nats * 1e6) for _, _, nats in seen],
    }
    first, wall_us = day * 1_000_000, FIRST_DAY_US + day * DAY_US
    return [
        encode(TelemetryBatch(AGGREGATE, device, "boot", board, first, wall_us, sums)),
        encode(TelemetryBatch(INFERENCE, device, "boot", board, first + minutes, wall_us, singles)),
    ]


def filled(folder: Path, days: Iterable[list[bytes]]) -> Store:
    """A store that holds them; to be closed."""
    store = Store(folder)
    segments = Segments(store.inbox, "w")
    for payloads in days:
        segments.put(payloads)
    segments.close()
    compact(store)
    return store
