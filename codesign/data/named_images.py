"""Labelled images by name, shaped and labelled as a given bundle expects them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from codesign.data.load import load_data
from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages, load_labelled

FILE_PREFIX = "npz:"


def images_for(name: str, spec: TensorSpec, classes: Sequence[str], seed: int) -> LabelledImages:
    """The test split of a data set, or every image of `npz:FILE`.

    Raises:
        DataError: unusable data, other classes than the bundle's, or images of another size.
    """
    if name.startswith(FILE_PREFIX):
        return load_labelled(Path(name[len(FILE_PREFIX) :]), spec, classes)
    size = spec.height if name.startswith("images:") else None
    data = load_data(name, seed, size=size)
    if set(data.classes) != set(classes):
        raise DataError(
            f"the data has the classes {_few(data.classes)}, the bundle {_few(classes)}",
            where=f"--data {name}",
            to_do="give images of the classes that the bundle was compiled for",
        )
    if data.test.images.shape[1:3] != (spec.height, spec.width):
        height, width = data.test.images.shape[1:3]
        raise DataError(
            f"the images are {height} × {width}, the bundle takes {spec.height} × {spec.width}",
            where=f"--data {name}",
            to_do="give the data set that the bundle was compiled for, or an NPZ file of images of that size",
        )
    order = np.asarray([tuple(classes).index(label) for label in data.classes])
    return LabelledImages(data.test.images, order[data.test.labels], tuple(classes))


def _few(classes: Sequence[str]) -> str:
    shown = ", ".join(classes[:5])
    return f"{shown}, … ({len(classes)})" if len(classes) > 5 else shown
