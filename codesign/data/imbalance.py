"""How unevenly the classes are filled, and whether that is worth a warning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from runtime.data.labelled import LabelledImages

# A classifier that always answers the larger of two classes is right three times in four at this ratio: beyond it,
# plain accuracy says little about the smaller classes.
WARN_ABOVE_RATIO = 3.0


@dataclass(frozen=True, slots=True)
class Imbalance:
    """Images per class and split; `ratio` is largest class over smallest in `train`."""

    counts: Mapping[str, tuple[int, ...]]  # split -> images of each class
    ratio: float
    warning: str | None  # a sentence where the ratio exceeds WARN_ABOVE_RATIO


def imbalance(splits: Mapping[str, LabelledImages]) -> Imbalance:
    """Count the classes of each split. `train` must be among them and hold every class at least once."""
    counts = {
        name: tuple(int(n) for n in np.bincount(split.labels, minlength=len(split.classes)))
        for name, split in splits.items()
    }
    of_train, classes = counts["train"], splits["train"].classes
    ratio = max(of_train) / min(of_train)
    warning = None
    if ratio > WARN_ABOVE_RATIO:
        largest, smallest = of_train.index(max(of_train)), of_train.index(min(of_train))
        warning = (
            f"The classes are uneven: {max(of_train)} training images of {classes[largest]!r} but "
            f"{min(of_train)} of {classes[smallest]!r}, {ratio:.1f} times fewer; accuracy over all images says "
            "little about the small classes."
        )
    return Imbalance(counts, ratio, warning)
