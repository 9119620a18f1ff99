"""Mean and spread of each colour channel, for normalising."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import UInt8Array

CHUNK_IMAGES = 1024  # bincount widens bytes to eight bytes each: 60,000 images at once would take 1.5 GB
SMALLEST_STD = 1.0 / 255.0  # a channel that never changes: one grey level, instead of a division by zero


def channel_statistics(images: UInt8Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation per channel over all pixels of (n, height, width, 3), with bytes scaled to 0-1.

    Counted from exact histograms, so the result does not depend on the order of the images.
    """
    histograms = np.zeros((3, 256), dtype=np.int64)
    for start in range(0, len(images), CHUNK_IMAGES):
        for channel in range(3):
            pixels = images[start : start + CHUNK_IMAGES, :, :, channel].reshape(-1)
            histograms[channel] += np.bincount(pixels, minlength=256)
    levels = np.arange(256) / 255.0
    weights = histograms / histograms.sum(axis=1, keepdims=True)
    mean = weights @ levels
    variance = (weights * (levels - mean[:, None]) ** 2).sum(axis=1)
    std = np.maximum(np.sqrt(variance), SMALLEST_STD)
    return tuple(float(value) for value in mean), tuple(float(value) for value in std)
