"""The file system itself as a board's tree: the real one under `/`, or a folder that stands for it."""

from __future__ import annotations

import os
from pathlib import Path

MAX_BYTES = 1 << 20  # no attribute is longer; /proc files with a size of 0 are read to their end


class TreeIO:
    """SysfsIO over a folder. `TreeIO(Path("/"))` is this machine."""

    def __init__(self, root: Path = Path("/")) -> None:
        self.root = root
        self._prefix = str(root).rstrip("/")

    def read(self, path: str) -> bytes:
        """The whole file, unbuffered: Python's text layer turns EAGAIN of a power-gated zone into a TypeError."""
        descriptor = self.opened(path)
        try:
            parts: list[bytes] = []
            while part := os.read(descriptor, MAX_BYTES):
                parts.append(part)
            return b"".join(parts)
        finally:
            os.close(descriptor)

    def opened(self, path: str) -> int:
        """A descriptor to read from; whoever asks for it closes it. Raises OSError as the kernel does."""
        return os.open(self._at(path), os.O_RDONLY | os.O_CLOEXEC)

    def write(self, path: str, text: str) -> None:
        """One write(): a driver takes each write() as a whole value. The file must be there."""
        descriptor = os.open(self._at(path), os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode())
        finally:
            os.close(descriptor)

    def names(self, folder: str) -> tuple[str, ...]:
        """Names, sorted."""
        return tuple(sorted(os.listdir(self._at(folder))))  # noqa: PTH208 (names, not paths)

    def _at(self, path: str) -> str:
        # Text, not Path: joining Paths costs more than the read itself, and sensors are read a hundred times a second.
        return f"{self._prefix}/{path.lstrip('/')}"
