"""Fixtures that many tests share: where real data lies, if it is there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

DEFAULT_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public measurements and images; the test is skipped where it is absent."""
    folder = Path(os.environ.get("EDGE_CODESIGN_DATA", DEFAULT_DATA))
    if not folder.is_dir():
        pytest.skip(f"no shared data at {folder}; set EDGE_CODESIGN_DATA to run this")
    return folder
