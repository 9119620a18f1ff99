"""A camera as a source: OpenCV reads it, and of what it films only the newest picture is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any, Protocol

import numpy as np

from runtime.contract.arrays import UInt8Array
from runtime.contract.errors import BoardError, ConfigError

from .source import Frame

FAILURES = 30  # pictures in a row that did not come: then the camera is gone


class Capture(Protocol):
    """What this needs of `cv2.VideoCapture`."""

    def isOpened(self) -> bool:  # noqa: N802 (OpenCV's name)
        """Whether there is a camera."""
        ...

    def read(self) -> tuple[bool, Any]:
        """The next picture, (height, width, 3) BGR bytes."""
        ...

    def release(self) -> None:
        """Give the camera back."""
        ...


class CameraSource:
    """Pictures are made RGB and brought to the bundle's size by `fit`."""

    def __init__(self, capture: Capture, fit: Callable[[UInt8Array], UInt8Array], *, name: str = "camera") -> None:
        """Raises BoardError where the camera is not to be had."""
        if not capture.isOpened():
            raise BoardError(
                f"{name} cannot be opened", where="--camera", to_do="check the number, and who else has it open"
            )
        self._capture, self._fit, self._name = capture, fit, name

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Picture after picture. Raises BoardError where no more come."""
        number = failed = 0
        try:
            while not stop.is_set():
                there, picture = self._capture.read()
                if not there:
                    failed += 1
                    if failed == FAILURES:
                        raise BoardError(f"{self._name} gives no pictures any more", to_do="plug it in again")
                    stop.wait(0.01)
                    continue
                failed = 0
                yield Frame(f"{self._name}:{number}", self._fit(np.ascontiguousarray(picture[:, :, ::-1])))
                number += 1
        finally:
            self._capture.release()


def open_camera(number: int) -> Capture:
    """A camera by its number. Raises ConfigError where OpenCV is not installed."""
    try:
        cv2 = import_module("cv2")
    except ImportError as error:
        raise ConfigError(
            "a camera needs OpenCV, which is not installed", to_do="pip install 'edge-codesign[camera]'"
        ) from error
    capture = cv2.VideoCapture(number)
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)  # else its queue is answered, and not what is there now
    opened: Capture = capture
    return opened
