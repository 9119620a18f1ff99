"""Labelled images in one NPZ file, read without pickles."""

from __future__ import annotations

import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import DataError, StorageError
from runtime.contract.tensor_spec import TensorSpec

from .class_names import class_indices
from .labelled_images import LabelledImages

FORMAT = "an NPZ with `images` uint8 (n, height, width, 3), `labels` integers (n,) and, optionally, `classes` names"
# What the standard library and numpy raise on a damaged, encrypted or foreign archive, or on absurd sizes in it.
UNREADABLE = (
    OSError,
    ValueError,
    EOFError,
    KeyError,
    MemoryError,
    RuntimeError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)
Members = dict[str, np.ndarray[Any, Any]]


def read_npz(path: Path, spec: TensorSpec, classes: Sequence[str] | None = None) -> LabelledImages:
    """Read `images`, `labels` and `classes` of an NPZ file; images are never resized.

    Args:
        classes: names the labels are to index. Where the file names its classes too, labels are translated by name;
            where it does not, its labels count as indices into these.
    Raises:
        DataError: no such file, damaged, holding pickles or lacking a member; images of another type, rank or size
            than `spec` asks for; labels that are no whole numbers or out of range; no images; an unknown class.
    """
    members = _members(path)
    labels = _int64(members["labels"], path)
    if len(labels) == 0:
        raise DataError("there are no images", where=str(path), to_do="give at least one labelled image")
    own = _own_classes(members.get("classes"), path)
    names = own if own is not None else tuple(classes) if classes is not None else _numbered(labels)
    try:
        data = LabelledImages(members["images"], labels, names)
    except DataError as error:
        raise DataError(error.what, where=str(path), to_do=error.to_do) from error
    if data.images.shape[1:3] != (spec.height, spec.width):
        raise DataError(
            f"images are {data.images.shape[1]} × {data.images.shape[2]}, but {spec.height} × {spec.width} are needed",
            where=f"{path}: images",
            to_do="resize them when writing the file, or give a folder of pictures, which is resized while reading",
        )
    if classes is None or names == tuple(classes):
        return data
    translation = np.asarray(class_indices(names, classes, f"{path}: classes"), dtype=np.int64)
    return LabelledImages(data.images, translation[labels], tuple(classes))


def write_npz(path: Path, data: LabelledImages) -> None:
    """Write what `read_npz` reads, whole or not at all. Raises StorageError where the disk refuses."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Beside its final place, so that the last step is a rename; gone with its folder if anything fails before.
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}.") as folder:
            partial = Path(folder) / path.name
            with partial.open("wb") as file:
                np.savez_compressed(
                    file, images=data.images, labels=data.labels, classes=np.asarray(data.classes, dtype=np.str_)
                )
            partial.replace(path)
    except OSError as error:
        raise StorageError(
            f"labelled images cannot be written: {error}", where=str(path), to_do="free space, or choose another folder"
        ) from error


def _members(path: Path) -> Members:
    if not path.is_file():
        raise DataError(f"there is no file {path}", where=str(path), to_do=f"give {FORMAT}")
    try:
        # Opened here, since numpy leaves a damaged file that it opened itself to the garbage collector.
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataError("this is a single array, not an NPZ", where=str(path), to_do=f"give {FORMAT}")
            with archive:
                return _needed(archive, path)
    except UNREADABLE as error:
        raise DataError(
            f"the file cannot be read as NPZ without pickles: {error}",
            where=str(path),
            to_do=f"copy it again, or write it anew as {FORMAT}",
        ) from error


def _needed(archive: np.lib.npyio.NpzFile, path: Path) -> Members:
    if missing := {"images", "labels"} - set(archive.files):
        raise DataError(
            f"the file lacks {' and '.join(sorted(missing))}; it has {', '.join(archive.files) or 'nothing'}",
            where=str(path),
            to_do=f"give {FORMAT}",
        )
    return {name: archive[name] for name in ("images", "labels", "classes") if name in archive.files}


def _int64(labels: np.ndarray[Any, Any], path: Path) -> IntArray:
    if not np.issubdtype(labels.dtype, np.integer) or labels.ndim != 1:
        raise DataError(
            f"labels must be whole numbers of shape (n,), got {labels.dtype} {labels.shape}",
            where=f"{path}: labels",
            to_do="give the index of each image's class as an integer",
        )
    return labels.astype(np.int64)


def _own_classes(classes: np.ndarray[Any, Any] | None, path: Path) -> tuple[str, ...] | None:
    if classes is None:
        return None
    if classes.ndim != 1 or classes.dtype.kind != "U":
        raise DataError(
            f"classes must be text of shape (classes,), got {classes.dtype} {classes.shape}",
            where=f"{path}: classes",
            to_do="store the names as a one-dimensional array of text, or leave `classes` out",
        )
    return tuple(str(name) for name in classes)


def _numbered(labels: IntArray) -> tuple[str, ...]:
    return tuple(str(index) for index in range(max(int(labels.max()), 0) + 1))
