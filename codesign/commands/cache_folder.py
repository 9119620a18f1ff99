"""Where trained supernets are kept between runs."""

from __future__ import annotations

import os
from pathlib import Path


def default_cache() -> Path:
    """`$XDG_CACHE_HOME/edge-codesign`, or `~/.cache/edge-codesign`."""
    caches = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"  # empty means not set
    return Path(caches) / "edge-codesign"
