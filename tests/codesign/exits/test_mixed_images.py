"""codesign/exits/mixed_images.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.exits.mixed_images import mixed


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("seed", range(12))
def test_every_pixel_lies_between_those_of_two_images_and_both_ways_occur(layout: str, seed: int) -> None:
    images = np.stack([np.full((4, 5, 6), value, dtype=np.float32) for value in (0.0, 1.0, 2.0, 3.0)])
    before = images.copy()
    found = mixed(images, layout, np.random.default_rng(seed))
    np.testing.assert_array_equal(images, before)
    assert found.dtype == np.float32
    assert found.shape == images.shape
    assert (np.minimum(images, images[::-1]) <= found).all()
    assert (found <= np.maximum(images, images[::-1])).all()


def test_both_blending_and_pasting_occur() -> None:
    images = np.stack([np.zeros((3, 8, 8), dtype=np.float32), np.ones((3, 8, 8), dtype=np.float32)])
    pasted = [set(np.unique(mixed(images, "NCHW", np.random.default_rng(seed)))) <= {0.0, 1.0} for seed in range(20)]
    assert 0 < sum(pasted) < 20


def test_what_is_pasted_has_the_same_place_in_every_channel() -> None:
    images = np.stack([np.zeros((8, 8, 3), dtype=np.float32), np.ones((8, 8, 3), dtype=np.float32)])
    for seed in range(20):
        found = mixed(images, "NHWC", np.random.default_rng(seed))
        assert (found == found[..., :1]).all()
