"""Labelled images from a folder with one sub-folder per class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec

from .class_names import class_indices
from .labelled_images import LabelledImages
from .picture import SUFFIXES, read_picture, require_pillow

LAYOUT = "a folder with one sub-folder per class, each holding PNG or JPEG files"
LEFT_BY_FILE_MANAGERS = ("thumbs.db", "desktop.ini")


def read_folder(folder: Path, spec: TensorSpec, classes: Sequence[str] | None = None) -> LabelledImages:
    """Read every picture of every class, classes and files in the order of their names.

    Args:
        classes: names that the labels are to index; every sub-folder must bear one of them, not each needs a
            sub-folder. Without it, the sub-folders are the classes.
    Raises:
        DataError: no such folder, no sub-folder, a class without pictures, a file that is no PNG or JPEG, a damaged
            picture, an unknown class, or Pillow not installed. Hidden files are left aside.
    """
    sub_folders = class_folders(folder)
    names = tuple(sub_folder.name for sub_folder in sub_folders)
    known = names if classes is None else tuple(classes)
    indices = class_indices(names, known, str(folder))
    files = [picture_files(sub_folder) for sub_folder in sub_folders]
    require_pillow()
    labels = np.repeat(np.asarray(indices, dtype=np.int64), [len(of_class) for of_class in files])
    images = np.empty((len(labels), spec.height, spec.width, 3), dtype=np.uint8)
    for row, path in enumerate(path for of_class in files for path in of_class):
        images[row] = read_picture(path, spec)
    return LabelledImages(images, labels, known)


def class_folders(folder: Path) -> list[Path]:
    """The sub-folders that are classes, by name. Raises DataError where there are none, or pictures beside them."""
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}", where=str(folder), to_do=f"give {LAYOUT}")
    if strays := [path for path in _visible(folder) if path.suffix.lower() in SUFFIXES and path.is_file()]:
        raise DataError(
            f"picture {strays[0].name!r} lies beside the class folders and so has no class",
            where=str(strays[0]),
            to_do=f"move it into the folder of its class: this must be {LAYOUT}",
        )
    found = [path for path in _visible(folder) if path.is_dir()]
    if not found:
        raise DataError("the folder has no class folders", where=str(folder), to_do=f"give {LAYOUT}")
    return found


def picture_files(folder: Path) -> list[Path]:
    """The pictures of one class, by name. Raises DataError where there are none, or something else among them."""
    files = _visible(folder)
    for path in files:
        if path.is_dir() or path.suffix.lower() not in SUFFIXES:
            raise DataError(
                f"{path.name!r} in class folder {folder.name!r} is not a PNG or JPEG file",
                where=str(path),
                to_do="save it as PNG or JPEG, or move it out: nothing is left out silently",
            )
    if not files:
        raise DataError(
            f"class {folder.name!r} has no pictures", where=str(folder), to_do="add some, or remove the empty folder"
        )
    return files


def _visible(folder: Path) -> list[Path]:
    return sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and path.name.lower() not in LEFT_BY_FILE_MANAGERS
    )
