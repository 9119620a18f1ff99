"""One picture, of any size and colour mode, as RGB bytes of the size the network wants."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from runtime.contract.arrays import UInt8Array
from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (".jpeg", ".jpg", ".png")


def read_picture(path: Path, spec: TensorSpec) -> UInt8Array:
    """Decode a PNG or JPEG file, turn it upright, make it RGB, and resize it.

    Orientation follows the EXIF tag. Transparency is dropped, not blended, as training loaders commonly do; 16-bit
    grey keeps its upper eight bits.

    Returns:
        (height, width, 3) uint8.
    Raises:
        DataError: Pillow is not installed, or the file is missing, damaged or not a picture.
    """
    require_pillow()
    from PIL import Image, ImageOps

    try:
        with Image.open(path, formats=("PNG", "JPEG")) as picture:
            picture.load()
            upright = ImageOps.exif_transpose(picture)
            return resized(_rgb(upright), spec)
    # Pillow's decoders raise all of these on damaged files, and its own guard on absurdly large ones.
    except (OSError, SyntaxError, ValueError, EOFError, MemoryError, Image.DecompressionBombError) as error:
        raise DataError(
            f"picture {path.name!r} cannot be read: {error}",
            where=str(path),
            to_do="remove the file, or save it again as PNG or JPEG",
        ) from error


def resized(picture: Image, spec: TensorSpec) -> UInt8Array:
    """An RGB picture as (height, width, 3) uint8, bilinear, aspect ratio not kept, averaged where it shrinks."""
    from PIL import Image

    if picture.size != (spec.width, spec.height):
        picture = picture.resize((spec.width, spec.height), Image.Resampling.BILINEAR)
    pixels: UInt8Array = np.asarray(picture, dtype=np.uint8)
    return pixels


def require_pillow() -> None:
    """Raises DataError where Pillow is absent: it is an extra, since a board that is fed arrays needs none."""
    try:
        import PIL.Image  # noqa: F401  (only whether it is there)
    except ImportError as error:
        raise DataError(
            "reading pictures needs Pillow, which is not installed",
            to_do="pip install 'edge-codesign[images]', or give an NPZ file instead of pictures",
        ) from error


def _rgb(picture: Image) -> Image:
    from PIL import Image

    if picture.mode.startswith("I"):  # 16-bit grey; convert() alone would clip nearly all of it to white
        upper_bits = np.asarray(picture).astype(np.int64) >> 8
        picture = Image.fromarray(upper_bits.clip(0, 255).astype(np.uint8))
    if picture.mode == "P" and "transparency" in picture.info:
        picture = picture.convert("RGBA")
    return picture.convert("RGB")
