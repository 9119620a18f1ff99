"""Logits of every exit on labelled images, as an NPZ file that anybody can write."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

TO_DO = "write `logits` (exits, samples, classes), `labels` (samples,) and, if known, `cost` (exits,)"


@dataclass(frozen=True, slots=True)
class ExitLogits:
    """What every exit answered; the last exit is the full network."""

    logits: FloatArray  # (exits, samples, classes)
    labels: IntArray  # (samples,), class indices
    cost: FloatArray | None  # (exits,), of a sample that leaves there, in any unit; does not fall


def read_logits(file: Path) -> ExitLogits:
    """Read and check such a file; nothing in it is ever unpickled.

    Raises:
        DataError: no such file, not an NPZ, a missing array, shapes that disagree, labels out of range, logits that are
            not finite, or costs that fall from one exit to the next.
    """
    where = str(file)
    try:
        with np.load(file, allow_pickle=False) as arrays:
            found = {name: arrays[name] for name in ("logits", "labels", "cost") if name in arrays.files}
    except FileNotFoundError as error:
        raise DataError("no such file", where=where, to_do=TO_DO) from error
    except (OSError, ValueError, zipfile.BadZipFile, AttributeError) as error:
        raise DataError(f"not an NPZ file of plain arrays: {error}", where=where, to_do=TO_DO) from error
    if missing := [name for name in ("logits", "labels") if name not in found]:
        raise DataError(f"`{missing[0]}` is missing", where=where, to_do=TO_DO)
    logits, labels = found["logits"], found["labels"]
    if logits.ndim != 3 or not np.issubdtype(logits.dtype, np.floating) or 0 in logits.shape or logits.shape[2] < 2:
        raise DataError(
            f"`logits` must be floats (exits, samples, classes), got {logits.dtype} {logits.shape}",
            where=where,
            to_do=TO_DO,
        )
    if labels.shape != logits.shape[1:2] or not np.issubdtype(labels.dtype, np.integer):
        raise DataError(
            f"`labels` must be {logits.shape[1]} whole numbers, got {labels.dtype} {labels.shape}",
            where=where,
            to_do=TO_DO,
        )
    if labels.min() < 0 or labels.max() >= logits.shape[2]:
        raise DataError(
            f"a label is out of range: {int(labels.min())} to {int(labels.max())} among {logits.shape[2]} classes",
            where=where,
            to_do="number the classes from 0, in the order of the logits",
        )
    if not np.isfinite(logits).all():
        exits = np.flatnonzero(~np.isfinite(logits).all(axis=(1, 2)))
        raise DataError(f"logits of exit {int(exits[0])} are not finite", where=where, to_do="mend that exit first")
    cost = found.get("cost")
    if cost is not None:
        cost = np.asarray(cost, dtype=np.float64)
        if cost.shape != logits.shape[:1] or not (np.isfinite(cost).all() and (np.diff(cost) >= 0).all()):
            raise DataError(
                f"`cost` must be {logits.shape[0]} numbers that do not fall, got {cost.tolist()}",
                where=where,
                to_do="give what a sample that leaves at each exit costs in all, earlier stages included",
            )
    return ExitLogits(logits.astype(np.float32), labels.astype(np.int64), cost)
