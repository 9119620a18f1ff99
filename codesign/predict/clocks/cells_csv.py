"""Reads measurements over clocks from a CSV file, and says in which line and column something is wrong.

Columns: `board`; optionally `workload`; any of `n_cpu_cores`, `cpu_hz`, `gpu_hz`, `emc_hz`; `latency_s` or
`latency_p50_s`; any power column (`board_w` or `vdd_in_w` is the whole board, any other `*_w` a rail); optionally
`requests_per_s`, which says that powers are means over a period that holds idle time. Others are not looked at.

A column that is blank in all rows of a board, or a clock that is 0 in all of them, is one that the board does not have.
Rows with the same setting are repeats: they become one cell, their median.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.predict.clocks.clock_cells import CLOCKS, CORES, RATE, SETTING, ClockCells
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import DataError

LATENCIES = ("latency_s", "latency_p50_s")  # the first that is there
WHOLE_BOARD = ("board_w", "vdd_in_w")
ONLY_WORKLOAD = "the only workload"
SLOWEST_HZ = 1e6  # below that it is a number of kHz or MHz


@dataclass(frozen=True, slots=True)
class Measurements:
    """What the file holds: per quantity the cells of every board and workload, sorted by both."""

    latency: tuple[ClockCells, ...]
    power: Mapping[str, tuple[ClockCells, ...]]  # by column; no column, no entry


@dataclass(frozen=True, slots=True)
class _Row:
    line: int
    board: str
    workload: str
    numbers: Mapping[str, float | None]  # None: blank


def read_measurements(file: Path) -> Measurements:
    """Read and check such a file.

    Raises:
        DataError: not such a file, a missing column, a cell that is blank where the board's others are not, not a
            number, not finite, not positive, or not in hertz. The message names file, line and column.
    """
    header, rows = _rows(file)
    latency = next(name for name in LATENCIES if name in header)
    power_names = [name for name in header if name.endswith("_w")]
    boards: dict[str, list[_Row]] = {}
    for row in rows:
        boards.setdefault(row.board, []).append(row)
    latencies: list[ClockCells] = []
    powers: dict[str, list[ClockCells]] = {name: [] for name in power_names}
    for board in sorted(boards):
        of_board = boards[board]
        had = {name for name in header if any(row.numbers.get(name) is not None for row in of_board)}
        had -= {name for name in CLOCKS if all(row.numbers.get(name) == 0.0 for row in of_board)}
        if not had & set(CLOCKS):
            raise DataError(
                f"board {board!r} has no clocks",
                where=f"{file}, line {of_board[0].line}",
                to_do=f"fill in at least one of {', '.join(CLOCKS)}",
            )
        settings = tuple(name for name in SETTING if name in had)
        for row in of_board:
            _check(file, row, {*settings, latency, *(name for name in power_names if name in had)})
        clocks = tuple(name for name in settings if name != RATE)  # pinned clocks: latency does not know the rate
        latencies += _cells(of_board, clocks, latency)
        for name in power_names:
            if name in had:
                powers[name] += _cells(of_board, settings, name)
    return Measurements(tuple(latencies), {name: tuple(cells) for name, cells in powers.items() if cells})


def _rows(file: Path) -> tuple[list[str], list[_Row]]:
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True, restval="")
            header = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = header
            _check_header(file, header)
            rows = [_row(file, reader.line_num, raw, header) for raw in reader]
    except FileNotFoundError as error:
        raise DataError("no such file", where=str(file), to_do="give a CSV file of measurements") from error
    except (UnicodeDecodeError, csv.Error, IsADirectoryError) as error:
        raise DataError(f"not a CSV file: {error}", where=str(file), to_do="write comma-separated UTF-8") from error
    if not rows:
        raise DataError("no measurements", where=str(file), to_do="add a line for each setting")
    return header, rows


def _check_header(file: Path, header: list[str]) -> None:
    where = f"{file}, line 1"
    if repeated := {name for name in header if header.count(name) > 1}:
        raise DataError(f"column `{min(repeated)}` is there twice", where=where, to_do="keep one of them")
    if "board" not in header:
        found = ", ".join(f"`{name}`" for name in header if name) or "none"
        raise DataError(
            f"column `board` is missing (columns: {found})",
            where=where,
            to_do="separate columns by commas, and name the board in every line",
        )
    if not set(LATENCIES) & set(header):
        raise DataError("no column holds a latency", where=where, to_do=f"add {' or '.join(LATENCIES)}, in seconds")
    if not set(CLOCKS) & set(header):
        raise DataError("no column holds a clock", where=where, to_do=f"add any of {', '.join(CLOCKS)}")


def _row(file: Path, line: int, raw: Mapping[str | None, str | list[str]], header: list[str]) -> _Row:
    if None in raw:
        raise DataError(
            "more values than columns", where=f"{file}, line {line}", to_do=f"write {len(header)} values, as line 1 has"
        )
    text = {name: str(raw[name]).strip() for name in header}
    if not text["board"]:
        raise DataError("no board", where=f"{file}, line {line}, column `board`", to_do="name the board")
    read = [name for name in header if name in SETTING or name in LATENCIES or name.endswith("_w")]
    numbers = {name: _number(file, line, name, text[name]) for name in read}
    return _Row(line, text["board"], text.get("workload", "") or ONLY_WORKLOAD, numbers)


def _number(file: Path, line: int, name: str, text: str) -> float | None:
    if not text:
        return None
    where = f"{file}, line {line}, column `{name}`"
    try:
        value = float(text)
    except ValueError as error:
        raise DataError(f"{text!r} is not a number", where=where, to_do="write a number, or leave it blank") from error
    if not math.isfinite(value) or value < 0:
        raise DataError(f"{text} cannot be measured", where=where, to_do="write a positive number, or drop the line")
    return value


def _check(file: Path, row: _Row, needed: set[str]) -> None:
    """A row against what its board has: every cell there, positive (a rate may be 0), every clock in hertz."""
    for name in sorted(needed):
        value, where = row.numbers[name], f"{file}, line {row.line}, column `{name}`"
        if value is None:
            what = f"blank, though board {row.board!r} has it in other lines" if name not in LATENCIES else "blank"
            raise DataError(what, where=where, to_do="fill it in, or drop the line")
        if value == 0 and name != RATE:
            raise DataError("0 cannot be measured", where=where, to_do="write a positive number, or drop the line")
        if name in CLOCKS and name != CORES and value < SLOWEST_HZ:
            raise DataError(f"{value:g} is too slow to be hertz", where=where, to_do="write clocks in hertz")


def _cells(rows: list[_Row], settings: tuple[str, ...], quantity: str) -> list[ClockCells]:
    """One for each workload; repeats of a setting are their median."""
    found: dict[str, dict[tuple[float, ...], list[float]]] = {}
    for row in rows:
        setting = tuple(_known(row.numbers[name]) for name in settings)
        found.setdefault(row.workload, {}).setdefault(setting, []).append(_known(row.numbers[quantity]))
    cells = []
    for workload in sorted(found):
        places: FloatArray = np.array(list(found[workload]), dtype=np.float64)
        values = np.array([np.median(repeats) for repeats in found[workload].values()])
        cells.append(ClockCells(rows[0].board, workload, dict(zip(settings, places.T, strict=True)), values))
    return cells


def _known(value: float | None) -> float:
    return math.nan if value is None else value
