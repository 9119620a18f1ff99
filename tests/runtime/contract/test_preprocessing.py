from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import ShapeError
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SPEC = TensorSpec(4, 5, MEAN, STD)
IMAGES = np.random.default_rng(0).integers(0, 256, (3, 4, 5, 3), dtype=np.uint8)


def test_bytes_are_scaled_to_one_less_the_mean_over_the_spread() -> None:
    expected = (IMAGES / 255.0 - np.array(MEAN)) / np.array(STD)
    tensor = Preprocessing(SPEC)(IMAGES)
    assert tensor.dtype == np.float32
    assert tensor.shape == (3, 3, 4, 5)
    np.testing.assert_allclose(tensor, expected.transpose(0, 3, 1, 2), atol=2e-6)


def test_channels_stay_last_where_the_network_wants_them_last() -> None:
    last = Preprocessing(TensorSpec(4, 5, MEAN, STD, layout="NHWC"))(IMAGES)
    np.testing.assert_array_equal(last.transpose(0, 3, 1, 2), Preprocessing(SPEC)(IMAGES))


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_the_tensor_is_contiguous(layout: str) -> None:
    assert Preprocessing(TensorSpec(4, 5, layout=layout))(IMAGES).flags.c_contiguous


@given(st.integers(1, 8))
def test_an_image_becomes_the_same_tensor_alone_and_in_a_batch(batch: int) -> None:
    images = np.random.default_rng(batch).integers(0, 256, (batch, 4, 5, 3), dtype=np.uint8)
    prepare = Preprocessing(SPEC)
    np.testing.assert_array_equal(prepare(images)[-1:], prepare(images[-1:]))


def test_the_input_is_left_as_it_was() -> None:
    before = IMAGES.copy()
    Preprocessing(SPEC)(IMAGES)
    np.testing.assert_array_equal(IMAGES, before)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (IMAGES.astype(np.float32), r"images must be uint8 \(0-255 RGB\), got float32"),
        ([[0]], "images must be uint8.*got list"),
        (IMAGES[0], r"images must be \(batch, 4, 5, 3\), got shape \(4, 5, 3\)"),
        (IMAGES.transpose(0, 3, 1, 2), r"got shape \(3, 3, 4, 5\)"),
        (IMAGES[:, :3], r"got shape \(3, 3, 5, 3\)"),
        (IMAGES[..., :1], r"got shape \(3, 4, 5, 1\)"),
    ],
)
def test_anything_but_a_batch_of_rgb_bytes_of_the_right_size_is_refused(images: Any, message: str) -> None:
    with pytest.raises(ShapeError, match=message):
        Preprocessing(SPEC)(images)
