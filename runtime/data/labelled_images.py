"""Images with the class of each: what is trained on, replayed and scored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import IntArray, UInt8Array
from runtime.contract.errors import DataError


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImages:
    """RGB images and, for each, the index of its class.

    Raises DataError where the three do not fit together; nothing is cast or cut to make them fit.
    """

    images: UInt8Array  # (n, height, width, 3), RGB
    labels: IntArray  # (n,) int64, indices into `classes`
    classes: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.images.dtype != np.uint8 or self.images.ndim != 4 or self.images.shape[3] != 3:
            broken = self.images.dtype.kind == "f" and not bool(np.isfinite(self.images).all())
            raise DataError(
                f"images must be uint8 (n, height, width, 3), got {self.images.dtype} {self.images.shape}"
                + (" with values that are not finite" if broken else ""),
                to_do="store RGB bytes 0-255, channels last, grey three times; scaling and normalising are done later",
            )
        if self.labels.dtype != np.int64 or self.labels.ndim != 1:
            raise DataError(
                f"labels must be int64 (n,), got {self.labels.dtype} {self.labels.shape}",
                to_do="give one whole number per image: the index of its class",
            )
        if len(self.images) != len(self.labels):
            raise DataError(
                f"{len(self.images)} images but {len(self.labels)} labels", to_do="give exactly one label per image"
            )
        if len(set(self.classes)) != len(self.classes):
            raise DataError(f"class names must differ, got {self.classes}", to_do="rename the classes that coincide")
        if len(self.labels) and not (self.labels.min() >= 0 and self.labels.max() < len(self.classes)):
            raise DataError(
                f"labels run from {self.labels.min()} to {self.labels.max()}, "
                f"but {len(self.classes)} classes allow 0 to {len(self.classes) - 1}",
                to_do="number the classes from 0, or give the names of all classes",
            )

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: IntArray) -> LabelledImages:
        """The images at `indices`, in that order, as a copy."""
        return LabelledImages(self.images[indices], self.labels[indices], self.classes)
