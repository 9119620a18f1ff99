"""A camera, by a double of OpenCV's."""

from __future__ import annotations

import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runtime.contract.errors import BoardError, ConfigError
from runtime.serve.camera import FAILURES, CameraSource, open_camera


class FakeCapture:
    """Gives these pictures, None for one that fails; then it fails for ever."""

    def __init__(self, *pictures: Any, opened: bool = True) -> None:
        self.pictures, self.opened, self.released = list(pictures), opened, False

    def isOpened(self) -> bool:  # noqa: N802
        return self.opened

    def read(self) -> tuple[bool, Any]:
        picture = self.pictures.pop(0) if self.pictures else None
        return picture is not None, picture

    def release(self) -> None:
        self.released = True


BLUE = np.zeros((2, 2, 3), dtype=np.uint8)
BLUE[..., 0] = 255  # OpenCV's order is blue, green, red


def stopped_after(count: int) -> Any:
    """An event that is set once it has been asked that often; it never waits."""
    asked = iter(range(count))
    return SimpleNamespace(is_set=lambda: next(asked, None) is None, wait=lambda _: False)


def test_pictures_are_made_red_green_blue_and_fitted() -> None:
    capture = FakeCapture(BLUE, None, BLUE)
    frames = list(CameraSource(capture, lambda picture: picture[:1], name="camera 0").frames(stopped_after(3)))
    assert [frame.name for frame in frames] == ["camera 0:0", "camera 0:1"]
    assert frames[0].image is not None
    assert frames[0].image.shape == (1, 2, 3)
    assert frames[0].image[0, 0].tolist() == [0, 0, 255]
    assert capture.released


def test_a_camera_that_gives_nothing_any_more_is_told_and_released() -> None:
    capture = FakeCapture(BLUE)
    source = CameraSource(capture, lambda picture: picture, name="camera 0")
    with pytest.raises(BoardError, match="camera 0 gives no pictures any more"):
        list(source.frames(stopped_after(FAILURES + 5)))
    assert capture.released


def test_a_camera_that_is_not_there_is_refused() -> None:
    with pytest.raises(BoardError, match="camera 3 cannot be opened"):
        CameraSource(FakeCapture(opened=False), lambda picture: picture, name="camera 3")


def test_it_ends_when_it_is_stopped() -> None:
    stop = threading.Event()
    stop.set()
    assert list(CameraSource(FakeCapture(BLUE), lambda picture: picture).frames(stop)) == []


def test_opencv_is_asked_for_one_picture_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    settings: list[tuple[int, int]] = []
    capture = SimpleNamespace(set=lambda key, value: settings.append((key, value)))
    double = SimpleNamespace(VideoCapture=lambda _: capture, CAP_PROP_BUFFERSIZE=38)
    monkeypatch.setitem(sys.modules, "cv2", double)  # type: ignore[arg-type]
    assert open_camera(0) is capture
    assert settings == [(38, 1)]


def test_without_opencv_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(ConfigError, match=r"edge-codesign\[camera\]"):
        open_camera(0)
