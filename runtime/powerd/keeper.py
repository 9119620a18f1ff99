"""Changes clocks so that they always come back: what was found is on disk from before the first write until after."""

from __future__ import annotations

from runtime.boards.clocks import Applied, ClockRefused, Clocks, ClocksGone, ClockSnapshot
from runtime.contract.errors import BoardError, StorageError
from runtime.contract.operating_point import OperatingPoint

from .state_file import StateFile


class ClockKeeper:
    """The only one in powerd who writes clocks.

    `held` is the point that was set, None once it was to be given back. `owed` says why clocks that should have come
    back did not; `give_back` tries again, and nothing is set until it has succeeded. Only clocks that are not there,
    since a power mode took a CPU cluster offline, keep no others from being set: their turn comes with them.
    """

    def __init__(self, clocks: Clocks, state: StateFile) -> None:
        self._clocks, self._state = clocks, state
        self._found: ClockSnapshot | None = None
        self.held: OperatingPoint | None = None
        self.owed: str | None = None
        self._stuck = False  # clocks are owed that are there

    def recover(self) -> bool:
        """Restore what an earlier powerd left behind; whether there was anything.

        Raises:
            StorageError: there is a state file and it cannot be understood.
        """
        self._found = self._state.load()
        if self._found is None:
            self._state.remove()  # of another boot, if it is there
            return False
        self.give_back()
        return True

    def choices(self) -> tuple[OperatingPoint, ...]:
        """Every point that the device offers."""
        return self._clocks.choices()

    def current(self) -> OperatingPoint:
        """The point held now. Raises BoardError or OSError where it cannot be read."""
        return self._clocks.current()

    def hold(self, point: OperatingPoint) -> Applied:
        """Hold a point until the next call.

        Raises:
            StorageError: what was found cannot be saved; no clock was changed.
            ClockRefused: the device does not hold the point; it holds what it held before.
            ClocksTaken: another program changed a clock; what this one wrote was given back, and no more.
            BoardError, OSError: the device failed.
        """
        still_owed = self.is_due() and not self.give_back()
        if still_owed and self._stuck:
            raise BoardError(
                f"the clocks of an earlier lease could not be restored: {self.owed}",
                to_do="mend what it names, or reboot the board, which resets its clocks",
            )
        if self._found is None or still_owed:
            found = self._clocks.snapshot()
            if self._found is not None:  # what is owed stays owed; the rest may be another program's choice by now
                found = found.completed_by(self._found)
            self._state.save(found)
            self._found = found
        try:
            applied = self._clocks.set(point)
        except ClockRefused:
            if self.held is None:
                self.give_back()  # so that the next try looks afresh: what throttling hid is seen once it has cooled
            raise
        self.held = applied.applied
        return applied

    def is_due(self) -> bool:
        """Whether it is time to try again: clocks are owed, and no point is held."""
        return self.owed is not None and self.held is None

    def give_back(self) -> bool:
        """Bring back what was found; clocks that another program changed meanwhile stay as that program wants them.

        False, and `owed` says why, where that did not fully succeed; the state file then stays for the next try.
        """
        self.held = None
        if self._found is not None:
            try:
                self._clocks.restore(self._found)
                self._state.remove()
            except (BoardError, StorageError, OSError) as error:
                self.owed, self._stuck = str(error), not isinstance(error, ClocksGone)
                return False
        self._found = self.owed = None
        return True
