"""Two bundles to switch between."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.contract.manifest import read_manifest
from tests.tiny_cascade import write_tiny_bundle


@pytest.fixture
def other_bundle(tmp_path: Path) -> Path:
    """A bundle with other weights."""
    write_tiny_bundle(tmp_path / "other", seed=50)
    return tmp_path / "other"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An install root that does not exist yet."""
    return tmp_path / "var" / "lib" / "edge-runtime"


def id_of(bundle: Path) -> str:
    """A bundle's id."""
    return read_manifest(bundle).bundle_id
