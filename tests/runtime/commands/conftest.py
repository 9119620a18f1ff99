"""Labelled images for the replay, and a call of the command that keeps what it printed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from runtime.commands.main import main
from tests.tiny_cascade import CLASSES, random_images

WITHOUT_ROOT = ("capture", "measure", "top")  # they have nothing to do with what is installed


class Outcome(NamedTuple):
    """Exit status and what was printed."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """What was printed, as JSON."""
        return json.loads(self.out)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Callable[..., Outcome]:
    """`call("install", bundle)` with an install root of this test's own."""

    def called(*arguments: object) -> Outcome:
        root = () if arguments[0] in WITHOUT_ROOT else ("--root", str(tmp_path / "root"))
        status = main([*map(str, arguments), *root])
        return Outcome(status, *capsys.readouterr())

    return called


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Twenty labelled images as an NPZ file."""
    labels = np.arange(20, dtype=np.int64) % len(CLASSES)
    np.savez(tmp_path / "test.npz", images=random_images(20, seed=4), labels=labels)
    return tmp_path / "test.npz"
