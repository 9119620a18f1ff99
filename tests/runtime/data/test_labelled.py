from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.labelled import load_labelled
from runtime.data.npz_file import write_npz

from .pictures_on_disk import write_classes

SPEC = TensorSpec(6, 8)


def test_a_folder_and_the_npz_made_of_it_are_the_same_data(tmp_path: Path) -> None:
    from_folder = load_labelled(write_classes(tmp_path / "pictures", {"a": 2, "b": 1}), SPEC)
    write_npz(tmp_path / "data.npz", from_folder)
    from_npz = load_labelled(tmp_path / "data.npz", SPEC)
    np.testing.assert_array_equal(from_npz.images, from_folder.images)
    np.testing.assert_array_equal(from_npz.labels, from_folder.labels)
    assert from_npz.classes == from_folder.classes == ("a", "b")


def test_classes_asked_for_reach_both_readers(tmp_path: Path) -> None:
    wanted = ["b", "c", "a"]
    from_folder = load_labelled(write_classes(tmp_path / "pictures", {"a": 2, "b": 1}), SPEC, wanted)
    write_npz(tmp_path / "data.npz", load_labelled(tmp_path / "pictures", SPEC))
    assert (
        from_folder.labels.tolist() == load_labelled(tmp_path / "data.npz", SPEC, wanted).labels.tolist() == [2, 2, 0]
    )


def test_a_missing_path_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is nothing at") as caught:
        load_labelled(tmp_path / "absent", SPEC)
    assert caught.value.to_do is not None
    assert "NPZ" in caught.value.to_do
    assert "sub-folder per class" in caught.value.to_do


def test_reading_an_npz_needs_no_pillow(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", images=np.zeros((1, 6, 8, 3), dtype=np.uint8), labels=np.zeros(1, dtype=np.int64))
    program = (
        "import sys; from pathlib import Path; sys.modules['PIL'] = None\n"
        "from runtime.contract.tensor_spec import TensorSpec; from runtime.data.labelled import load_labelled\n"
        f"print(len(load_labelled(Path({str(tmp_path / 'd.npz')!r}), TensorSpec(6, 8))))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stdout == "1\n", done.stderr
