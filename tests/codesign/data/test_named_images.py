from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.data.load import load_data
from codesign.data.named_images import images_for
from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import LabelledImages
from runtime.data.npz_file import write_npz
from tests.runtime.data.pictures_on_disk import write_classes

from .sets_on_disk import image_keys, random_set

SPEC = TensorSpec(32, 32)


def test_a_data_set_by_name_gives_its_test_split() -> None:
    data = load_data("digits", 3)
    found = images_for("digits", SPEC, data.classes, 3)
    np.testing.assert_array_equal(found.images, data.test.images)
    np.testing.assert_array_equal(found.labels, data.test.labels)


def test_labels_are_those_of_the_bundle_in_whatever_order_it_names_its_classes() -> None:
    data = load_data("digits", 0)
    backwards = data.classes[::-1]
    found = images_for("digits", SPEC, backwards, 0)
    assert found.classes == backwards
    assert [backwards[label] for label in found.labels] == [data.classes[label] for label in data.test.labels]


def test_pictures_are_resized_to_what_the_bundle_takes_and_none_of_them_was_trained_on(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": 12, "b": 12})
    found = images_for(f"images:{tmp_path}", replace(SPEC, height=20, width=20), ("a", "b"), 0)
    data = load_data(f"images:{tmp_path}", 0, size=20)
    assert image_keys(found) == image_keys(data.test)
    assert not image_keys(found) & image_keys(data.train)


def test_a_file_gives_every_image_it_holds(tmp_path: Path) -> None:
    data = random_set((3, 4), side=8)
    write_npz(tmp_path / "mine.npz", LabelledImages(data.images, data.labels, ("a", "b")))
    found = images_for(f"npz:{tmp_path / 'mine.npz'}", TensorSpec(8, 8), ("b", "a"), 0)
    np.testing.assert_array_equal(found.images, data.images)
    assert found.labels.tolist() == [1] * 3 + [0] * 4


@pytest.mark.parametrize(
    ("classes", "message"),
    [
        (("a", "b"), r"the data has the classes .*… \(10\), the bundle a, b"),
        (tuple("abcdef"), r"the bundle a, b, c, d, e, … \(6\)"),
    ],
)
def test_data_of_other_classes_than_the_bundles_is_refused(classes: tuple[str, ...], message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        images_for("digits", SPEC, classes, 0)
    assert caught.value.where == "--data digits"


def test_images_of_another_size_than_the_bundles_are_refused() -> None:
    with pytest.raises(DataError, match="the images are 32 × 32, the bundle takes 16 × 24\n  where: --data digits"):
        images_for("digits", TensorSpec(16, 24), load_data("digits", 0).classes, 0)


def test_an_unknown_name_or_file_is_refused() -> None:
    with pytest.raises(DataError, match="unknown data set 'digit'"):
        images_for("digit", SPEC, ("a", "b"), 0)
    with pytest.raises(DataError, match=r"there is nothing at gone\.npz"):
        images_for("npz:gone.npz", SPEC, ("a", "b"), 0)
