"""Images as PNG files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from runtime.data.picture import read_picture
from runtime.data.png import png_of
from tests.tiny_cascade import SPEC, random_images


def test_a_png_holds_the_same_pixels(tmp_path: Path) -> None:
    pytest.importorskip("PIL", reason="pictures need the extra `images`")
    (image,) = random_images(1)
    (tmp_path / "a.png").write_bytes(png_of(image))
    assert np.array_equal(read_picture(tmp_path / "a.png", SPEC), image)
