from __future__ import annotations

import numpy as np
import pytest

from codesign.data.assemble import assemble
from codesign.data.dataset import SPLITS, Dataset
from codesign.data.given import Given
from runtime.contract.errors import DataError
from runtime.data.labelled import LabelledImages

from .sets_on_disk import image_keys, joined, random_set

POOL = random_set((100, 60))
CALIBRATION = random_set((20, 12), 1, first=1000)
TEST = random_set((30, 30), 2, first=2000)


def given(train: LabelledImages = POOL, **parts: LabelledImages) -> Given:
    return Given("set", "the folder", train, **parts)


def counts(data: Dataset) -> dict[str, list[int]]:
    return {name: np.bincount(split.labels, minlength=2).tolist() for name, split in data.splits.items()}


@pytest.mark.parametrize(
    "parts", [{}, {"test": TEST}, {"calibration": CALIBRATION}, {"calibration": CALIBRATION, "test": TEST}]
)
def test_no_image_is_in_two_splits_and_none_is_lost(parts: dict[str, LabelledImages]) -> None:
    data = assemble(given(**parts), 0)
    keys = [image_keys(split) for split in data.splits.values()]
    assert sum(map(len, keys)) == len(set().union(*keys))
    assert set().union(*keys) == image_keys(joined(POOL, *parts.values()))


def test_labels_stay_with_their_images() -> None:
    labels = {image.tobytes(): label for image, label in zip(POOL.images, POOL.labels, strict=True)}
    for split in assemble(given(), 0).splits.values():
        assert all(labels[image.tobytes()] == label for image, label in zip(split.images, split.labels, strict=True))


def test_without_anything_set_apart_a_fifth_is_test_and_the_rest_is_shared_out() -> None:
    assert counts(assemble(given(), 0)) == {"train": [56, 34], "select": [12, 7], "certify": [12, 7], "test": [20, 12]}


def test_a_test_set_that_exists_is_left_as_it_is() -> None:
    data = assemble(given(test=TEST), 0)
    np.testing.assert_array_equal(data.test.images, TEST.images)
    np.testing.assert_array_equal(data.test.labels, TEST.labels)
    assert counts(data)["train"] == [70, 42]


def test_a_calibration_set_becomes_select_and_certify_and_all_training_images_train() -> None:
    data = assemble(given(calibration=CALIBRATION, test=TEST), 0)
    np.testing.assert_array_equal(data.train.images, POOL.images)
    assert counts(data)["select"] == counts(data)["certify"] == [10, 6]
    assert image_keys(data.select) | image_keys(data.certify) == image_keys(CALIBRATION)


def test_the_same_seed_gives_the_same_data_and_fingerprint_and_another_seed_does_not() -> None:
    first, second, other = (assemble(given(), seed) for seed in (3, 3, 4))
    assert first.fingerprint == second.fingerprint != other.fingerprint
    for name in SPLITS:
        np.testing.assert_array_equal(first.splits[name].images, second.splits[name].images)


def test_the_fingerprint_changes_with_one_byte_one_label_or_one_class_name() -> None:
    images = TEST.images.copy()
    images[5, 1, 1, 1] ^= 1
    labels = TEST.labels.copy()
    labels[5] = 1 - labels[5]
    renamed = tuple(LabelledImages(part.images, part.labels, ("x", "y")) for part in (POOL, TEST))
    variants = [
        given(test=TEST),
        given(test=LabelledImages(images, TEST.labels, TEST.classes)),
        given(test=LabelledImages(TEST.images, labels, TEST.classes)),
        given(renamed[0], test=renamed[1]),
    ]
    assert len({assemble(variant, 0).fingerprint for variant in variants}) == 4


def test_copies_of_test_images_are_left_out_of_training_and_counted() -> None:
    data = assemble(given(joined(POOL, TEST.take(np.arange(7))), test=TEST), 0)
    assert not image_keys(data.test) & (image_keys(data.train) | image_keys(data.select) | image_keys(data.certify))
    assert len(data.test) == len(TEST)
    assert "7 training images are byte-identical to a test image and were left out." in data.notes


def test_copies_between_calibration_and_the_other_two_are_left_out_and_counted() -> None:
    calibration = joined(CALIBRATION, TEST.take(np.arange(3)))
    data = assemble(given(joined(POOL, CALIBRATION.take(np.arange(5))), calibration=calibration, test=TEST), 0)
    assert image_keys(data.train) == image_keys(POOL)
    assert image_keys(data.select) | image_keys(data.certify) == image_keys(CALIBRATION)
    assert "5 training images are byte-identical to a calibration image and were left out." in data.notes
    assert "3 calibration images are byte-identical to a test image and were left out." in data.notes


def test_copies_within_a_set_stay_in_one_split_and_are_counted() -> None:
    data = assemble(given(joined(POOL, POOL.take(np.arange(0, 160, 4)))), 0)
    keys = [image_keys(split) for split in data.splits.values()]
    assert sum(map(len, keys)) == len(set().union(*keys)) == len(POOL)
    assert sum(map(len, data.splits.values())) == len(POOL) + 40
    assert "40 training images are byte-identical copies of another; copies stay in one split." in data.notes


def test_notes_are_silent_about_copies_where_there_are_none() -> None:
    assert not any("byte-identical" in note for note in assemble(given(test=TEST), 0).notes)


def test_statistics_are_those_of_the_training_split_alone() -> None:
    bright = LabelledImages(np.full_like(TEST.images, 255), TEST.labels, TEST.classes)
    data = assemble(given(test=bright), 0)
    np.testing.assert_allclose(data.input.mean, data.train.images.mean(axis=(0, 1, 2)) / 255.0)
    assert (data.input.height, data.input.width) == (4, 4)


def test_uneven_classes_are_warned_about_in_the_notes() -> None:
    data = assemble(given(random_set((200, 10))), 0)
    assert data.imbalance.warning in data.notes
    assert data.imbalance.counts["test"] == (40, 2)


def test_a_class_that_the_test_set_lacks_is_noted() -> None:
    assert "test: no images of class class 1." in assemble(given(test=random_set((30, 0), 2, first=2000)), 0).notes


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (given(random_set((50,))), "there is one class only: class 0"),
        (given(random_set((50, 0))), "no training images of class 'class 1'"),
        (given(random_set((50, 0, 0, 0, 0, 0, 0))), "'class 5' and others"),
        (given(calibration=random_set((20, 0), 1, first=1000)), "no calibration images of class 'class 1'"),
        (given(random_set((50, 3))), "class 'class 1' has 3 different images, but 4 splits need one each"),
        (given(random_set((50, 2)), test=TEST), "class 'class 1' has 2 different images, but 3 splits"),
        (given(calibration=random_set((20, 1), 1, first=1000)), "class 'class 1' has 1 different images, but 2 splits"),
        (given(joined(random_set((50, 0)), TEST.take(np.array([40, 50]))), test=TEST), "no training images of class"),
    ],
)
def test_classes_without_enough_images_are_refused(parts: Given, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        assemble(parts, 0)
    assert caught.value.where == "the folder"
    assert caught.value.to_do
