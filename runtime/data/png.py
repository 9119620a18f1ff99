"""An image as a PNG file, in memory."""

from __future__ import annotations

import io

from runtime.contract.arrays import UInt8Array

from .picture import require_pillow


def png_of(image: UInt8Array) -> bytes:
    """(height, width, 3) RGB bytes as PNG. Raises DataError where Pillow is not installed."""
    require_pillow()
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(image).save(file, "PNG")
    return file.getvalue()
