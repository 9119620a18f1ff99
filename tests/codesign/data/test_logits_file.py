"""codesign/data/logits_file.py"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.data.logits_file import read_logits
from runtime.contract.errors import DataError

GOOD: dict[str, Any] = {
    "logits": np.zeros((3, 5, 4), dtype=np.float32),
    "labels": np.array([0, 1, 2, 3, 0]),
    "cost": np.array([1.0, 2.0, 2.0]),
}


def written(folder: Path, **changes: Any) -> Path:
    arrays = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    np.savez(folder / "logits.npz", **arrays)
    return folder / "logits.npz"


def test_a_good_file_is_read(tmp_path: Path) -> None:
    found = read_logits(written(tmp_path))
    assert found.logits.shape == (3, 5, 4)
    assert found.labels.dtype == np.int64
    assert found.cost is not None
    assert found.cost.tolist() == [1.0, 2.0, 2.0]
    assert read_logits(written(tmp_path, cost=None)).cost is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": None}, "`labels` is missing"),
        ({"logits": np.zeros((5, 4))}, r"`logits` must be floats \(exits, samples, classes\), got float64 \(5, 4\)"),
        ({"logits": np.zeros((3, 5, 4), dtype=np.int64)}, "must be floats"),
        ({"labels": np.zeros(4, dtype=np.int64)}, "`labels` must be 5 whole numbers"),
        ({"labels": np.array([0, 1, 2, 4, 0])}, "a label is out of range: 0 to 4 among 4 classes"),
        ({"logits": np.full((3, 5, 4), np.nan)}, "logits of exit 0 are not finite"),
        ({"cost": np.array([2.0, 1.0, 3.0])}, "`cost` must be 3 numbers that do not fall"),
        ({"labels": np.array([object()] * 5)}, "not an NPZ file of plain arrays"),
    ],
)
def test_a_bad_file_says_what_is_wrong_where_and_what_to_do(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=rf"{message}(.|\n)*where: .*logits.npz(.|\n)*to do: "):
        read_logits(written(tmp_path, **changes))


def test_no_file_and_no_npz_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        read_logits(tmp_path / "absent.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(DataError, match="not an NPZ file"):
        read_logits(tmp_path / "text.npz")
