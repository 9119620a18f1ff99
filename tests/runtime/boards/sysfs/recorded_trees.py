"""A tree made of a dictionary, with errors where a board has them."""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping


class DictTree:
    """SysfsIO over `path -> bytes | errno | None`, None being a folder; folders above a path need no entry."""

    def __init__(self, nodes: Mapping[str, bytes | int | None]) -> None:
        self.nodes = dict(nodes)
        self.writes: list[tuple[str, str]] = []

    def read(self, path: str) -> bytes:
        node = self._node(path)
        if node is None:
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), path)
        if isinstance(node, int):
            raise OSError(node, os.strerror(node), path)
        return node

    def write(self, path: str, text: str) -> None:
        self.writes.append((path, text))

    def names(self, folder: str) -> tuple[str, ...]:
        folder = folder.rstrip("/")
        node = self._node(folder)
        if isinstance(node, bytes):
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), folder)
        if isinstance(node, int):
            raise OSError(node, os.strerror(node), folder)
        below = (path[len(folder) + 1 :] for path in self.nodes if path.startswith(f"{folder}/"))
        return tuple(sorted({name.split("/")[0] for name in below}))

    def _node(self, path: str) -> bytes | int | None:
        if path in ("", "/"):
            return None
        if path in self.nodes:
            return self.nodes[path]
        if any(each.startswith(f"{path}/") for each in self.nodes):
            return None
        for above, node in self.nodes.items():  # a closed folder hides what lies below
            if isinstance(node, int) and path.startswith(f"{above}/"):
                raise OSError(node, os.strerror(node), path)
            if isinstance(node, bytes) and path.startswith(f"{above}/"):
                raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
