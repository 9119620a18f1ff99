"""codesign/predict/costs/plain_arrays.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.predict.costs.plain_arrays import read_plain_arrays, write_plain_arrays
from runtime.contract.errors import DataError, StorageError


def test_arrays_come_back_as_they_were(tmp_path: Path) -> None:
    arrays = {"numbers": np.array([[1.5, np.nan]]), "text": np.array(["a", "µ"]), "yes": np.array([True, False])}
    write_plain_arrays(tmp_path / "deep" / "file.npz", arrays)
    again = read_plain_arrays(tmp_path / "deep" / "file.npz", "a table")
    assert again.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(again[name], array)


def test_what_would_need_a_pickle_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="array `model` of object is neither numbers nor text"):
        write_plain_arrays(tmp_path / "file.npz", {"model": np.array([{}])})
    assert list(tmp_path.iterdir()) == []


def test_a_pickle_is_not_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "file.npz", model=np.array([{}], dtype=object))
    with pytest.raises(DataError, match="not an NPZ file of plain arrays: Object arrays cannot be loaded"):
        read_plain_arrays(tmp_path / "file.npz", "a table")


def test_a_file_that_is_missing_says_what_should_be_there(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no such file\n  where: .*no\.npz\n  to do: give a table, an NPZ file"):
        read_plain_arrays(tmp_path / "no.npz", "a table")


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut short"])
def test_a_damaged_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "file.npz").write_bytes(content)
    with pytest.raises(DataError, match="not an NPZ file of plain arrays"):
        read_plain_arrays(tmp_path / "file.npz", "a table")


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    write_plain_arrays(tmp_path / "file.npz", {"numbers": np.arange(5000.0)})
    whole = (tmp_path / "file.npz").read_bytes()
    (tmp_path / "file.npz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match="not an NPZ file of plain arrays"):
        read_plain_arrays(tmp_path / "file.npz", "a table")


def test_a_single_array_is_no_npz(tmp_path: Path) -> None:
    np.save(tmp_path / "file.npy", np.arange(3))
    with pytest.raises(DataError, match="a single array, not an NPZ"):
        read_plain_arrays(tmp_path / "file.npy", "a table")


def test_a_folder_that_cannot_be_made_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(StorageError, match=r"cannot be written: .*\n.*\n  to do: free space"):
        write_plain_arrays(tmp_path / "taken" / "file.npz", {"numbers": np.arange(3)})
