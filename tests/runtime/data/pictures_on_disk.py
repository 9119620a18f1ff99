"""Writes small picture folders for the tests that read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def write_picture(path: Path, seed: int = 0, *, mode: str = "RGB", size: tuple[int, int] = (9, 7)) -> Path:
    """A picture of random pixels, (width, height) in `size`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).convert(mode).save(path)
    return path


def write_classes(folder: Path, counts: dict[str, int], first_seed: int = 0) -> Path:
    """One sub-folder per class with that many different PNG files."""
    seed = first_seed
    for name, count in counts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            write_picture(folder / name / f"{number:03}.png", seed)
            seed += 1
    return folder
