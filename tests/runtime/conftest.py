"""A written bundle, to be served, installed or damaged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.tiny_cascade import write_tiny_bundle


@pytest.fixture(scope="session")
def _written_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("bundle") / "bundle"
    write_tiny_bundle(folder)
    return folder


@pytest.fixture
def bundle(_written_once: Path, tmp_path: Path) -> Path:
    """A copy that the test may damage."""
    return Path(shutil.copytree(_written_once, tmp_path / "bundle"))
