"""From payloads to Parquet: every row once, whatever was sent twice, cut off, out of order or made up.

A batch's rows are known by (device, boot, number); numbers that were seen before are left out and counted. Batches of
one class, day and board become one file, sorted by that key. What was read is deleted when the index has it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from runtime.contract.errors import DataError
from runtime.contract.telemetry_batch import COLUMNS, TelemetryBatch, decode
from runtime.contract.telemetry_bundle import unbundled

from .intervals import Intervals
from .segments import closed_segments
from .share import Share
from .store import WHOLE, Boot, Store

ROWS_AT_ONCE = 2_000_000  # about as many are held in memory
TYPES = {int: pa.int64(), str: pa.string()}
FIRST_US, LAST_US = 1_577_836_800_000_000, 4_102_444_800_000_000  # 2020 and 2100: what a clock may believe
NO_DATE = "unknown"


@dataclass(frozen=True, slots=True)
class Compacted:
    """What one pass did."""

    segments: int = 0
    rows: int = 0
    duplicates: int = 0  # rows
    rejected: int = 0  # payloads


def compact(store: Store, on_segments: Callable[[int, int], None] | None = None, share: Share = WHOLE) -> Compacted:
    """Turn every closed segment of the inbox into rows of the set.

    Args:
        share: of the devices, whose rows are taken; workers with the other shares may be at it at the same time.
    Raises:
        StorageError: another process is at it, or the disk refuses; what was acknowledged is still in the inbox.
    """
    with store.compacting(share):
        store.remove_strays(share)
        closed = closed_segments(store.inbox)
        waiting = store.to_read(closed, share)
        store.done_with(sorted({*closed} - {*waiting}), share)  # where a compaction was killed before it removed them
        total, done = Compacted(), 0
        while done < len(waiting):
            pending = _Pending(store, share)
            taken: list[Path] = []
            while done < len(waiting) and pending.rows < ROWS_AT_ONCE:
                pending.read(waiting[done])
                taken.append(waiting[done])
                done += 1
            pending.write(taken)
            store.done_with(taken, share)
            total = Compacted(
                total.segments + len(taken),
                total.rows + pending.rows,
                total.duplicates + pending.duplicates,
                total.rejected + pending.rejected,
            )
            if on_segments is not None:
                on_segments(done, len(waiting))
    return total


class _Pending:
    """Rows that are to become files together."""

    def __init__(self, store: Store, share: Share) -> None:
        self._store, self._share = store, share
        self._seen: dict[Boot, Intervals] = {}
        self._tables: dict[tuple[str, str, str], list[pa.Table]] = {}
        self.rows = self.duplicates = self.rejected = 0

    def read(self, segment: Path) -> None:
        """Take up a segment's rows."""
        try:
            for payload in unbundled(segment.read_bytes(), where=str(segment)):
                if self._share.takes(payload):
                    self._read(payload)
        except DataError:  # its end was cut off: nobody was told that it had arrived
            return

    def _read(self, payload: bytes) -> None:
        try:
            batch = decode(payload)
        except DataError:
            self._reject(payload)
            return
        if self._share.has(batch.device_id):
            self._take(batch)
        else:  # it says two devices: made up
            self._reject(payload)

    def _reject(self, payload: bytes) -> None:
        self.rejected += 1
        (self._store.rejected / hashlib.sha256(payload).hexdigest()[:32]).write_bytes(payload)

    def _take(self, batch: TelemetryBatch) -> None:
        boot = (batch.device_id, batch.boot_id)
        if boot not in self._seen:
            self._seen |= self._store.seen([boot])
        first, end = batch.first_seq, batch.first_seq + len(batch)
        fresh = self._seen[boot].missing(first, end)
        new = sum(stop - start for start, stop in fresh)
        self.duplicates += len(batch) - new
        if not new:
            return
        self._seen[boot].add(first, end)
        self.rows += new
        rows = [k for start, stop in fresh for k in range(start - first, stop - first)]
        table = _table(batch) if new == len(batch) else _table(batch).take(pa.array(rows))
        self._tables.setdefault((batch.row_class, _date(batch), batch.board), []).append(table)

    def write(self, read: Sequence[Path]) -> None:
        """Files first, then the index, in one transaction, with the segments that were read."""
        files: dict[Path, tuple[str, int]] = {}
        for (row_class, date, board), tables in self._tables.items():
            table = pa.concat_tables(tables).sort_by([(name, "ascending") for name in ("device_id", "boot_id", "seq")])
            folder = self._store.folder / "data" / row_class / f"date={date}" / f"board={board}"
            folder.mkdir(parents=True, exist_ok=True)
            path = folder / f"{self._share.index}-{os.getpid()}-{time.time_ns()}.parquet"
            pq.write_table(table, path, compression="zstd")
            _synchronise(path)
            files[path] = (row_class, table.num_rows)
        self._store.add(files, self._seen, self.duplicates, self.rejected, read, self._share)


def _table(batch: TelemetryBatch) -> pa.Table:
    count, columns = len(batch), batch.columns
    at_us = columns.get("at_us") or [None] * count
    wall_us = [None if at is None else _within(int(at) + batch.wall_offset_us) for at in at_us]
    arrays: dict[str, Any] = {
        "device_id": pa.repeat(pa.scalar(batch.device_id), count),
        "boot_id": pa.repeat(pa.scalar(batch.boot_id), count),
        "seq": pa.array(range(batch.first_seq, batch.first_seq + count), pa.int64()),
        "wall_us": pa.array(wall_us, pa.int64()),
    }
    for name, kind in COLUMNS[batch.row_class].items():
        values = columns.get(name)
        arrays[name] = pa.nulls(count, TYPES[kind]) if values is None else pa.array(values, TYPES[kind])
    return pa.table(arrays)


def _within(wall_us: int) -> int | None:
    """A wall time that some clock may show; None for others, such as a board's without a battery."""
    return wall_us if FIRST_US <= wall_us < LAST_US else None


def _date(batch: TelemetryBatch) -> str:
    """The day a batch began, as its device believed; that only chooses a folder."""
    first = next((int(at) for at in batch.columns.get("at_us", ()) if at is not None), None)
    wall_us = None if first is None else _within(first + batch.wall_offset_us)
    if wall_us is None:
        return NO_DATE
    return datetime.fromtimestamp(wall_us / 1e6, tz=timezone.utc).strftime("%Y-%m-%d")


def _synchronise(path: Path) -> None:
    for name in (path, path.parent):
        descriptor = os.open(name, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
