"""Image bytes as training batches: shuffled, augmented, normalised."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from runtime.contract.arrays import IntArray, UInt8Array
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec

SHIFT_PIXELS_PER_32 = 2  # a shift of ±2 pixels on a 32-pixel image, in proportion on others


def as_tensor(images: UInt8Array, spec: TensorSpec) -> Tensor:
    """(batch, h, w, 3) bytes to a normalised (batch, 3, h, w) tensor in channels-last memory, fastest on CPUs."""
    return torch.from_numpy(Preprocessing(spec)(images)).contiguous(memory_format=torch.channels_last)


def augmented(images: UInt8Array, how: str, rng: np.random.Generator) -> UInt8Array:
    """Each image shifted by some pixels (edges repeated) and, for `shift-flip`, mirrored half of the time."""
    if how == "none":
        return images
    batch, height, width, _ = images.shape
    reach = max(1, round(SHIFT_PIXELS_PER_32 * height / 32))
    padded = np.pad(images, ((0, 0), (reach, reach), (reach, reach), (0, 0)), mode="edge")
    top: IntArray = rng.integers(0, 2 * reach + 1, size=(batch, 1)) + np.arange(height)[None]
    left: IntArray = rng.integers(0, 2 * reach + 1, size=(batch, 1)) + np.arange(width)[None]
    if how == "shift-flip":
        left = np.where(rng.random(size=(batch, 1)) < 0.5, left[:, ::-1], left)
    shifted: UInt8Array = padded[np.arange(batch)[:, None, None], top[:, :, None], left[:, None, :]]
    return shifted


def training_batches(
    images: UInt8Array, labels: IntArray, spec: TensorSpec, size: int, augment: str, rng: np.random.Generator
) -> Iterator[tuple[Tensor, Tensor]]:
    """One epoch in a new order: (batch, 3, h, w) and (batch,).

    A last batch of one sample is left out: it has no statistics to normalise by.
    """
    order = rng.permutation(len(images))
    for start in range(0, len(order), size):
        chosen = order[start : start + size]
        if len(chosen) > 1:
            yield as_tensor(augmented(images[chosen], augment, rng), spec), torch.from_numpy(labels[chosen])


def steps_per_epoch(samples: int, size: int) -> int:
    """How many batches `training_batches` yields."""
    return samples // size + (samples % size > 1)
