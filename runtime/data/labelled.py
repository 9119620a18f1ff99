"""Labelled images from wherever a user keeps them: an NPZ file or a folder of pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec

from .image_folder import LAYOUT, read_folder
from .labelled_images import LabelledImages
from .npz_file import FORMAT, read_npz

__all__ = ["LabelledImages", "load_labelled"]


def load_labelled(path: Path, spec: TensorSpec, classes: Sequence[str] | None = None) -> LabelledImages:
    """Read an NPZ file or a folder with one sub-folder per class.

    Args:
        spec: the size wanted; pictures are resized to it, arrays must have it already.
        classes: the names that labels are to index, say those of a bundle; without it the data names its own.
    Returns:
        images (n, spec.height, spec.width, 3) uint8 and labels (n,) int64.
    Raises:
        DataError: anything that cannot be used, named with its file and what to do about it.
    """
    if not path.exists():
        raise DataError(f"there is nothing at {path}", where=str(path), to_do=f"give {FORMAT}; or {LAYOUT}")
    return read_folder(path, spec, classes) if path.is_dir() else read_npz(path, spec, classes)
