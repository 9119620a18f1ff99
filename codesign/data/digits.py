"""Handwritten digits that come with scikit-learn: real images, no download."""

from __future__ import annotations

import numpy as np

from codesign.data.given import Given
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages
from runtime.data.picture import resized

SIZE = 32
BRIGHTEST = 16  # ink levels of the original 8 × 8 images run from 0 to 16
SHARES = (0.50, 0.15, 0.15)  # of 1,797 with 0.20 for test: some 270 each to select and certify, enough to say something


def digits() -> Given:
    """1,797 digits (UCI Optical Recognition of Handwritten Digits), 8 × 8 enlarged to 32 × 32 RGB, bilinear."""
    # Imported here: scikit-learn takes a second to load, and only this data set needs them.
    from PIL import Image
    from sklearn.datasets import load_digits

    raw = load_digits()
    ink = np.rint(raw.images * (255.0 / BRIGHTEST)).astype(np.uint8)
    spec = TensorSpec(SIZE, SIZE)
    images = np.stack([resized(Image.fromarray(picture).convert("RGB"), spec) for picture in ink])
    labels = raw.target.astype(np.int64)
    classes = tuple(str(name) for name in raw.target_names)
    return Given("digits", "scikit-learn's digits", LabelledImages(images, labels, classes), shares=SHARES)
