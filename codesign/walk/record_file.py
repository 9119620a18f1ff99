"""Backbone records and inner fronts as NPZ files: the archive that a resumed run answers from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_works import BackboneWorks
from codesign.search.footprint import Footprint
from codesign.search.inner_front import InnerFront
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageWork
from runtime.contract.errors import StorageError
from runtime.contract.exit_score import ENTROPY
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .run_folder import read_arrays, write_arrays

FOOTPRINT_ARRAYS = tuple(field.name for field in fields(Footprint))
FRONT_ARRAYS = ("level", "mask", "point", "accuracy", "energy_j", "latency_s", "worst_latency_s")


def write_record(path: Path, record: BackboneRecord) -> None:
    """Save a record, whole or not at all."""
    segment_of_block = [number for number, segment in enumerate(record.works.segments) for _ in segment]
    arrays = {
        "genome": np.asarray(record.genome),
        "blocks": _table([block for segment in record.works.segments for block in segment]),
        "segment_of_block": np.asarray(segment_of_block),
        "heads": _table(record.works.heads),
        "static": _table(record.static.blocks),
        **_log_arrays(record.log),
        **_footprint_arrays(record.footprint),
    }
    write_arrays(path, arrays)


def read_record(path: Path) -> BackboneRecord:
    """Read what `write_record` wrote. Raises StorageError where it is damaged."""
    arrays = read_arrays(path)
    try:
        heads = _works(arrays["heads"])
        segments: list[list[Work]] = [[] for _ in heads]
        for number, block in zip(arrays["segment_of_block"], _works(arrays["blocks"]), strict=True):
            segments[int(number)].append(block)
        return BackboneRecord(
            genome=tuple(int(gene) for gene in arrays["genome"]),
            works=BackboneWorks(tuple(tuple(segment) for segment in segments), heads),
            static=StageWork(_works(arrays["static"])),
            log=_log(arrays),
            footprint=_footprint(arrays, len(heads)),
        )
    except KeyError as error:
        raise StorageError(
            f"a saved backbone lacks {error}", where=str(path), to_do="delete it and --resume"
        ) from error
    except (IndexError, ValueError) as error:
        first = str(error).splitlines()[0]
        raise StorageError(
            f"a saved backbone does not fit together: {first}", where=str(path), to_do="delete it and --resume"
        ) from error


def write_log(path: Path, log: ExitLog) -> None:
    """Save what exits answered on a split."""
    write_arrays(path, _log_arrays(log))


def read_log(path: Path) -> ExitLog:
    """Read what `write_log` wrote. Raises StorageError where it is damaged."""
    arrays = read_arrays(path)
    try:
        return _log(arrays)
    except KeyError as error:
        raise StorageError(f"saved answers lack {error}", where=str(path), to_do="delete it and --resume") from error


def write_front(path: Path, front: InnerFront | None) -> None:
    """Save an inner front, or that there is none: arrays of no design, since a damaged archive may lack arrays."""
    nothing = np.zeros(0)
    write_arrays(path, {name: nothing if front is None else getattr(front, name) for name in FRONT_ARRAYS})


def read_front(path: Path, points: tuple[OperatingPoint, ...]) -> InnerFront | None:
    """Read what `write_front` wrote. Raises StorageError where it is damaged."""
    arrays = read_arrays(path)
    try:
        if arrays["level"].size == 0:
            return None
        return InnerFront(**{name: arrays[name] for name in FRONT_ARRAYS}, points=points)
    except KeyError as error:
        raise StorageError(f"a saved front lacks {error}", where=str(path), to_do="delete it and --resume") from error


def _table(works: Sequence[Work]) -> FloatArray:
    return np.asarray([[work.macs, work.traffic_bytes, work.kernels] for work in works]).reshape(-1, 3)


def _works(table: FloatArray) -> tuple[Work, ...]:
    if table.ndim != 2 or table.shape[1] != 3:
        raise ValueError(f"work must be (pieces, 3), got shape {table.shape}")
    return tuple(Work(*(float(value) for value in row)) for row in table)


def _log_arrays(log: ExitLog) -> dict[str, np.ndarray[Any, Any]]:
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "entropy_nats": log.entropy_nats,
        "predictions": log.predictions,
        "labels": log.labels,
    }
    # The default is not written: what earlier versions kept reads the same.
    return arrays if log.score == ENTROPY else {**arrays, "score": np.asarray(log.score)}


def _log(arrays: Mapping[str, np.ndarray[Any, Any]]) -> ExitLog:
    score = str(arrays["score"]) if "score" in arrays else ENTROPY
    return ExitLog(arrays["entropy_nats"], arrays["predictions"], arrays["labels"], score=score)


def _footprint_arrays(footprint: Footprint | None) -> dict[str, np.ndarray[Any, Any]]:
    return {} if footprint is None else {name: getattr(footprint, name) for name in FOOTPRINT_ARRAYS}


def _footprint(arrays: Mapping[str, np.ndarray[Any, Any]], candidates: int) -> Footprint | None:
    """None for a record of a version that did not count it."""
    if not any(name in arrays for name in FOOTPRINT_ARRAYS):
        return None
    found = Footprint(**{name: arrays[name] for name in FOOTPRINT_ARRAYS})
    if found.segment_weight_bytes.size != candidates:
        raise ValueError(f"its footprint is of {found.segment_weight_bytes.size} candidates, not {candidates}")
    return found
