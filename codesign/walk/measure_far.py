"""Measures a plan from where the board is reached: this machine, or the node of a cluster that offers the board."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from codesign.scale.workplace import unheard
from runtime.contract.errors import BoardError, StorageError

from .measure_run import RECORDS, Programs, run_plan
from .measure_target import MeasureTarget
from .progress import Tick, unheard_tick
from .run_folder import clear_storage_errors


@dataclass(frozen=True, slots=True)
class FarPlan:
    """A plan with all its files, and what was measured of it before."""

    target: MeasureTarget
    plan_id: str
    folder: str  # its name, by which the board knows it
    files: dict[str, bytes]  # by path within the folder
    records: bytes | None
    tidy: bool


@dataclass(frozen=True, slots=True)
class Told:
    """What came back from the node: a measurement that breaks off has records too."""

    records: bytes | None
    error: BoardError | StorageError | None


def run_plan_where_reached(
    target: MeasureTarget,
    plan_folder: Path,
    plan_id: str,
    records: Path,
    tick: Tick,
    programs: Programs,
    *,
    tidy: bool = False,
) -> None:
    """As `run_plan`, which says what the arguments are; what is measured on this machine stays on this machine.

    Through a cluster a board measures one plan at a time, however many compilations ask for it.

    Raises:
        BoardError, StorageError: as `run_plan` does.
    """
    if programs.workplace is None or target.host is None:
        run_plan(target, plan_folder, plan_id, records, tick, programs, tidy=tidy)
        return
    files = {
        str(path.relative_to(plan_folder)): path.read_bytes()
        for path in sorted(plan_folder.rglob("*"))
        if path.is_file()
    }
    known = records.read_bytes() if records.is_file() else None
    tick(0, 1, f"waiting for {target}, or measuring there")
    far = FarPlan(target, plan_id, plan_folder.name, files, known, tidy)
    here = replace(programs, workplace=None)
    (told,) = programs.workplace.run(carried_out, here, [far], unheard, str(target))
    if told.records is not None:
        with clear_storage_errors(records):
            records.write_bytes(told.records)
    if told.error is not None:
        raise told.error


def carried_out(programs: Programs, far: FarPlan) -> Told:
    """The plan unpacked, measured and taken away again."""
    with TemporaryDirectory(prefix="edge-codesign-") as name:
        folder, records = Path(name) / far.folder, Path(name) / RECORDS
        for inside, content in far.files.items():
            path = folder / inside
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        if far.records is not None:
            records.write_bytes(far.records)
        error: BoardError | StorageError | None = None
        try:
            run_plan(far.target, folder, far.plan_id, records, unheard_tick, programs, tidy=far.tidy)
        except (BoardError, StorageError) as broken:
            error = broken.with_traceback(None)
        return Told(records.read_bytes() if records.is_file() else None, error)
