"""A tree whose files stay open between reads, for sensors that are read a hundred times a second.

Opening and closing costs three times what reading costs. The kernel works an attribute out anew for every read from its
beginning; where a device has gone, its open files answer ENODEV and are opened afresh once, which then says what is so.
"""

from __future__ import annotations

import os
import weakref

from .io import SysfsIO
from .tree import TreeIO

PAGE_BYTES = 4096  # an attribute is at most a page


class KeptOpenIO:
    """SysfsIO over a TreeIO. A file that is replaced, rather than written, is read as it was: no kernel does that."""

    def __init__(self, tree: TreeIO) -> None:
        self._tree = tree
        self._descriptors: dict[str, int] = {}
        self._finalizer = weakref.finalize(self, _close, self._descriptors)

    def read(self, path: str) -> bytes:
        """What the file holds now. Raises OSError as the kernel does."""
        descriptor = self._descriptors.get(path)
        if descriptor is not None:
            try:
                return os.pread(descriptor, PAGE_BYTES, 0)
            except OSError:
                os.close(self._descriptors.pop(path))
        descriptor = self._tree.opened(path)
        try:
            found = os.pread(descriptor, PAGE_BYTES, 0)
        except OSError:
            os.close(descriptor)
            raise
        self._descriptors[path] = descriptor
        return found

    def write(self, path: str, text: str) -> None:
        """As the tree does."""
        self._tree.write(path, text)

    def names(self, folder: str) -> tuple[str, ...]:
        """As the tree does."""
        return self._tree.names(folder)

    def close(self) -> None:
        """Close all files; reading opens them again."""
        _close(self._descriptors)


def for_frequent_reads(io: SysfsIO) -> SysfsIO:
    """A tree that keeps its files open, where the tree is the file system; models and recordings as they are."""
    return KeptOpenIO(io) if isinstance(io, TreeIO) else io


def _close(descriptors: dict[str, int]) -> None:
    while descriptors:
        _, descriptor = descriptors.popitem()
        os.close(descriptor)
