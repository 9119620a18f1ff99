from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runtime.contract.errors import DataError, StorageError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled_images import LabelledImages
from runtime.data.npz_file import read_npz, write_npz

SPEC = TensorSpec(4, 5)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)
LABELS = np.array([0, 1, 2, 2, 1, 0])


def saved(path: Path, **members: Any) -> Path:
    np.savez(path, **members)
    return path


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    data = LabelledImages(IMAGES, LABELS, ("cat", "dog", "ökonom"))
    write_npz(tmp_path / "new" / "data.npz", data)
    read = read_npz(tmp_path / "new" / "data.npz", SPEC)
    np.testing.assert_array_equal(read.images, IMAGES)
    np.testing.assert_array_equal(read.labels, LABELS)
    assert read.classes == data.classes
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["data.npz"]


def test_a_place_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError, match="labelled images cannot be written"):
        write_npz(tmp_path / "file" / "data.npz", LabelledImages(IMAGES, LABELS, ("a", "b", "c")))


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64])
def test_labels_of_any_integer_type_become_int64(tmp_path: Path, dtype: Any) -> None:
    read = read_npz(saved(tmp_path / "d.npz", images=IMAGES, labels=LABELS.astype(dtype)), SPEC)
    assert read.labels.dtype == np.int64
    assert read.labels.tolist() == LABELS.tolist()


def test_classes_without_names_are_numbered_up_to_the_largest_label(tmp_path: Path) -> None:
    assert read_npz(saved(tmp_path / "d.npz", images=IMAGES, labels=LABELS), SPEC).classes == ("0", "1", "2")


def test_labels_of_a_file_without_names_index_the_classes_asked_for(tmp_path: Path) -> None:
    read = read_npz(saved(tmp_path / "d.npz", images=IMAGES, labels=LABELS), SPEC, ["a", "b", "c", "d"])
    assert read.classes == ("a", "b", "c", "d")
    assert read.labels.tolist() == LABELS.tolist()


def test_labels_of_a_file_with_names_are_translated_by_name(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.npz", images=IMAGES, labels=LABELS, classes=np.array(["x", "y", "z"]))
    read = read_npz(path, SPEC, ["z", "w", "y", "x"])
    assert [read.classes[label] for label in read.labels] == ["x", "y", "z", "z", "y", "x"]
    assert read.classes == ("z", "w", "y", "x")


def test_a_file_with_a_name_that_is_not_asked_for_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "d.npz", images=IMAGES, labels=LABELS, classes=np.array(["x", "y", "z"]))
    with pytest.raises(DataError, match="class 'z' is unknown"):
        read_npz(path, SPEC, ["x", "y"])


NOT_FINITE = np.full((6, 4, 5, 3), np.nan, dtype=np.float32)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"labels": LABELS}, "the file lacks images; it has labels"),
        ({"x": LABELS}, "the file lacks images and labels; it has x"),
        (
            {"images": IMAGES.astype(np.float32), "labels": LABELS},
            r"images must be uint8 .*, got float32 \(6, 4, 5, 3\)\n",
        ),
        ({"images": NOT_FINITE, "labels": LABELS}, r"got float32 \(6, 4, 5, 3\) with values that are not finite"),
        (
            {"images": IMAGES[..., 0], "labels": LABELS},
            r"images must be .*, got uint8 \(6, 4, 5\)",
        ),
        ({"images": IMAGES.transpose(0, 3, 1, 2), "labels": LABELS}, r"got uint8 \(6, 3, 4, 5\)"),
        ({"images": IMAGES[:, :, :4], "labels": LABELS}, "images are 4 × 4, but 4 × 5 are needed"),
        ({"images": IMAGES, "labels": LABELS.astype(np.float64)}, "labels must be whole numbers"),
        ({"images": IMAGES, "labels": LABELS[:, None]}, r"labels must be whole numbers of shape \(n,\)"),
        ({"images": IMAGES, "labels": LABELS[:4]}, "6 images but 4 labels"),
        ({"images": IMAGES[:0], "labels": LABELS[:0]}, "there are no images"),
        ({"images": IMAGES, "labels": LABELS - 1}, "labels run from -1 to 1"),
        (
            {"images": IMAGES, "labels": LABELS, "classes": np.array(["a", "b"])},
            "labels run from 0 to 2, but 2 classes",
        ),
        ({"images": IMAGES, "labels": LABELS, "classes": np.array(["a", "b", "a"])}, "class names must differ"),
        ({"images": IMAGES, "labels": LABELS, "classes": np.array([1, 2, 3])}, "classes must be text"),
        ({"images": IMAGES, "labels": np.array([None] * 6)}, "cannot be read as NPZ without pickles"),
    ],
)
def test_unusable_members_are_refused(tmp_path: Path, members: dict[str, Any], message: str) -> None:
    path = saved(tmp_path / "d.npz", **members)
    with pytest.raises(DataError, match=message) as caught:
        read_npz(path, SPEC)
    assert caught.value.where is not None
    assert caught.value.where.startswith(str(path))
    assert caught.value.to_do


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no file"):
        read_npz(tmp_path / "absent.npz", SPEC)


def test_a_single_array_is_not_taken_for_an_npz(tmp_path: Path) -> None:
    np.save(tmp_path / "d.npy", IMAGES)
    with pytest.raises(DataError, match="this is a single array, not an NPZ"):
        read_npz(tmp_path / "d.npy", SPEC)


def test_a_file_cut_short_anywhere_is_a_data_error(tmp_path: Path) -> None:
    whole = tmp_path / "whole.npz"
    write_npz(whole, LabelledImages(IMAGES, LABELS, ("a", "b", "c")))
    content = whole.read_bytes()
    for length in range(0, len(content) - 1, 37):
        (tmp_path / "cut.npz").write_bytes(content[:length])
        with pytest.raises(DataError, match="cannot be read as NPZ"):
            read_npz(tmp_path / "cut.npz", SPEC)


def test_a_damaged_byte_is_either_a_data_error_or_changes_nothing(tmp_path: Path) -> None:
    whole = tmp_path / "whole.npz"
    write_npz(whole, LabelledImages(IMAGES, LABELS, ("a", "b", "c")))
    content = whole.read_bytes()
    refused = 0
    for position in range(0, len(content), 11):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        (tmp_path / "damaged.npz").write_bytes(damaged)
        try:
            read = read_npz(tmp_path / "damaged.npz", SPEC)
        except DataError:
            refused += 1
        else:
            np.testing.assert_array_equal(read.images, IMAGES)
            np.testing.assert_array_equal(read.labels, LABELS)
    assert refused > len(content) / 11 / 2
