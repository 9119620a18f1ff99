"""Payloads as devices send them."""

from __future__ import annotations

from typing import Any

from runtime.contract.telemetry_batch import INFERENCE, TelemetryBatch, encode

DAY_US = 86_400_000_000
TODAY_US = 1_790_000_000_000_000


def payload(first_seq: int, count: int, **changes: Any) -> bytes:
    """Rows whose `run_us` is their number, so that it can be seen whether a row is what it was."""
    numbers = list(range(first_seq, first_seq + count))
    plain: dict[str, Any] = {
        "row_class": INFERENCE,
        "device_id": "d1",
        "boot_id": "b1",
        "board": "orin-nano",
        "first_seq": first_seq,
        "wall_offset_us": TODAY_US,
        "columns": {"at_us": [number * 1000 for number in numbers], "run_us": numbers, "mode": ["balanced"] * count},
    }
    return encode(TelemetryBatch(**(plain | changes)))
