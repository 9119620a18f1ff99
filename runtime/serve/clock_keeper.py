"""Has powerd hold the clocks that a mode asks for: from a thread of its own, never inside a request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from runtime.boards.clocks import Applied, ClocksTaken
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

AGAIN_S = 5.0


class LeasedClocksClient(Protocol):
    """What this needs of `PowerdClient`."""

    def acquire(self) -> None:
        """Take the lease. Raises BoardError."""
        ...

    def set(self, point: OperatingPoint) -> Applied:
        """Hold a point. Raises BoardError."""
        ...

    def release(self) -> None:
        """Give the clocks back. Raises BoardError."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...

    @property
    def lost(self) -> str | None:
        """Why the lease was lost."""
        ...


class ClockKeeper:
    """Wants one operating point at a time. `held` is None while the clocks are not held, and `problem` says why.

    Where another program has taken the clocks they are left to it; a powerd that was restarted is asked again.
    """

    def __init__(self, client: LeasedClocksClient, *, report: Callable[[str], None], again_s: float = AGAIN_S) -> None:
        self._client, self._report, self._again_s = client, report, again_s
        self._wanted: OperatingPoint | None = None
        self._has_lease = self._told = False
        self.held: OperatingPoint | None = None
        self.problem: str | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._keep, name="clocks", daemon=True)
        self._thread.start()

    @property
    def wanted(self) -> OperatingPoint | None:
        """What was asked for last."""
        return self._wanted

    def want(self, point: OperatingPoint) -> None:
        """Hold that point, soon; returns at once."""
        with self._changed:
            if point != self._wanted:
                self._wanted = point
                self._changed.notify()

    def stop(self) -> None:
        """Give the clocks back."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        self._thread.join()
        try:
            if self._has_lease:
                self._client.release()
        except BoardError as error:
            self._report(f"clocks: {error.what}; powerd restores them when the lease ends")
        finally:
            self._client.close()

    def _keep(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or self._wanted not in (None, self.held), self._again_s)
                if self._stopping:
                    return
                wanted = self._wanted
            if self._has_lease and self._client.lost is not None:
                self._has_lease, self.held = False, None
            if wanted is not None and wanted != self.held and not self._hold(wanted):
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, self._again_s)

    def _hold(self, point: OperatingPoint) -> bool:
        try:
            if not self._has_lease:
                self._client.acquire()
                self._has_lease = True
            self._client.set(point)
        except BoardError as error:
            self.held = None
            if isinstance(error, ClocksTaken) or self._client.lost is not None:
                self._has_lease = False
            if error.what != self.problem:  # once, not every few seconds
                self.problem = error.what
                self._report(f"clocks: {error.what}; requests are answered at the clocks that the machine holds")
            return False
        if not self._told or self.problem is not None:  # not each switch: a governor makes many
            self._report(f"clocks: {point}")
        self.held, self.problem, self._told = point, None, True
        return True
