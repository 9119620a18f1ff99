from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.data.cifar import cifar
from codesign.data.cifar_binary import CIFAR10_LAYOUT, CIFAR100_LAYOUT, CifarLayout
from codesign.data.cifar_classes import CIFAR10
from runtime.contract.errors import DataError

from .sets_on_disk import image_keys, random_set, write_shard


def write_binaries(folder: Path, layout: CifarLayout) -> None:
    """Two images of every class in each file of the official binary version."""
    for number, name in enumerate((*layout.train_files, layout.test_file)):
        data = random_set((2,) * len(layout.classes), number, side=32, first=1000 * number)
        planes = data.images.transpose(0, 3, 1, 2).reshape(len(data), -1)
        labels = np.repeat(data.labels[:, None], layout.label_bytes, axis=1).astype(np.uint8)
        (folder / name).write_bytes(np.concatenate([labels, planes], axis=1).tobytes())


@pytest.mark.parametrize(("layout", "train"), [(CIFAR10_LAYOUT, 100), (CIFAR100_LAYOUT, 200)])
def test_the_binary_version_is_read_whole(tmp_path: Path, layout: CifarLayout, train: int) -> None:
    write_binaries(tmp_path, layout)
    given = cifar(tmp_path, layout)
    assert given.test is not None
    assert (len(given.train), len(given.test)) == (train, 2 * len(layout.classes))
    assert given.train.classes == layout.classes
    last = layout.train_files.index(layout.train_files[-1])
    expected = random_set((2,) * len(layout.classes), last, side=32, first=1000 * last)
    assert image_keys(expected) <= image_keys(given.train)
    assert np.bincount(given.test.labels).tolist() == [2] * len(layout.classes)


def test_one_missing_batch_of_the_binary_version_is_refused(tmp_path: Path) -> None:
    write_binaries(tmp_path, CIFAR10_LAYOUT)
    (tmp_path / "data_batch_4.bin").unlink()
    with pytest.raises(DataError, match=r"data_batch_4\.bin is missing"):
        cifar(tmp_path, CIFAR10_LAYOUT)


def test_npz_shards_of_one_kind_are_joined(tmp_path: Path) -> None:
    write_shard(tmp_path / "train_0.npz", (3,) * 10, CIFAR10, first=0)
    write_shard(tmp_path / "train_1.npz", (2,) * 10, CIFAR10, first=100)
    write_shard(tmp_path / "test.npz", (1,) * 10, CIFAR10, first=200)
    given = cifar(tmp_path, CIFAR10_LAYOUT)
    assert given.test is not None
    assert given.calibration is None
    assert (len(given.train), len(given.test)) == (50, 10)


def test_a_calibration_shard_is_kept_apart(tmp_path: Path) -> None:
    for kind, first in (("train", 0), ("calibration", 100), ("test", 200)):
        write_shard(tmp_path / f"{kind}.npz", (2,) * 10, CIFAR10, first=first)
    given = cifar(tmp_path, CIFAR10_LAYOUT)
    assert given.calibration is not None
    assert not image_keys(given.calibration) & image_keys(given.train)


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        cifar(tmp_path / "absent", CIFAR10_LAYOUT)


def test_a_folder_with_neither_kind_of_file_says_which_it_needs(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither NPZ shards nor binary files") as caught:
        cifar(tmp_path, CIFAR100_LAYOUT)
    assert caught.value.to_do is not None
    assert "train.bin and test.bin of the official binary version" in caught.value.to_do


def test_a_folder_with_both_kinds_of_files_is_ambiguous(tmp_path: Path) -> None:
    write_binaries(tmp_path, CIFAR10_LAYOUT)
    write_shard(tmp_path / "train.npz", (2,) * 10, CIFAR10, first=0)
    with pytest.raises(DataError, match="both NPZ shards and binary files"):
        cifar(tmp_path, CIFAR10_LAYOUT)


@pytest.mark.parametrize(("present", "message"), [("train", r"no test\*\.npz"), ("test", r"no train\*\.npz")])
def test_shards_without_training_or_test_images_are_refused(tmp_path: Path, present: str, message: str) -> None:
    write_shard(tmp_path / f"{present}.npz", (2,) * 10, CIFAR10, first=0)
    with pytest.raises(DataError, match=message):
        cifar(tmp_path, CIFAR10_LAYOUT)


def test_a_shard_of_unknown_purpose_is_refused_not_skipped(tmp_path: Path) -> None:
    write_shard(tmp_path / "validation.npz", (2,) * 10, CIFAR10, first=0)
    with pytest.raises(DataError, match=r"validation\.npz is neither training, calibration nor test data"):
        cifar(tmp_path, CIFAR10_LAYOUT)


def test_cifar100_labels_in_a_cifar10_folder_are_refused(tmp_path: Path) -> None:
    data = random_set((1,) * 11, side=32)
    for kind in ("train", "test"):
        np.savez(tmp_path / f"{kind}.npz", images=data.images, labels=data.labels)
    with pytest.raises(DataError, match="labels run from 0 to 10, but 10 classes"):
        cifar(tmp_path, CIFAR10_LAYOUT)
