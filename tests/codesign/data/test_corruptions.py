"""codesign/data/corruptions.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.data.corruptions import STRENGTHS, corrupted
from runtime.contract.arrays import UInt8Array
from runtime.contract.errors import ConfigError


def pictures() -> UInt8Array:
    rows, columns = np.mgrid[0:16, 0:16]
    one = np.stack([rows * 15, columns * 15, (rows + columns) % 2 * 200], axis=-1)
    return np.stack([one, one[::-1]]).astype(np.uint8)


@pytest.mark.parametrize("name", list(STRENGTHS))
def test_each_strength_takes_images_further_from_what_they_were(name: str) -> None:
    images = pictures()
    distances = []
    for strength in STRENGTHS[name]:
        worse = corrupted(images, name, strength, seed=0)
        assert (worse.shape, worse.dtype) == (images.shape, np.uint8)
        distances.append(float(np.abs(worse.astype(float) - images).mean()))
    assert 0.0 < distances[0] < distances[1] < distances[2]


def test_noise_follows_the_seed_and_the_images_are_left_alone() -> None:
    images = pictures()
    before = images.copy()
    assert np.array_equal(corrupted(images, "noise", 8.0, 1), corrupted(images, "noise", 8.0, 1))
    assert not np.array_equal(corrupted(images, "noise", 8.0, 1), corrupted(images, "noise", 8.0, 2))
    np.testing.assert_array_equal(images, before)


def test_an_unknown_corruption_is_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"unknown corruption 'fog'(.|\n)*to do: use one of noise, blur"):
        corrupted(pictures(), "fog", 1.0, 0)
