"""NPZ files of plain arrays: no pickles in, none out, and a damaged file is a DataError."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.contract.durable import write_file
from runtime.contract.errors import DataError, StorageError

# What numpy raises on an NPZ that is cut short, overwritten, encrypted or no archive at all.
DAMAGED = (OSError, ValueError, EOFError, KeyError, RuntimeError, MemoryError, zipfile.BadZipFile, zlib.error)
NUMBERS_AND_TEXT = "biufU"  # numpy's kinds that need no pickle; bytes and dates have no use here


def read_plain_arrays(path: Path, what: str) -> dict[str, npt.NDArray[Any]]:
    """All members of an NPZ.

    Args:
        what: what the file should be, for the messages: "a cost table".
    Raises:
        DataError: there is no such file, or it is not an NPZ of plain arrays.
    """
    if not path.is_file():
        raise DataError("no such file", where=str(path), to_do=f"give {what}, an NPZ file")
    try:
        # Opened here, since numpy leaves a damaged file that it opened itself to the garbage collector.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError("a single array, not an NPZ", where=str(path), to_do=f"give {what}, an NPZ file")
            with archive:
                return {name: archive[name] for name in archive.files}
    except DAMAGED as error:
        raise DataError(
            f"not an NPZ file of plain arrays: {error}",
            where=str(path),
            to_do=f"copy it again, or write {what} anew without pickles",
        ) from error


def write_plain_arrays(path: Path, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write an NPZ, whole or not at all.

    Raises:
        DataError: an array is neither numbers nor text.
        StorageError: the disk refuses.
    """
    plain: dict[str, Any] = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in plain.items():
        if array.dtype.kind not in NUMBERS_AND_TEXT:
            raise DataError(
                f"array `{name}` of {array.dtype} is neither numbers nor text",
                where=str(path),
                to_do="store it as numbers: a file must be readable without running code from it",
            )
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **plain)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, buffer.getvalue())
    except OSError as error:
        raise StorageError(
            f"cannot be written: {error}", where=str(path), to_do="free space, or choose another folder"
        ) from error
