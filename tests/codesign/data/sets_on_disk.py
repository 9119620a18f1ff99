"""Small data sets, in memory and on disk, for the tests of `codesign.data`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runtime.data.labelled import LabelledImages
from runtime.data.npz_file import write_npz


def random_set(counts: tuple[int, ...], seed: int = 0, *, side: int = 4, first: int = 0) -> LabelledImages:
    """Different images (the first three bytes of each are its number, from `first`) with that many of each class."""
    labels = np.repeat(np.arange(len(counts)), counts)
    images = np.random.default_rng(seed).integers(0, 256, (len(labels), side, side, 3), dtype=np.uint8)
    numbers = np.arange(first, first + len(labels))
    images[:, 0, 0, :] = np.stack([numbers % 256, numbers // 256 % 256, numbers // 65536], axis=1)
    return LabelledImages(images, labels.astype(np.int64), tuple(f"class {i}" for i in range(len(counts))))


def joined(*parts: LabelledImages) -> LabelledImages:
    """All images of the parts, one after the other."""
    return LabelledImages(
        np.concatenate([part.images for part in parts]),
        np.concatenate([part.labels for part in parts]),
        parts[0].classes,
    )


def write_shard(path: Path, counts: tuple[int, ...], classes: tuple[str, ...], first: int) -> Path:
    """An NPZ shard of 32 × 32 images."""
    data = random_set(counts, seed=first, side=32, first=first)
    write_npz(path, LabelledImages(data.images, data.labels, classes))
    return path


def image_keys(data: LabelledImages) -> set[bytes]:
    """The bytes of every image, to compare sets of them."""
    return {image.tobytes() for image in data.images}
