"""From image bytes to the network's input tensor, the same for search, certificate and serving."""

from __future__ import annotations

import numpy as np

from .arrays import FloatArray, UInt8Array
from .errors import ShapeError
from .tensor_spec import TensorSpec


class Preprocessing:
    """Callable form of a TensorSpec; scale and offset are folded once, since serving calls this per image."""

    def __init__(self, spec: TensorSpec) -> None:
        self.spec = spec
        std = np.asarray(spec.std, dtype=np.float32)
        channels_first = spec.layout == "NCHW"
        shape = (1, 3, 1, 1) if channels_first else (1, 1, 1, 3)
        self._scale = (np.float32(1.0 / 255.0) / std).reshape(shape)
        self._offset = (np.asarray(spec.mean, dtype=np.float32) / std).reshape(shape)
        self._axes = (0, 3, 1, 2) if channels_first else (0, 1, 2, 3)

    def __call__(self, images: UInt8Array) -> FloatArray:
        """Normalised float32 tensor of a batch.

        Args:
            images: (batch, height, width, 3) uint8 RGB.
        Returns:
            (batch, 3, height, width), or (batch, height, width, 3) where the layout is NHWC; contiguous.
        Raises:
            ShapeError: another shape or dtype; nothing is resized or cast silently.
        """
        wanted = (self.spec.height, self.spec.width, 3)
        if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
            found = images.dtype if isinstance(images, np.ndarray) else type(images).__name__
            raise ShapeError(
                f"images must be uint8 (0-255 RGB), got {found}",
                to_do="pass the bytes as decoded; scaling and normalising are done here",
            )
        if images.ndim != 4 or images.shape[1:] != wanted:
            raise ShapeError(
                f"images must be (batch, {wanted[0]}, {wanted[1]}, 3), got shape {images.shape}",
                to_do="resize to the bundle's input size, RGB, channels last; a single image needs a batch axis",
            )
        arranged = images.transpose(self._axes)
        # Written into one contiguous array: five times faster than scaling in the bytes' own order, then copying.
        scaled = np.empty(arranged.shape, dtype=np.float32)
        np.multiply(arranged, self._scale, out=scaled)
        np.subtract(scaled, self._offset, out=scaled)
        return scaled
