"""Takes telemetry from folders, such as a stick's: whole bundle files, each read once and then moved or left.

A file is copied into the inbox before anything happens to it. With `remove`, it is deleted then, so that the stick can
go back; without, a later look takes it again and its rows are found to be known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.errors import DataError
from runtime.contract.telemetry_bundle import SUFFIX, unbundled

from .segments import Segments


@dataclass(frozen=True, slots=True)
class Taken:
    """What a look at the folders found."""

    files: int
    payloads: int
    damaged: tuple[str, ...]  # files that were not whole, with why; what was whole in them is taken


def take_folders(folders: Sequence[Path], segments: Segments, *, remove: bool) -> Taken:
    """Copy every bundle under the folders into the inbox, at any depth.

    Raises:
        DataError: a folder that is not there.
        StorageError: the inbox cannot be written; nothing was removed that is not in it.
    """
    files = payloads = 0
    damaged: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            raise DataError(f"{folder} is no folder", where=str(folder), to_do="plug it in, or correct --folder")
        for path in sorted(folder.rglob(f"*{SUFFIX}")):
            found: list[bytes] = []
            try:
                found.extend(unbundled(path.read_bytes(), where=str(path)))
            except (DataError, OSError) as error:
                damaged.append(f"{path}: {error.what if isinstance(error, DataError) else error.strerror}")
                remove_it = False
            else:
                remove_it = remove
            if found:
                segments.put(found)
            files, payloads = files + 1, payloads + len(found)
            if remove_it:
                path.unlink()
    return Taken(files, payloads, tuple(damaged))
