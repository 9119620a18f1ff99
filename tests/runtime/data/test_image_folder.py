from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.image_folder import read_folder
from runtime.data.picture import read_picture

from .pictures_on_disk import write_classes, write_picture

SPEC = TensorSpec(6, 8)


def test_classes_and_pictures_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    write_classes(tmp_path, {"dog": 2, "cat": 3})
    data = read_folder(tmp_path, SPEC)
    assert data.classes == ("cat", "dog")
    assert data.labels.tolist() == [0, 0, 0, 1, 1]
    np.testing.assert_array_equal(data.images[4], read_picture(tmp_path / "dog" / "001.png", SPEC))


def test_sub_folders_are_mapped_to_the_classes_asked_for(tmp_path: Path) -> None:
    write_classes(tmp_path, {"dog": 1, "cat": 2})
    data = read_folder(tmp_path, SPEC, ["dog", "cow", "cat"])
    assert data.classes == ("dog", "cow", "cat")
    assert data.labels.tolist() == [2, 2, 0]


def test_a_sub_folder_that_is_no_class_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path, {"dogs": 1})
    with pytest.raises(DataError, match=r"class 'dogs' is unknown; did you mean 'dog'\?"):
        read_folder(tmp_path, SPEC, ["dog", "cat"])


def test_hidden_files_and_leftovers_of_file_managers_are_left_aside(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": 1, "b": 1})
    for leftover in (".DS_Store", "a/.hidden.png", "a/Thumbs.db", "b/desktop.ini", "README.txt"):
        (tmp_path / leftover).write_text("x")
    (tmp_path / ".cache").mkdir()
    assert read_folder(tmp_path, SPEC).classes == ("a", "b")


def test_capital_suffixes_count(tmp_path: Path) -> None:
    write_picture(tmp_path / "a" / "P.PNG")
    write_picture(tmp_path / "b" / "Q.JPEG")
    assert len(read_folder(tmp_path, SPEC)) == 2


def test_a_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder"):
        read_folder(tmp_path / "absent", SPEC)


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the folder has no class folders"):
        read_folder(tmp_path, SPEC)


def test_an_empty_class_folder_is_refused_by_name(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": 1, "b": 0})
    with pytest.raises(DataError, match="class 'b' has no pictures"):
        read_folder(tmp_path, SPEC)


def test_a_picture_beside_the_class_folders_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": 1})
    write_picture(tmp_path / "stray.jpg")
    with pytest.raises(DataError, match=r"picture 'stray\.jpg' lies beside the class folders"):
        read_folder(tmp_path, SPEC)


@pytest.mark.parametrize("stray", ["notes.txt", "x.webp"])
def test_a_file_that_is_no_picture_is_refused_not_skipped(tmp_path: Path, stray: str) -> None:
    write_classes(tmp_path, {"a": 1})
    (tmp_path / "a" / stray).write_text("x")
    with pytest.raises(DataError, match=f"'{stray}' in class folder 'a' is not a PNG or JPEG file"):
        read_folder(tmp_path, SPEC)


def test_a_folder_inside_a_class_is_refused(tmp_path: Path) -> None:
    write_classes(tmp_path / "set", {"a": 1})
    with pytest.raises(DataError, match="'a' in class folder 'set' is not a PNG or JPEG file"):
        read_folder(tmp_path, SPEC)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    write_classes(tmp_path, {"a": 1})
    (tmp_path / "a" / "broken.jpg").write_bytes(b"x")
    with pytest.raises(DataError, match=r"picture 'broken\.jpg' cannot be read") as caught:
        read_folder(tmp_path, SPEC)
    assert caught.value.where == str(tmp_path / "a" / "broken.jpg")


def test_without_pillow_a_folder_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_classes(tmp_path, {"a": 1})
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(DataError, match="reading pictures needs Pillow"):
        read_folder(tmp_path, SPEC)
