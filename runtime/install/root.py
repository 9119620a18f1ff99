"""The install root: which bundles were current, and which one is.

    ROOT/bundles/<id>/    bundles, whole
    ROOT/current          symbolic link to one of them: this alone says which bundle is served
    ROOT/state.json       the order in which bundles became current, oldest first

Link and history cannot change in the same instant. An install writes the history first, a rollback the link first; so
after a power cut in between, entries beyond the linked bundle are those that never became, or are no longer, current.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runtime.contract.bundle_files import CURRENT
from runtime.contract.durable import point_link, write_file
from runtime.contract.errors import StorageError

BUNDLES, STATE = "bundles", "state.json"
STATE_VERSION = 1


@dataclass(frozen=True, slots=True)
class InstallState:
    """Bundle ids in the order they became current; the last one is current now. Empty: nothing is installed."""

    history: tuple[str, ...]

    @property
    def current(self) -> str | None:
        """Id of the bundle that is served."""
        return self.history[-1] if self.history else None

    @property
    def previous(self) -> str | None:
        """Id of the bundle that a rollback returns to."""
        return self.history[-2] if len(self.history) > 1 else None


def bundle_path(root: Path, bundle_id: str) -> Path:
    """Where a bundle of that id lies, or would."""
    return root / BUNDLES / bundle_id


def read_state(root: Path) -> InstallState:
    """What is installed under `root`. Raises StorageError on an unreadable state.json or a foreign `current`."""
    current = _linked_id(root)
    path = root / STATE
    try:
        history = [str(bundle_id) for bundle_id in json.loads(path.read_text(encoding="utf-8"))["history"]]
    except FileNotFoundError:
        history = []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StorageError(
            f"the install history cannot be read: {error!r}",
            where=str(path),
            to_do=f"remove {path}: the bundle that is current stays so, but rollback forgets what was before it",
        ) from error
    if current is None:
        return InstallState(())
    while history and history[-1] != current:
        history.pop()
    return InstallState(tuple(history) or (current,))


def write_history(root: Path, history: Sequence[str]) -> None:
    """Replace state.json. Raises OSError."""
    content = json.dumps({"format_version": STATE_VERSION, "history": list(history)}, indent=1)
    write_file(root / STATE, f"{content}\n".encode())


def switch_link(root: Path, bundle_id: str) -> None:
    """Make that bundle the current one. Raises OSError."""
    point_link(root / CURRENT, os.fspath(Path(BUNDLES) / bundle_id))


def _linked_id(root: Path) -> str | None:
    link = root / CURRENT
    if not link.is_symlink():
        if link.exists():
            raise StorageError(
                f"{link} is not a symbolic link", where=str(root), to_do="move it away, then install again"
            )
        return None
    target = link.readlink()
    if target.parent != Path(BUNDLES):
        raise StorageError(
            f"{link} points to {target}, not into {BUNDLES}/",
            where=str(root),
            to_do="remove the link, then install again",
        )
    return target.name
