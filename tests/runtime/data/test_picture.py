from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runtime.contract.errors import DataError
from runtime.contract.tensor_spec import TensorSpec
from runtime.data.picture import read_picture, require_pillow

from .pictures_on_disk import write_picture

SPEC = TensorSpec(6, 8)
EXIF_ORIENTATION = 0x0112


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "LA", "1", "I;16"])
@pytest.mark.parametrize("size", [(8, 6), (1, 1), (31, 64)])
def test_png_files_of_any_mode_and_size_become_rgb_of_the_size_asked_for(
    tmp_path: Path, mode: str, size: tuple[int, int]
) -> None:
    pixels = read_picture(write_picture(tmp_path / "p.png", mode=mode, size=size), SPEC)
    assert pixels.shape == (6, 8, 3)
    assert pixels.dtype == np.uint8


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_jpeg_files_of_any_mode_become_rgb(tmp_path: Path, mode: str) -> None:
    assert read_picture(write_picture(tmp_path / "p.jpg", mode=mode), SPEC).shape == (6, 8, 3)


def test_a_picture_of_the_right_size_keeps_every_byte(tmp_path: Path) -> None:
    path = write_picture(tmp_path / "p.png", size=(8, 6))
    with Image.open(path) as picture:
        np.testing.assert_array_equal(read_picture(path, SPEC), np.asarray(picture))


def test_enlarging_interpolates_linearly_between_pixel_centres(tmp_path: Path) -> None:
    Image.fromarray(np.array([[0, 200]], dtype=np.uint8)).save(tmp_path / "p.png")
    row = read_picture(tmp_path / "p.png", TensorSpec(1, 4))[0, :, 0]
    assert row.tolist() == [0, 50, 150, 200]


def test_a_rotated_photo_is_turned_upright(tmp_path: Path) -> None:
    pixels = np.zeros((8, 16, 3), dtype=np.uint8)
    pixels[:, :8] = 255  # bright left half
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = 6  # the camera was held so that left is really up
    Image.fromarray(pixels).save(tmp_path / "p.png", exif=exif)
    upright = read_picture(tmp_path / "p.png", TensorSpec(16, 8))
    assert upright[:8].min() == 255
    assert upright[8:].max() == 0


def test_sixteen_bit_grey_keeps_its_upper_bits(tmp_path: Path) -> None:
    levels = np.array([[0, 255, 256, 32768, 65535]], dtype=np.uint16)
    Image.fromarray(levels).save(tmp_path / "p.png")
    assert read_picture(tmp_path / "p.png", TensorSpec(1, 5))[0, :, 0].tolist() == [0, 0, 1, 128, 255]


@pytest.mark.parametrize("transparency", [0, bytes([0, 128, 255])])
def test_a_palette_with_transparent_colours_keeps_their_colour(tmp_path: Path, transparency: int | bytes) -> None:
    picture = Image.new("P", (3, 1))
    picture.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    picture.putdata([0, 1, 2])
    picture.save(tmp_path / "p.png", transparency=transparency)
    expected = [[10, 20, 30], [40, 50, 60], [70, 80, 90]]
    assert read_picture(tmp_path / "p.png", TensorSpec(1, 3))[0].tolist() == expected


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"picture 'broken\.png' cannot be read"):
        read_picture(tmp_path / "broken.png", SPEC)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_picture_cut_short_is_a_data_error(tmp_path: Path, suffix: str) -> None:
    content = write_picture(tmp_path / f"whole{suffix}", size=(40, 40)).read_bytes()
    cut = tmp_path / f"cut{suffix}"
    for length in range(0, len(content) * 3 // 4, 23):
        cut.write_bytes(content[:length])
        with pytest.raises(DataError, match="cannot be read"):
            read_picture(cut, SPEC)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_damaged_bytes_never_raise_anything_but_a_data_error(tmp_path: Path, suffix: str) -> None:
    content = write_picture(tmp_path / f"whole{suffix}", size=(20, 20)).read_bytes()
    random = np.random.default_rng(0)
    damaged_file, refused = tmp_path / f"damaged{suffix}", 0
    for _ in range(300):
        damaged = bytearray(content)
        damaged[int(random.integers(len(content)))] = int(random.integers(256))
        damaged_file.write_bytes(damaged)
        try:
            assert read_picture(damaged_file, SPEC).shape == (6, 8, 3)
        except DataError:
            refused += 1
    assert refused > 0


def test_without_pillow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    monkeypatch.setitem(sys.modules, "PIL.Image", None)
    with pytest.raises(DataError, match=r"pip install 'edge-codesign\[images\]'"):
        require_pillow()
