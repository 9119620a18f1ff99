"""codesign/walk/preprocessing_file.py"""

from __future__ import annotations

from pathlib import Path

import pytest

from codesign.walk.preprocessing_file import GivenPreprocessing, read_preprocessing
from runtime.contract.errors import ConfigError


def written(text: str, folder: Path) -> Path:
    file = folder / "images.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_every_key_is_read(tmp_path: Path) -> None:
    file = written("mean = [0, 0.5, 1]\nstd = [1.0, 2.0, 3.0]\nsize = [24, 32]\nlayout = 'NHWC'", tmp_path)
    assert read_preprocessing(file) == GivenPreprocessing((0.0, 0.5, 1.0), (1.0, 2.0, 3.0), (24, 32), "NHWC")


def test_one_size_is_both_and_what_is_left_out_stays_open(tmp_path: Path) -> None:
    assert read_preprocessing(written("size = 224", tmp_path)) == GivenPreprocessing(size=(224, 224))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("means = [0, 0, 0]", "unknown key 'means'(.|\n)*to do: use some of mean, std, size, layout"),
        ("mean = [0, 0]", r"mean must be 3 numbers, got \[0, 0\]"),
        ("std = ['a', 1, 1]", "std must be 3 numbers"),
        ("std = [true, 1, 1]", "std must be 3 numbers"),
        ("mean = 0.5", "mean must be 3 numbers, got 0.5"),
        ("size = 'big'", "size must be 2 numbers, got 'big'"),
        ("size = true", "size must be 2 numbers, got True"),
        ("size = [0, 24]", "size must be whole pixels"),
        ("size = [24.5, 24]", "size must be whole pixels"),
        ("layout = 'CHW'", "unknown layout 'CHW'"),
        ("mean = ", "not TOML"),
    ],
)
def test_a_key_or_value_that_cannot_be_meant_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read_preprocessing(written(text, tmp_path))
    assert "images.toml" in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"the preprocessing cannot be read(.|\n)*absent.toml"):
        read_preprocessing(tmp_path / "absent.toml")
