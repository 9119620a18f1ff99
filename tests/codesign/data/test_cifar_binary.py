from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.data.cifar_binary import CIFAR10_LAYOUT, CIFAR100_LAYOUT, CifarLayout, read_records
from runtime.contract.errors import DataError

RED, GREEN, BLUE = (np.full(1024, level, dtype=np.uint8) for level in (200, 100, 50))


def record(*labels: int) -> bytes:
    red = RED.copy()
    red[33] = 7  # second row, second column
    return bytes(labels) + red.tobytes() + GREEN.tobytes() + BLUE.tobytes()


@pytest.mark.parametrize(("layout", "labels"), [(CIFAR10_LAYOUT, (3,)), (CIFAR100_LAYOUT, (19, 42))])
def test_a_record_is_its_last_label_and_three_colour_planes(
    tmp_path: Path, layout: CifarLayout, labels: tuple[int, ...]
) -> None:
    (tmp_path / "f.bin").write_bytes(record(*labels) * 2)
    data = read_records(tmp_path / "f.bin", layout)
    assert data.labels.tolist() == [labels[-1]] * 2
    assert data.images.shape == (2, 32, 32, 3)
    assert data.images[0, 0, 0].tolist() == [200, 100, 50]
    assert data.images[0, 1, 1].tolist() == [7, 100, 50]
    assert data.images[1, 31, 31].tolist() == [200, 100, 50]


@pytest.mark.parametrize("content", [b"", record(3)[:-1], record(3) + b"x"])
def test_a_file_cut_short_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "f.bin").write_bytes(content)
    with pytest.raises(DataError, match="no whole number of cifar10 records of 3073 bytes"):
        read_records(tmp_path / "f.bin", CIFAR10_LAYOUT)


def test_a_label_beyond_the_classes_names_its_record(tmp_path: Path) -> None:
    (tmp_path / "f.bin").write_bytes(record(3) + record(10))
    with pytest.raises(DataError, match="label 10 in record 1 is beyond the 10 classes"):
        read_records(tmp_path / "f.bin", CIFAR10_LAYOUT)


def test_a_missing_file_says_which_files_are_needed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"test\.bin is missing") as caught:
        read_records(tmp_path / "test.bin", CIFAR100_LAYOUT)
    assert caught.value.to_do is not None
    assert "train.bin and test.bin" in caught.value.to_do


def test_what_cannot_be_read_is_a_data_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f.bin").write_bytes(record(3))

    def refuse(*_: object, **__: object) -> np.ndarray:
        raise PermissionError("no")

    monkeypatch.setattr(np, "fromfile", refuse)
    with pytest.raises(DataError, match="the file cannot be read: no"):
        read_records(tmp_path / "f.bin", CIFAR10_LAYOUT)
