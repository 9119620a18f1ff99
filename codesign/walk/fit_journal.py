"""The loop's journal as a file of JSON lines: a header, then each batch and each round, on the disk before the next."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np

from codesign.predict.fitting.journal import Batch, MemoryJournal, Round
from runtime.contract.errors import ConfigError, StorageError

from .run_folder import clear_storage_errors

SCHEMA = "1.0"
START_AFRESH = "give another --out, or delete the folder"


class FitJournal:
    """Open for adding to. Close it, or use it as a context manager."""

    def __init__(self, file: BinaryIO, path: Path, known: MemoryJournal) -> None:
        self._file, self._path, self._known = file, path, known

    def batches(self) -> tuple[Batch, ...]:
        """In the order they were measured."""
        return self._known.batches()

    def rounds(self) -> tuple[Round, ...]:
        """In order."""
        return self._known.rounds()

    def add(self, entry: Batch | Round) -> None:
        """Append one line and bring it to the disk. Raises StorageError where the disk refuses."""
        self._write(_batch_json(entry) if isinstance(entry, Batch) else {"record": "round", **asdict(entry)})
        self._known.add(entry)

    def _write(self, table: Mapping[str, Any]) -> None:
        with clear_storage_errors(self._path):
            self._file.write(json.dumps(table, allow_nan=False, ensure_ascii=False).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())

    def __enter__(self) -> FitJournal:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._file.close()


def open_journal(path: Path, settings: Mapping[str, Any]) -> FitJournal:
    """Begin a journal, or go on with the one that is there; a last line that was never finished is cut off.

    Args:
        settings: everything that decides what is measured; a journal of others is refused.
    Raises:
        ConfigError: it was begun with other settings, or is no such journal.
        StorageError: another run writes to it, or a line is damaged.
    """
    with clear_storage_errors(path):
        file = path.open("a+b")
    try:
        return _opened(file, path, settings)
    except BaseException:
        file.close()
        raise


def _opened(file: BinaryIO, path: Path, settings: Mapping[str, Any]) -> FitJournal:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StorageError(
            "another run writes to this folder", where=str(path), to_do="wait for it, or give another --out"
        ) from error
    file.seek(0)
    content = file.read()
    whole = content[: content.rfind(b"\n") + 1]
    file.truncate(len(whole))
    known = MemoryJournal()
    journal = FitJournal(file, path, known)
    wanted = {"record": "header", "schema": SCHEMA, "settings": dict(settings)}
    if not whole:
        journal._write(wanted)  # noqa: SLF001 (a file begins with its header)
        return journal
    tables = [_table(line, number, path) for number, line in enumerate(whole.splitlines(), start=1)]
    _check_header(tables[0], json.loads(json.dumps(wanted)), path)
    for number, table in enumerate(tables[1:], start=2):
        known.add(_entry(table, number, path))
    return journal


def _entry(table: Mapping[str, Any], number: int, path: Path) -> Batch | Round:
    try:
        return _batch(table) if table["record"] == "batch" else _round(table)
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, number) from error


def _check_header(found: Mapping[str, Any], wanted: Mapping[str, Any], path: Path) -> None:
    if found.get("record") != "header" or found.get("schema") != SCHEMA:
        raise ConfigError(f"this is no journal of `codesign fit` {SCHEMA}", where=str(path), to_do=START_AFRESH)
    before, now = found["settings"], wanted["settings"]
    names = sorted(before.keys() | now.keys())
    if changed := [name for name in names if before.get(name) != now.get(name)]:
        raise ConfigError(
            f"the run in this folder was begun with another {', '.join(changed)}",
            where=str(path),
            to_do=f"use the same options to go on with it, or {START_AFRESH}",
        )


def _batch_json(batch: Batch) -> dict[str, Any]:
    return {
        "record": "batch",
        "on": batch.on,
        "purpose": batch.purpose,
        "designs": batch.designs.tolist(),
        "costs": batch.costs.tolist(),
        "latency_s": batch.latency_s.tolist(),
        "noisy": batch.noisy.tolist(),
        "references": batch.references.tolist(),
        "spread": batch.spread,
        "attempts": batch.attempts,
    }


def _batch(table: Mapping[str, Any]) -> Batch:
    return Batch(
        purpose=str(table["purpose"]),
        on=str(table["on"]),
        designs=np.array(table["designs"], dtype=np.int64),
        costs=np.array(table["costs"], dtype=np.float64),
        latency_s=np.array(table["latency_s"], dtype=np.float64),
        noisy=np.array(table["noisy"], dtype=bool),
        references=np.array(table["references"], dtype=np.float64),
        spread=float(table["spread"]),
        attempts=int(table["attempts"]),
    )


def _round(table: Mapping[str, Any]) -> Round:
    return Round(
        number=int(table["number"]),
        measured=int(table["measured"]),
        learnt=int(table["learnt"]),
        per_bin=tuple(int(count) for count in table["per_bin"]),
        accuracy=tuple(float(accuracy) for accuracy in table["accuracy"]),
        fit_s=float(table["fit_s"]),
    )


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
        "a line of the journal is damaged",
        where=f"{path}:{number}",
        to_do=f"cut the file off before it, or {START_AFRESH}",
    )
