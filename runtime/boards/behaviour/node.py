"""A file of the model's kernel: what reading and writing it does, who may, and how long that blocks."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass


def always() -> bool:
    """Present at all times."""
    return True


def at_once() -> float:
    """Seconds of a read that waits for nothing."""
    return 0.0


@dataclass(frozen=True, slots=True)
class File:
    """One attribute. A handler raises what the kernel would, through `refusal`.

    `write` takes effect at once and returns the seconds that the system call blocks; the caller sleeps them afterwards,
    outside any lock, so that one slow driver holds up nobody else. A reader waits first and then sees the value.
    """

    read: Callable[[], str] | None
    write: Callable[[str], float] | None = None
    mode: int = 0o444  # owner root; sysfs asks root for the bits too
    wait_s: Callable[[], float] = at_once  # of a read
    present: Callable[[], bool] = always


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that is there even where nothing is in it, or that only root may look into."""

    mode: int = 0o755
    present: Callable[[], bool] = always


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link to an absolute path."""

    target: str
    present: Callable[[], bool] = always


Node = File | Folder | Link
Nodes = dict[str, Node]  # by absolute path


def refusal(number: int) -> OSError:
    """An errno as the OSError of its kind; the tree adds the path."""
    return OSError(number, os.strerror(number))


def fixed(text: str, *, mode: int = 0o444) -> File:
    """A file that always says the same, as it stands: no line end is added."""
    return File(lambda: text, mode=mode)


def line(read: Callable[[], object], *, present: Callable[[], bool] = always) -> File:
    """A read-only attribute: one value, one line end."""
    return File(lambda: f"{read()}\n", present=present)
