"""Paths of the model's kernel: which node a path leads to, through symbolic links, and whether a user may go there."""

from __future__ import annotations

import errno

from .node import File, Folder, Link, Node, Nodes, refusal

MAX_LINKS = 40  # as Linux; more is ELOOP
READ, WRITE, SEARCH = 4, 2, 1


class Namespace:
    """A flat table of nodes seen as folders. Presence is asked at every step: nodes come and go."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes: Nodes = {"/": Folder()}
        self._children: dict[str, set[str]] = {"/": set()}
        self.add(nodes)

    def add(self, nodes: Nodes) -> None:
        """More nodes; one at a known path takes its place."""
        for path, node in nodes.items():
            self._nodes[path] = node
            while path != "/":
                above, _, name = path.rpartition("/")
                above = above or "/"
                self._children.setdefault(above, set()).add(name)
                path = above

    def file(self, path: str, uid: int, wanted: int) -> tuple[str, File]:
        """The real path and the file, where that user may do that.

        Raises:
            OSError: ENOENT, ENOTDIR, EISDIR, ELOOP, or EACCES.
        """
        real = self.real_path(path, uid)
        node = self._nodes.get(real)
        if not isinstance(node, File):
            raise refusal(errno.EISDIR)
        if not allows(node.mode, uid, wanted):
            raise refusal(errno.EACCES)
        return real, node

    def mode(self, path: str, uid: int) -> int:
        """Permission bits of a file or folder. Raises OSError where the user cannot get there."""
        node = self._nodes.get(self.real_path(path, uid))
        return node.mode if isinstance(node, File | Folder) else Folder().mode

    def names(self, path: str, uid: int) -> tuple[str, ...]:
        """What lies in a folder, sorted. Raises OSError as `file` does."""
        real = self.real_path(path, uid)
        node = self._nodes.get(real)
        if isinstance(node, File):
            raise refusal(errno.ENOTDIR)
        if isinstance(node, Folder) and not allows(node.mode, uid, READ):
            raise refusal(errno.EACCES)
        base = "" if real == "/" else real
        return tuple(sorted(name for name in self._children.get(real, ()) if self._is_there(f"{base}/{name}")))

    def real_path(self, path: str, uid: int) -> str:
        """Where a path leads. Raises OSError as `file` does."""
        rest = [part for part in path.split("/") if part not in ("", ".")][::-1]
        here, links = "/", 0
        while rest:
            self._enter(here, uid)
            name = rest.pop()
            if name == "..":
                here = here.rpartition("/")[0] or "/"
                continue
            here = f"{'' if here == '/' else here}/{name}"
            node = self._nodes.get(here)
            if not self._is_there(here):
                raise refusal(errno.ENOENT)
            if isinstance(node, Link):
                links += 1
                if links > MAX_LINKS:
                    raise refusal(errno.ELOOP)
                rest.extend([part for part in node.target.split("/") if part][::-1])
                here = "/"
        return here

    def _enter(self, folder: str, uid: int) -> None:
        node = self._nodes.get(folder)
        if isinstance(node, File):
            raise refusal(errno.ENOTDIR)
        if isinstance(node, Folder) and not allows(node.mode, uid, SEARCH):
            raise refusal(errno.EACCES)

    def _is_there(self, path: str) -> bool:
        """A folder without an entry of its own is there as long as anything in it is."""
        node: Node | None = self._nodes.get(path)
        if node is not None:
            return node.present()
        return any(self._is_there(f"{path}/{name}") for name in self._children.get(path, ()))


def allows(mode: int, uid: int, wanted: int) -> bool:
    """Whether mode bits let a user in: root as the owner, everyone else as others.

    Root is held to the owner's bits, as sysfs holds it: writing a 0444 attribute is EACCES for root as well.
    """
    return bool((mode >> (6 if uid == 0 else 0)) & wanted)
