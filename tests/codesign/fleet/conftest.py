"""A collected set of three boards: one keeps its promise, one does not, one has been silent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb", reason="duckdb is not installed (the extra `collect`)")
pytest.importorskip("pyarrow", reason="pyarrow is not installed (the extra `collect`)")

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.store import Store
from codesign.fleet.view import Fleet, look_at
from runtime.contract.telemetry_batch import AGGREGATE, EVENT
from tests.codesign.collect.batches import DAY_US, TODAY_US, payload

NOW = datetime.fromtimestamp((TODAY_US + DAY_US) / 1e6, tz=timezone.utc)


def minutes(device: str, board: str, ratio: float, day_us: int) -> bytes:
    count, images = 4, 100
    columns: dict[str, list[Any]] = {
        "at_us": [k * 60_000_000 for k in range(count)],
        "bundle_id": ["bundle-1"] * count,
        "mode": ["balanced"] * count,
        "exits": ["70,30"] * count,
        "images": [images] * count,
        "energy_uj": [round(images * 8000 * ratio)] * count,
        "energy_images": [images] * count,
        "energy_kind": ["measured"] * count,
        "promised_uj": [images * 8000] * count,
        "run_us": [images * 1000] * count,
        "promised_us": [images * 1000] * count,
    }
    first = day_us // DAY_US * count
    return payload(
        first,
        count,
        device_id=device,
        board=board,
        row_class=AGGREGATE,
        columns=columns,
        wall_offset_us=TODAY_US + day_us,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as store:
        segments = Segments(store.inbox, "w")
        segments.put(
            [
                *(minutes("keeps", "tx2", 1.02, k * DAY_US // 2) for k in (0, 2)),
                *(minutes("drifts", "orin-nano", 1.25, k * DAY_US // 2) for k in (0, 2)),
                minutes("silent", "tx2", 1.0, 0),
                payload(
                    900, 1, device_id="drifts", row_class=EVENT, columns={"name": ["drift: cost"], "text": ["<b>hot"]}
                ),
            ]
        )
        segments.close()
        compact(store)
        yield store


@pytest.fixture
def fleet(store: Store) -> Fleet:
    return look_at(store, NOW, 12.0)
