"""Which board, device and clocks a fit's costs are of, for the predictor's file: what a search must agree with."""

from __future__ import annotations

import json
from pathlib import Path

from runtime.boards.simulated import SimulatedBoard
from runtime.contract.errors import StorageError
from runtime.contract.operating_point import OperatingPoint
from runtime.measure.records_file import read_records

BOARD, DEVICE, CLOCKS = "board", "device", "clocks"
ASKED_CLOCKS = "asked_clocks"  # as the user wrote them, for measuring more
AS_FOUND, UNKNOWN = "as found", "unknown"
ENGINE_DEVICE = "cpu"  # what the engine runs networks on, whatever else the board has


def simulated_where(board: SimulatedBoard, point: OperatingPoint) -> dict[str, str]:
    """A board's model at one point."""
    return {BOARD: board.profile.name, DEVICE: board.device, CLOCKS: json.dumps(point.to_json())}


def measured_where(plans: Path) -> dict[str, str]:
    """The machine that the first batch was measured on, at the clocks read there, or as they were found.

    Raises:
        StorageError: the records are gone.
    """
    path = next(iter(sorted(plans.glob("batch-0-*.jsonl"))), None)
    if path is None:
        raise StorageError(
            "the records of the first batch are gone", where=str(plans), to_do="fit anew, in another --out"
        )
    records = read_records(path)
    applied = records.measurements[0].applied if records.measurements else None
    clocks = AS_FOUND if applied is None else json.dumps(applied.to_json())
    return {BOARD: records.header.profile or UNKNOWN, DEVICE: ENGINE_DEVICE, CLOCKS: clocks}


def point_of(clocks: str) -> OperatingPoint | None:
    """What the file says of clocks; None where they were as found."""
    return None if clocks == AS_FOUND else OperatingPoint.from_json(json.loads(clocks))
