from __future__ import annotations

from pathlib import Path

import pytest

from codesign.data.class_folders import pictures
from runtime.contract.errors import DataError
from tests.runtime.data.pictures_on_disk import write_classes


def test_class_folders_are_one_pool_named_after_their_folder(tmp_path: Path) -> None:
    given = pictures(write_classes(tmp_path / "pets", {"cat": 2, "dog": 3}))
    assert given.name == "images:pets"
    assert given.test is None
    assert given.calibration is None
    assert given.train.images.shape == (5, 32, 32, 3)


def test_pictures_take_the_size_asked_for(tmp_path: Path) -> None:
    assert pictures(write_classes(tmp_path, {"a": 1, "b": 1}), size=48).train.images.shape == (2, 48, 48, 3)


def test_train_and_test_folders_are_the_users_own_partition(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", {"cat": 2, "dog": 3})
    write_classes(tmp_path / "calibration", {"cat": 1, "dog": 1}, first_seed=50)
    write_classes(tmp_path / "test", {"dog": 1}, first_seed=90)
    given = pictures(tmp_path)
    assert given.test is not None
    assert given.calibration is not None
    assert (len(given.train), len(given.calibration), len(given.test)) == (5, 2, 1)
    assert given.test.labels.tolist() == [1]
    assert given.test.classes == ("cat", "dog")


def test_a_class_may_be_called_train_or_test(tmp_path: Path) -> None:
    given = pictures(write_classes(tmp_path, {"bus": 1, "test": 1, "train": 2}))
    assert given.train.classes == ("bus", "test", "train")


def test_a_test_class_that_training_lacks_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", {"cat": 2, "dog": 2})
    write_classes(tmp_path / "test", {"cow": 1})
    with pytest.raises(DataError, match="class 'cow' is unknown"):
        pictures(tmp_path)


def test_another_folder_beside_train_and_test_is_refused_not_skipped(tmp_path: Path) -> None:
    for part in ("train", "test", "val"):
        write_classes(tmp_path / part, {"cat": 2, "dog": 2})
    with pytest.raises(DataError, match="folder 'val' beside train and test is neither of them"):
        pictures(tmp_path)


def test_a_train_folder_without_a_test_folder_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "train", {"cat": 2, "dog": 2})
    with pytest.raises(DataError, match="'cat' in class folder 'train' is not a PNG or JPEG file"):
        pictures(tmp_path)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        pictures(tmp_path / "absent")
