"""`measurements.jsonl`: a header, then a line per record; each is on the disk before the next one is measured."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from runtime.contract.errors import ConfigError, StorageError
from runtime.contract.measurement import Measurement, MeasurementHeader, ReferenceReading
from runtime.contract.operating_point import OperatingPoint

Key = tuple[str, OperatingPoint | None]  # subject and requested point


@dataclass(slots=True)
class Records:
    """What a file holds. `cut_short`: its last line was never finished, and does not count."""

    header: MeasurementHeader
    measurements: list[Measurement] = field(default_factory=list)
    references_s: list[float] = field(default_factory=list)
    cut_short: bool = False

    @property
    def done(self) -> set[Key]:
        """What need not be measured again."""
        return {(record.subject, record.requested) for record in self.measurements}


def read_records(path: Path) -> Records:
    """Read a file of records, whole or cut short.

    Raises:
        StorageError: it cannot be read, or a line other than the last is damaged.
        ConfigError: it has no header, a header of a newer version, or a record lacks a key.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StorageError(
            f"the measurements cannot be read: {error.strerror}", where=str(path), to_do="measure first"
        ) from error
    return _parsed(content, path)[0]


class RecordsFile:
    """A file of records open for adding to. Close it, or use it as a context manager."""

    def __init__(self, file: BinaryIO, records: Records) -> None:
        self._file = file
        self.records = records

    def add(self, record: Measurement | ReferenceReading) -> None:
        """Append a record and bring it to the disk. Raises OSError."""
        self._write(record.to_json())
        if isinstance(record, Measurement):
            self.records.measurements.append(record)
        else:
            self.records.references_s.append(record.latency_s)

    def _write(self, table: dict[str, Any]) -> None:
        self._file.write(json.dumps(table, ensure_ascii=False, allow_nan=False).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Let others write."""
        self._file.close()

    def __enter__(self) -> RecordsFile:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def open_records(path: Path, header: MeasurementHeader, *, resume: bool) -> RecordsFile:
    """Begin a file, or go on with it: a last line that was never finished is cut off.

    Raises:
        ConfigError: it holds records already and `resume` is not set, or they are of another plan, machine or version.
        StorageError: another session writes to it, it is damaged, or it cannot be written.
    """
    try:
        file = path.open("a+b")
    except OSError as error:
        raise StorageError(
            f"the measurements cannot be written: {error.strerror}", where=str(path), to_do="give another --out"
        ) from error
    try:
        return _locked(file, path, header, resume=resume)
    except BaseException:
        file.close()
        raise


def _locked(file: BinaryIO, path: Path, header: MeasurementHeader, *, resume: bool) -> RecordsFile:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageError(
            "another session writes its measurements here",
            where=str(path),
            to_do="wait for it: two at once would disturb each other",
        ) from error
    file.seek(0)
    content = file.read()
    if b"\n" not in content and _begins_header(content):
        file.truncate(0)
        begun = RecordsFile(file, Records(header))
        begun._write(header.to_json())  # noqa: SLF001 (a file begins with its header)
        return begun
    if not resume:
        raise ConfigError(
            f"{path} already holds measurements", to_do="add --resume to go on with them, or give another --out"
        )
    records, whole_bytes = _parsed(content, path)
    was, now = records.header.shared(), header.shared()
    if changed := [key for key in now if was[key] != now[key]]:
        raise ConfigError(
            f"the measurements were begun differently: {', '.join(changed)} changed",
            where=str(path),
            to_do="resume with the same plan on the same machine, or give another --out",
        )
    file.truncate(whole_bytes)
    return RecordsFile(file, records)


def _begins_header(content: bytes) -> bool:
    """Nothing, or a header that was never finished; anything else is somebody's file and stays."""
    first = json.dumps({"record": "header"})[:-1].encode()
    return content.startswith(first) or first.startswith(content)


def _parsed(content: bytes, path: Path) -> tuple[Records, int]:
    """The records, and the length in bytes of the lines that are whole."""
    lines = content.split(b"\n")
    cut_short = lines.pop() != b""
    whole_bytes = len(content) if not cut_short else content.rfind(b"\n") + 1
    tables = [_table(line, number, path) for number, line in enumerate(lines, start=1)]
    if not tables or tables[0].get("record") != "header":
        raise ConfigError(
            "these are no measurements: the first line is no header",
            where=str(path),
            to_do="give a file that `edge-runtime measure` wrote",
        )
    records = Records(MeasurementHeader.from_json(tables[0]), cut_short=cut_short)
    for table in tables[1:]:
        if table.get("record") == "measurement":
            records.measurements.append(Measurement.from_json(table))
        elif table.get("record") == "reference" and isinstance(table.get("latency_s"), float):
            records.references_s.append(table["latency_s"])
    return records, whole_bytes


def _table(line: bytes, number: int, path: Path) -> dict[str, Any]:
    try:
        table = json.loads(line)
    except ValueError as error:
        raise _damaged(path, number) from error
    if not isinstance(table, dict):
        raise _damaged(path, number)
    return table


def _damaged(path: Path, number: int) -> StorageError:
    return StorageError(
        "a record is damaged", where=f"{path}:{number}", to_do="delete that line and --resume, or measure again"
    )
