"""What goes wrong on order: a process killed in mid-sequence, a file that fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from .node import refusal


class ProcessKilled(BaseException):
    """The process under test died here.

    A BaseException, so that no handler for errors takes it for one. `finally` blocks still run in a test, which they
    do not after a kill -9: from here on every access raises this again, until `Faults.new_process`.
    """


@dataclass(slots=True)
class _Crash:
    writes_left: int
    before: bool  # the write that it dies in never happened
    death: Callable[[], BaseException]


@dataclass(frozen=True, slots=True)
class _Failure:
    pattern: str
    number: int
    verb: str  # read, write or any


@dataclass(slots=True)
class Faults:
    """Orders for one tree; everything is off at first. Patterns are those of a shell, and `*` crosses slashes."""

    _crash: _Crash | None = None
    _dead: BaseException | None = None
    _failures: list[_Failure] = field(default_factory=list)

    def crash_after(
        self, n_writes: int, *, before: bool = False, death: Callable[[], BaseException] = ProcessKilled
    ) -> None:
        """Die in the n-th write from now (the first is 1), after it took effect, or `before` it did."""
        self._crash = _Crash(n_writes, before, death)

    def new_process(self) -> None:
        """Whoever opens the tree next is alive, and no crash is due."""
        self._crash = self._dead = None

    @property
    def crashed(self) -> bool:
        """Whether the process under test is dead."""
        return self._dead is not None

    def fail(self, pattern: str, number: int, *, verb: str = "any") -> None:
        """From now on, answer with that errno where the path as given or the real path matches; `verb`: read, write."""
        self._failures.append(_Failure(pattern, number, verb))

    def mend(self) -> None:
        """Nothing fails any more."""
        self._failures.clear()

    def check_alive(self) -> None:
        """Raise the death of a process that has died."""
        if self._dead is not None:
            raise self._dead

    def check(self, verb: str, *paths: str) -> None:
        """Raise OSError where a failure was ordered for this use of one of these paths."""
        for failure in self._failures:
            if failure.verb in ("any", verb) and any(fnmatchcase(path, failure.pattern) for path in paths):
                raise refusal(failure.number)

    def before_write(self) -> None:
        """Count a write, and die before it where that was ordered."""
        if self._crash is not None:
            self._crash.writes_left -= 1
            if self._crash.writes_left <= 0 and self._crash.before:
                self._die(self._crash)

    def after_write(self) -> None:
        """Die now that the write took effect, where that was ordered."""
        if self._crash is not None and self._crash.writes_left <= 0:
            self._die(self._crash)

    def _die(self, crash: _Crash) -> None:
        self._crash, self._dead = None, crash.death()
        raise self._dead
