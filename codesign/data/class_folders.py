"""A user's own pictures: one folder per class, with or without a test set of its own."""

from __future__ import annotations

from pathlib import Path

from codesign.data.given import Given
from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.image_folder import LAYOUT, class_folders
from runtime.data.labelled import LabelledImages, load_labelled
from runtime.data.picture import SUFFIXES

DEFAULT_SIZE = 32
SETS = ("train", "calibration", "test")


def pictures(folder: Path, size: int = DEFAULT_SIZE) -> Given:
    """Read FOLDER/<class>/*, or FOLDER/train/<class>/* and FOLDER/test/<class>/* (and calibration, where there).

    A folder counts as partitioned when it has `train` and `test` and neither holds pictures itself: a class may well be
    called `train`. The classes are those of the training images.

    Args:
        size: side in pixels to which every picture is resized.
    Raises:
        DataError: no such folder, one that fits neither layout, or whatever `load_labelled` raises.
    """
    spec = TensorSpec(size, size)
    name, where = f"images:{folder.resolve().name}", str(folder)
    found = {path.name: path for path in class_folders(folder)}
    if not ({"train", "test"} <= found.keys() and not any(_holds_pictures(found[part]) for part in ("train", "test"))):
        return Given(name, where, load_labelled(folder, spec))
    if strays := sorted(found.keys() - set(SETS)):
        raise DataError(
            f"folder {strays[0]!r} beside train and test is neither of them",
            where=str(found[strays[0]]),
            to_do=f"keep only {', '.join(SETS)}, each {LAYOUT}",
        )
    train = load_labelled(found["train"], spec)
    others: dict[str, LabelledImages] = {
        part: load_labelled(found[part], spec, train.classes) for part in SETS[1:] if part in found
    }
    return Given(name, where, train, others.get("calibration"), others["test"])


def _holds_pictures(folder: Path) -> bool:
    return any(path.suffix.lower() in SUFFIXES and path.is_file() for path in folder.iterdir())
