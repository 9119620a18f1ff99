"""Rows of telemetry as they travel: batches of one class from one boot of one device, column by column.

A row's key is (device_id, boot_id, seq), and a batch holds consecutive ones, so `first_seq` and `count` name them all.
Time within a boot is monotonic, wall time an offset to it that may jump; neither orders rows: `seq` does. A payload is
JSON compressed with zlib: open, without code in it, and a tenth of the size of its rows.

    {"schema": 1, "class": "inference", "device_id": …, "boot_id": …, "board": …, "first_seq": 17, "count": 2,
     "wall_offset_us": …, "constant": {"mode": "balanced", …}, "columns": {"at_us": [0, 33120], …}}

What is not known is null. Numbers are whole, of 64 bits, in the unit that a column's name ends in. Columns are added,
never re-used.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import NoneType
from typing import Any

from .errors import DataError

SCHEMA = 1
INFERENCE, AGGREGATE, EVENT, SAMPLE = "inference", "aggregate", "event", "sample"
CLASSES = (EVENT, AGGREGATE, INFERENCE, SAMPLE)  # the order in which they are worth keeping
MOST_ROWS, MOST_PAYLOAD_BYTES, MOST_PLAIN_BYTES = 100_000, 8 << 20, 64 << 20
LARGEST = 2**63 - 1
IDENTITY = re.compile(r"[0-9A-Za-z_-]{1,64}")

Value = int | str | None
COLUMNS: Mapping[str, Mapping[str, type]] = {
    # One image each. Clocks are kilohertz as the kernel counts them, three per operating point.
    INFERENCE: {
        "at_us": int,  # monotonic, when it was answered
        "bundle_id": str,
        "mode": str,
        "exit_index": int,
        "entropy_unats": int,  # millionths of a nat
        "latency_us": int,
        "run_us": int,  # of it, on the stages; null where it ran in a batch with others
        "energy_uj": int,
        "energy_scope": str,
        "energy_method": str,
        "energy_quantum_mw": int,
        "energy_kind": str,
        "promised_uj": int,
        "promised_us": int,
        "requested_khz": str,  # cpu/gpu/emc
        "applied_khz": str,
        "temperature_mc": int,
        "throttled": int,  # events since boot
    },
    # One minute of one mode. Sums, so that minutes can be added.
    AGGREGATE: {
        "at_us": int,  # when the minute ended
        "seconds_us": int,
        "bundle_id": str,
        "mode": str,
        "exits": str,  # images per exit, with commas
        "images": int,
        "refused": int,  # requests, of all modes together: told by one row of a minute
        "entropy_unats": int,  # sum
        "run_us": int,  # sum
        "latency_us": int,  # sum
        "latency_most_us": int,
        "energy_uj": int,  # sum over the images whose energy is known
        "energy_images": int,
        "energy_kind": str,
        "board_uj": int,  # of the whole board over the minute, waiting included
        "promised_uj": int,  # sum
        "promised_us": int,  # sum
        "applied_khz": str,  # at the end
        "temperature_mc": int,  # the hottest
        "throttled": int,
    },
    # Something happened: started, swapped, rolled back, drifted.
    EVENT: {"at_us": int, "name": str, "bundle_id": str, "mode": str, "text": str},
    # A hard image, kept only where the user has said yes.
    SAMPLE: {"at_us": int, "bundle_id": str, "mode": str, "exit_index": int, "entropy_unats": int, "image_png": str},
}


@dataclass(frozen=True, slots=True)
class TelemetryBatch:
    """Consecutive rows of one class. Raises DataError where they are not what `COLUMNS` says."""

    row_class: str
    device_id: str
    boot_id: str
    board: str  # kind of board, as its profile is called
    first_seq: int
    wall_offset_us: int  # added to `at_us`, gives wall time as this device believed it when the batch was made
    columns: Mapping[str, Sequence[Value]]  # each of the same length; a column of the class that is missing is all null

    def __post_init__(self) -> None:
        kinds = COLUMNS.get(self.row_class)
        if kinds is None:
            raise DataError(f"telemetry of an unknown class {self.row_class!r}", to_do="update this side")
        for name in (self.device_id, self.boot_id, self.board):
            if not IDENTITY.fullmatch(name):
                raise DataError(f"{name!r} names no device, boot or board", to_do="reject the batch")
        lengths = {len(values) for values in self.columns.values()}
        sizes = (self.first_seq, self.first_seq + MOST_ROWS, self.wall_offset_us)
        if len(lengths) != 1 or not 1 <= next(iter(lengths)) <= MOST_ROWS or self.first_seq < 0 or not _fit(sizes):
            raise DataError(f"a batch of impossible size: {sorted(lengths)} rows", to_do="reject the batch")
        for name, values in self.columns.items():
            kind = kinds.get(name)
            if kind is None or not {*map(type, values)} <= {kind, NoneType}:
                raise DataError(f"column {name!r} is not one of {self.row_class} rows", to_do="reject the batch")
            if kind is int and not _fit(values):
                raise DataError(f"column {name!r} holds a number of more than 64 bits", to_do="reject the batch")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))


def _fit(numbers: Sequence[Value]) -> bool:
    known = {number for number in numbers if isinstance(number, int)}
    return not known or (min(known) >= -LARGEST - 1 and max(known) <= LARGEST)


def encode(batch: TelemetryBatch) -> bytes:
    """What travels and is spooled."""
    constant: dict[str, Value] = {}
    varying: dict[str, Sequence[Value]] = {}
    for name, values in batch.columns.items():
        if values.count(values[0]) == len(values):
            constant[name] = values[0]
        else:
            varying[name] = list(values)
    table = {
        "schema": SCHEMA,
        "class": batch.row_class,
        "device_id": batch.device_id,
        "boot_id": batch.boot_id,
        "board": batch.board,
        "first_seq": batch.first_seq,
        "count": len(batch),
        "wall_offset_us": batch.wall_offset_us,
        "constant": constant,
        "columns": varying,
    }
    return zlib.compress(json.dumps(table, separators=(",", ":"), ensure_ascii=False).encode(), level=1)


def decode(payload: bytes, *, where: str | None = None) -> TelemetryBatch:
    """Read what `encode` wrote, by this version or a later one of the same schema: columns it does not know are left.

    Raises:
        DataError: truncated, damaged, not telemetry, of a newer schema, or of impossible size.
    """
    try:
        return _batch_of(_unpacked(payload))
    except (zlib.error, ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        raise DataError(
            f"a batch of telemetry cannot be read: {error!r}", where=where, to_do="reject it; it may be sent again"
        ) from error


def _unpacked(payload: bytes) -> Any:
    """The JSON inside. Raises ValueError and zlib.error."""
    if len(payload) > MOST_PAYLOAD_BYTES:
        raise ValueError(f"{len(payload)} bytes")
    unpacker = zlib.decompressobj()
    plain = unpacker.decompress(payload, MOST_PLAIN_BYTES)
    if not unpacker.eof or unpacker.unused_data:
        raise ValueError("truncated, or too large")
    return json.loads(plain)


def _batch_of(table: Any) -> TelemetryBatch:
    """The batch that a table tells. Raises DataError and what indexing and converting raise."""
    schema = int(table["schema"])
    if schema > SCHEMA:
        raise DataError(f"telemetry of schema {schema}; this side reads up to {SCHEMA}", to_do="update this side")
    count, row_class = int(table["count"]), str(table["class"])
    if not 1 <= count <= MOST_ROWS:
        raise ValueError(f"{count} rows")
    known = COLUMNS.get(row_class, {})
    columns = {name: [value] * count for name, value in dict(table["constant"]).items() if name in known}
    columns |= {name: list(values) for name, values in dict(table["columns"]).items() if name in known}
    if any(len(values) != count for values in columns.values()):
        raise ValueError("columns of different lengths")
    return TelemetryBatch(
        row_class=row_class,
        device_id=str(table["device_id"]),
        boot_id=str(table["boot_id"]),
        board=str(table["board"]),
        first_seq=int(table["first_seq"]),
        wall_offset_us=int(table["wall_offset_us"]),
        columns=columns,
    )
