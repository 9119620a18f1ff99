from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

from codesign.data.digits import digits


def test_digits_are_the_real_ones_enlarged_fourfold() -> None:
    train, raw = digits().train, load_digits()
    assert train.images.shape == (1797, 32, 32, 3)
    assert train.labels.tolist() == raw.target.tolist()
    assert train.classes == tuple("0123456789")
    # Averaged back to 8 × 8, the enlarged images follow the originals, blurred as bilinear does.
    small = train.images[..., 0].reshape(1797, 8, 4, 8, 4).mean(axis=(2, 4)) / 255.0 * 16
    assert np.corrcoef(small.ravel(), raw.images.ravel())[0, 1] > 0.97


def test_digits_are_grey_and_use_the_whole_range() -> None:
    images = digits().train.images
    assert (images[..., 0] == images[..., 1]).all()
    assert (images[..., 0] == images[..., 2]).all()
    assert (images.min(), images.max()) == (0, 255)
