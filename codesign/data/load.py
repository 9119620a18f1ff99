"""A data set from the words a user writes: `digits`, `cifar10:FOLDER`, `cifar100:FOLDER`, `images:FOLDER`."""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path

from codesign.data.assemble import assemble
from codesign.data.cifar import cifar
from codesign.data.cifar_binary import CIFAR10_LAYOUT, CIFAR100_LAYOUT
from codesign.data.class_folders import DEFAULT_SIZE, pictures
from codesign.data.dataset import Dataset
from codesign.data.digits import digits
from codesign.data.given import Given
from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages, load_labelled

NAMES = ("digits", "cifar10", "cifar100", "images")
CALIBRATION_PREFIX = "npz:"
FORMS = "digits, cifar10:FOLDER, cifar100:FOLDER or images:FOLDER"


def load_data(spec: str, seed: int, *, size: int | None = None, calibration: str | None = None) -> Dataset:
    """Read a data set and cut it into train, select, certify and test (see `assemble` for how).

    Args:
        spec: `digits`, `cifar10:FOLDER`, `cifar100:FOLDER` or `images:FOLDER`.
        seed: of the random choice of what goes where; the same seed gives the same splits.
        size: side in pixels that the pictures of `images:FOLDER` are resized to (32 unless given); the other three
            are 32 pixels wide and take no size.
        calibration: `npz:FILE` with images that become select and certify, in place of any the source sets apart.
    Raises:
        DataError: an unknown name, no folder where one is needed (or one where none is), a size that does not apply,
            or data that cannot be used.
    """
    name, _, folder = spec.partition(":")
    _check(spec, name, folder, size)
    given = _given(name, Path(folder).expanduser(), DEFAULT_SIZE if size is None else size)
    if calibration is not None:
        given = replace(given, calibration=_calibration(calibration, given))
    return assemble(given, seed)


def _calibration(spec: str, given: Given) -> LabelledImages:
    if not spec.startswith(CALIBRATION_PREFIX):
        raise DataError(
            f"unknown calibration {spec!r}", where=f"--calibration {spec}", to_do=f"write: {CALIBRATION_PREFIX}FILE"
        )
    height, width = given.train.images.shape[1:3]
    return load_labelled(Path(spec[len(CALIBRATION_PREFIX) :]), TensorSpec(height, width), given.train.classes)


def _given(name: str, folder: Path, size: int) -> Given:
    if name == "digits":
        return digits()
    if name == "images":
        return pictures(folder, size)
    return cifar(folder, CIFAR10_LAYOUT if name == "cifar10" else CIFAR100_LAYOUT)


def _check(spec: str, name: str, folder: str, size: int | None) -> None:
    where = f"--data {spec}"
    if name not in NAMES:
        close = difflib.get_close_matches(name, NAMES, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        raise DataError(f"unknown data set {name!r}{hint}", where=where, to_do=f"use {FORMS}")
    if name == "digits" and folder:
        raise DataError("digits come with scikit-learn and take no folder", where=where, to_do="write: digits")
    if name != "digits" and not folder:
        raise DataError(f"{name} needs a folder", where=where, to_do=f"write: {name}:FOLDER")
    if size is not None and name != "images":
        raise DataError(
            f"{name} is 32 × 32 pixels; a size applies to images:FOLDER only", where=where, to_do="leave the size out"
        )
    if size is not None and size < 1:
        raise DataError(f"images cannot be {size} pixels wide", where=where, to_do="give a size of 1 or more")
