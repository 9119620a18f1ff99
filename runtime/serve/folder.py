"""A folder as a source: pictures are answered as they appear, each once it has been written to its end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from runtime.contract.arrays import UInt8Array
from runtime.contract.errors import ConfigError, EdgeCodesignError

from .source import Frame

LOOK_S = 0.2


class FolderSource:
    """Looks again and again; works on any file system, network ones too. What lies there at the start is answered."""

    def __init__(
        self, folder: Path, suffixes: Sequence[str], read: Callable[[Path], UInt8Array], *, look_s: float = LOOK_S
    ) -> None:
        """Raises ConfigError where there is no such folder.

        Args:
            read: a picture as (height, width, 3); raises EdgeCodesignError.
        """
        if not folder.is_dir():
            raise ConfigError(f"there is no folder {folder}", where="--watch", to_do="make it first")
        self._folder, self._suffixes, self._read, self._look_s = folder, tuple(suffixes), read, look_s

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Pictures in the order in which they were last changed."""
        answered: dict[str, tuple[int, int]] = {}
        growing: dict[str, tuple[int, int]] = {}
        while True:
            found = self._found()
            answered = {name: stamp for name, stamp in answered.items() if name in found}  # what is gone may come anew
            fresh = {name: stamp for name, stamp in found.items() if answered.get(name) != stamp}
            for name, stamp in sorted(fresh.items(), key=lambda item: item[1]):
                if growing.get(name) == stamp:  # as it was a while ago: it is whole
                    answered[name] = stamp
                    yield self._frame(name)
                if stop.is_set():
                    return
            growing = fresh
            if stop.wait(self._look_s):
                return

    def _found(self) -> dict[str, tuple[int, int]]:
        """Time of change and size of each picture, by name."""
        found = {}
        try:
            paths = [path for path in self._folder.iterdir() if path.suffix.lower() in self._suffixes]
        except OSError as error:
            raise ConfigError(
                f"the folder cannot be read any more: {error.strerror}", where=str(self._folder), to_do="bring it back"
            ) from error
        for path in paths:
            try:
                status = path.stat()
            except OSError:  # it was there a moment ago
                continue
            if not path.name.startswith("."):
                found[path.name] = (status.st_mtime_ns, status.st_size)
        return found

    def _frame(self, name: str) -> Frame:
        try:
            return Frame(name, self._read(self._folder / name))
        except EdgeCodesignError as error:
            return Frame(name, None, error.what)
