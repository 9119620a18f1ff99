"""Where a command is to write its results: refused before anything long starts, not after."""

from __future__ import annotations

from pathlib import Path

from runtime.contract.errors import ConfigError


def check_output_files(*paths: Path | None) -> None:
    """Raises ConfigError where a file cannot come to be; None is an option that was not given."""
    for path in paths:
        if path is not None and not path.parent.is_dir():
            raise ConfigError("no such folder", where=str(path.parent), to_do="make it, or write elsewhere")
        if path is not None and path.is_dir():
            raise ConfigError("this is a folder", where=str(path), to_do="give the name of a file")
