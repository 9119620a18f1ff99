from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from codesign.backbones.batches import as_tensor, augmented, steps_per_epoch, training_batches
from runtime.contract.arrays import UInt8Array
from runtime.contract.preprocessing import Preprocessing
from tests.codesign.small_networks import SIDE, SPEC, toy_problem


def single_bright_pixel(count: int, row: int, column: int) -> UInt8Array:
    images = np.zeros((count, SIDE, SIDE, 3), dtype=np.uint8)
    images[:, row, column] = 200
    return images


def test_images_become_what_serving_feeds_the_network_in_channels_last_memory() -> None:
    images, _ = toy_problem(5)
    tensor = as_tensor(images, SPEC)
    assert tensor.is_contiguous(memory_format=torch.channels_last)
    np.testing.assert_array_equal(tensor.numpy(), Preprocessing(SPEC)(images))


def test_a_shift_moves_the_content_by_at_most_two_pixels_of_32_and_keeps_it_whole() -> None:
    shifted = augmented(single_bright_pixel(200, 8, 5), "shift", np.random.default_rng(0))
    assert shifted.shape == (200, SIDE, SIDE, 3)
    assert (shifted.max(axis=3).reshape(200, -1) > 0).sum(axis=1).tolist() == [1] * 200
    rows, columns = np.nonzero(shifted[..., 0])[1:]
    assert set(rows - 8) == set(columns - 5) == {-1, 0, 1}  # 16 pixels: half of the two for 32
    assert len(set(zip(rows, columns, strict=True))) == 9


def test_a_shift_repeats_the_edge_instead_of_inventing_black() -> None:
    images = np.full((50, SIDE, SIDE, 3), 77, dtype=np.uint8)
    assert (augmented(images, "shift", np.random.default_rng(0)) == 77).all()


def test_a_flip_mirrors_about_half_of_the_images_left_to_right_and_none_upside_down() -> None:
    flipped = augmented(single_bright_pixel(400, 5, 2), "shift-flip", np.random.default_rng(0))
    rows, columns = np.nonzero(flipped[..., 0])[1:]
    assert set(rows) == {4, 5, 6}
    assert set(columns) == {1, 2, 3, 12, 13, 14}
    assert 150 < (columns > 8).sum() < 250


def test_an_image_is_shifted_as_a_whole() -> None:
    images, _ = toy_problem(20)
    shifted = augmented(images, "shift", np.random.default_rng(1))
    for image, original in zip(shifted, images, strict=True):
        inner = image[2:-2, 2:-2]
        places = [original[r : r + 12, c : c + 12] for r in (1, 2, 3) for c in (1, 2, 3)]
        assert any(np.array_equal(inner, place) for place in places)


def test_without_augmentation_images_stay_as_they_are() -> None:
    images, _ = toy_problem(4)
    np.testing.assert_array_equal(augmented(images, "none", np.random.default_rng(0)), images)


def test_an_epoch_shows_every_image_once_with_its_own_label_in_a_new_order() -> None:
    images, labels = toy_problem(20)
    epochs = []
    for seed in (0, 1):
        batches = list(training_batches(images, labels, SPEC, 8, "none", np.random.default_rng(seed)))
        assert [len(target) for _, target in batches] == [8, 8, 4]
        epochs.append((torch.cat([batch for batch, _ in batches]), torch.cat([target for _, target in batches])))
    everything = as_tensor(images, SPEC)
    for shown, targets in epochs:
        order = [int((everything == one).all(dim=(1, 2, 3)).nonzero()) for one in shown]
        assert sorted(order) == list(range(20))
        assert targets.tolist() == labels[order].tolist()
    assert not torch.equal(epochs[0][0], epochs[1][0])


def test_the_same_generator_gives_the_same_batches() -> None:
    images, labels = toy_problem(20)
    first, second = (
        [batch for batch, _ in training_batches(images, labels, SPEC, 8, "shift-flip", np.random.default_rng(5))]
        for _ in range(2)
    )
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_last_batch_of_one_image_is_left_out() -> None:
    images, labels = toy_problem(17)
    batches = list(training_batches(images, labels, SPEC, 8, "none", np.random.default_rng(0)))
    assert [len(target) for _, target in batches] == [8, 8]


@given(st.integers(2, 60), st.integers(2, 20))
def test_the_steps_of_an_epoch_are_known_before_it_begins(samples: int, size: int) -> None:
    images, labels = np.zeros((samples, SIDE, SIDE, 3), np.uint8), np.zeros(samples, np.int64)
    batches = training_batches(images, labels, SPEC, size, "none", np.random.default_rng(0))
    assert steps_per_epoch(samples, size) == sum(1 for _ in batches)


@pytest.mark.parametrize("how", ["shift", "shift-flip"])
def test_oblong_images_keep_their_shape(how: str) -> None:
    images = np.zeros((3, 8, 20, 3), np.uint8)
    assert augmented(images, how, np.random.default_rng(0)).shape == images.shape
