from __future__ import annotations

import numpy as np
import pytest

from codesign.data.statistics import CHUNK_IMAGES, SMALLEST_STD, channel_statistics
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec

from .sets_on_disk import random_set


@pytest.mark.parametrize("count", [1, CHUNK_IMAGES, CHUNK_IMAGES + 1])
def test_statistics_are_those_numpy_computes(count: int) -> None:
    images = random_set((count,)).images // np.array([1, 2, 3], dtype=np.uint8)
    mean, std = channel_statistics(images)
    scaled = images / 255.0
    np.testing.assert_allclose(mean, scaled.mean(axis=(0, 1, 2)), rtol=1e-12)
    np.testing.assert_allclose(std, scaled.std(axis=(0, 1, 2)), rtol=1e-9)


def test_images_normalised_with_their_own_statistics_have_mean_zero_and_spread_one() -> None:
    images = random_set((50,)).images
    tensor = Preprocessing(TensorSpec(4, 4, *channel_statistics(images)))(images)
    np.testing.assert_allclose(tensor.mean(axis=(0, 2, 3)), 0.0, atol=1e-5)
    np.testing.assert_allclose(tensor.std(axis=(0, 2, 3)), 1.0, atol=1e-5)


def test_a_channel_that_never_changes_gets_one_grey_level_of_spread() -> None:
    mean, std = channel_statistics(np.full((3, 2, 2, 3), 51, dtype=np.uint8))
    assert mean == pytest.approx((0.2, 0.2, 0.2))
    assert std == (SMALLEST_STD,) * 3
