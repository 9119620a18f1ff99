"""Images as a worn lens, a dark room or a bad link hand them over: common corruptions at three strengths each.

After Hendrycks & Dietterich (ICLR 2019, arXiv:1903.12261), the four of theirs that board cameras meet first; strengths
are chosen for small images and are this project's own.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageFilter

from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.contract.errors import ConfigError

STRENGTHS: dict[str, tuple[float, ...]] = {
    "noise": (8.0, 16.0, 32.0),  # standard deviation, of 255
    "blur": (0.5, 1.0, 1.5),  # Gaussian radius in pixels of a 32-pixel image
    "darkness": (0.7, 0.5, 0.3),  # what is left of the brightness
    "jpeg": (50.0, 25.0, 10.0),  # quality
}


def corrupted(images: UInt8Array, name: str, strength: float, seed: int) -> UInt8Array:
    """The images (n, height, width, 3) after one corruption; the same seed gives the same noise.

    Raises:
        ConfigError: an unknown corruption.
    """
    if name == "noise":
        noise: FloatArray = np.random.default_rng([seed, 11]).normal(scale=strength, size=images.shape)
        return _as_bytes(images.astype(np.float64) + noise)
    if name == "darkness":
        return _as_bytes(images.astype(np.float64) * strength)
    if name == "blur":
        radius = strength * images.shape[1] / 32
        return np.stack([_pixels(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius))) for image in images])
    if name == "jpeg":
        return np.stack([_recompressed(image, round(strength)) for image in images])
    raise ConfigError(f"unknown corruption {name!r}", to_do=f"use one of {', '.join(STRENGTHS)}")


def _as_bytes(values: FloatArray) -> UInt8Array:
    rounded: UInt8Array = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return rounded


def _pixels(picture: Image.Image) -> UInt8Array:
    return np.asarray(picture, dtype=np.uint8)


def _recompressed(image: UInt8Array, quality: int) -> UInt8Array:
    file = io.BytesIO()
    Image.fromarray(image).save(file, "JPEG", quality=quality)
    return _pixels(Image.open(file).convert("RGB"))
