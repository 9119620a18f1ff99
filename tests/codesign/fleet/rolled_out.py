"""A fleet with a new bundle on some of its boards, as its telemetry tells of it: simulated, with a truth that is known.

Boards of one kind differ by a few per cent for good; every hour differs from the next; energy follows the time of day
and, on all boards alike, the season.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.store import Store
from runtime.contract.telemetry_batch import AGGREGATE, EVENT
from runtime.install.canary import is_chosen
from tests.codesign.collect.batches import TODAY_US, payload

HOUR_US = 3_600_000_000
OLD, NEW = "0ld0ld0ld0ld", "9e39e39e39e3"
IMAGE_UJ, IMAGE_US, HOUR_IMAGES = 8000.0, 1500.0, 20_000


def write_fleet(
    folder: Path,
    *,
    energy: float = 1.0,
    latency: float = 1.0,
    promised: float = 1.0,
    boards: int = 60,
    share: float = 0.2,
    before_h: int = 48,
    after_h: int = 48,
    season: float = 1.0,
    unit_spread: float = 0.05,
    hour_spread: float = 0.05,
    failing: int = 0,
    seed: int = 0,
    clocks: bool = True,
) -> int:
    """Fill a store; how many boards took the new bundle.

    Args:
        energy, latency: of the new bundle, times the old one's; `promised`: what it says of both.
        season: energy of everything after the switch, times that before.
        failing: boards with the new bundle that roll it back at once.
    """
    random = np.random.default_rng(seed)
    canaries = 0
    with Store(folder) as store:
        segments = Segments(store.inbox, "w")
        for number in range(boards):
            device = f"device-{number}"
            canary = is_chosen(device, NEW, share)
            canaries += canary
            failed = canary and canaries <= failing
            hours = np.arange(before_h + after_h)
            after = hours >= before_h
            new = after & canary & (not failed)
            day = 1.0 + 0.1 * np.sin(2 * np.pi * hours / 24)
            noise = random.lognormal(0.0, hour_spread, (2, len(hours)))
            unit = random.lognormal(0.0, unit_spread, 2)
            image_uj = IMAGE_UJ * unit[0] * day * noise[0] * np.where(new, energy, 1.0) * np.where(after, season, 1.0)
            image_us = IMAGE_US * unit[1] * noise[1] * np.where(new, latency, 1.0)
            count = len(hours)
            says = np.where(new, promised, 1.0)
            columns: dict[str, list[Any]] = {
                "at_us": [int(hour) * HOUR_US for hour in hours],
                "bundle_id": [NEW if each else OLD for each in new],
                "mode": ["balanced"] * count,
                "images": [HOUR_IMAGES] * count,
                "energy_uj": [round(HOUR_IMAGES * each) for each in image_uj],
                "energy_images": [HOUR_IMAGES] * count,
                "run_us": [round(HOUR_IMAGES * each) for each in image_us],
                "promised_uj": [round(HOUR_IMAGES * IMAGE_UJ * each) for each in says],
                "promised_us": [round(HOUR_IMAGES * IMAGE_US * each) for each in says],
            }
            offset_us = TODAY_US if clocks else 0
            segments.put(
                [payload(0, count, device_id=device, row_class=AGGREGATE, columns=columns, wall_offset_us=offset_us)]
            )
            if failed:
                said: dict[str, list[Any]] = {"name": ["rolled back"], "bundle_id": [NEW], "text": ["it failed"]}
                segments.put([payload(count, 1, device_id=device, row_class=EVENT, columns=said)])
        segments.close()
        compact(store)
    return canaries
