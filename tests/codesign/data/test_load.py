from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.data.load import load_data
from runtime.contract.errors import DataError
from tests.runtime.data.pictures_on_disk import write_classes

from .sets_on_disk import image_keys


def test_digits_are_divided_into_four_disjoint_splits_of_all_1797() -> None:
    data = load_data("digits", 0)
    sizes = {name: len(split) for name, split in data.splits.items()}
    assert sizes == {"train": 899, "select": 269, "certify": 269, "test": 360}
    assert len(set().union(*(image_keys(split) for split in data.splits.values()))) == 1797
    assert (data.name, data.input.height, data.input.width) == ("digits", 32, 32)


def test_picture_folders_are_read_at_32_pixels_unless_told_otherwise(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": 8, "b": 8})
    assert load_data(f"images:{tmp_path}", 0).input.height == 32
    assert load_data(f"images:{tmp_path}", 0, size=16).train.images.shape[1:] == (16, 16, 3)


def test_a_home_folder_may_be_written_as_a_tilde(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_classes(tmp_path / "pets", {"a": 8, "b": 8})
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load_data("images:~/pets", 0).name == "images:pets"


def test_a_real_subset_of_cifar10_becomes_four_splits_that_share_no_image(shared_data: Path) -> None:
    data = load_data(f"cifar10:{shared_data / 'images' / 'cifar10_subset'}", 0)
    sizes = {name: len(split) for name, split in data.splits.items()}
    assert (sizes["train"], sizes["test"], sizes["select"] + sizes["certify"]) == (12000, 3000, 3000)
    assert abs(sizes["select"] - sizes["certify"]) <= 10
    assert len(set().union(*(image_keys(split) for split in data.splits.values()))) == 18000
    assert data.classes[0] == "airplane"
    np.testing.assert_allclose(data.input.mean, (0.4914, 0.4822, 0.4465), atol=0.005)  # known of all 50,000
    np.testing.assert_allclose(data.input.std, (0.2470, 0.2435, 0.2616), atol=0.005)


@pytest.mark.parametrize(
    ("spec", "size", "message"),
    [
        ("digit", None, r"unknown data set 'digit'; did you mean 'digits'\?"),
        ("cifar:folder", None, r"unknown data set 'cifar'; did you mean 'cifar10"),
        ("zzz", None, "unknown data set 'zzz'\n"),
        ("", None, "unknown data set ''\n"),
        ("digits:folder", None, "digits come with scikit-learn and take no folder"),
        ("cifar10", None, "cifar10 needs a folder"),
        ("images:", None, "images needs a folder"),
        ("digits", 64, "digits is 32 × 32 pixels; a size applies to images:FOLDER only"),
        ("images:folder", 0, "images cannot be 0 pixels wide"),
    ],
)
def test_a_data_set_that_cannot_be_meant_is_refused(spec: str, size: int | None, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load_data(spec, 0, size=size)
    assert caught.value.where == f"--data {spec}"
    assert caught.value.to_do


def test_one_class_alone_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path, {"only": 20})
    with pytest.raises(DataError, match="there is one class only: only"):
        load_data(f"images:{tmp_path}", 0)


def test_a_damaged_picture_in_a_class_is_named(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": 8, "b": 8})
    (tmp_path / "b" / "004.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(DataError, match=r"picture '004\.png' cannot be read"):
        load_data(f"images:{tmp_path}", 0)
