"""What powerd does with each request: asks the lease, asks the allow-list, lets the keeper act, says what became of it.

Knows no sockets: connections are numbers, time is an argument. Whatever comes, in whatever order: at most one holder;
no point outside the allow-list; without a holder, the clocks as they were found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from runtime.boards.clocks import ClockRefused, ClocksTaken
from runtime.contract.errors import BoardError, StorageError
from runtime.contract.operating_point import OperatingPoint

from .allow_list import Allowed, AllowList
from .keeper import ClockKeeper
from .lease import LeaseBook
from .protocol import Code, Refusal, Request, triples

RETRY_S = 1.0  # between attempts to restore what could not be restored


class Control:
    """The rules, over one keeper. `keeper` is None where no clock can be set; `no_clocks` then says why.

    `found` is the point held at powerd's start, None where it could not be read: allowed as well, since the board was
    running at it. `partly` names clocks that cannot be set while others can.
    """

    def __init__(
        self,
        keeper: ClockKeeper | None,
        allow_list: AllowList,
        found: OperatingPoint | None,
        *,
        no_clocks: str = "",
        partly: tuple[str, ...] = (),
        report: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._keeper, self._allow_list, self._found = keeper, allow_list, found
        self._no_clocks, self._partly, self._report = no_clocks, partly, report
        self._book = LeaseBook()
        self._allowed: Allowed | None = None
        self._points: tuple[OperatingPoint, ...] = ()
        self._retry_at_s = 0.0

    def handle(self, connection: int, pid: int, request: Request, now_s: Callable[[], float]) -> dict[str, Any]:
        """Carry out one request, and reply. `now_s` is asked again after the clocks were written, which takes time."""
        self.tick(now_s())
        acts: dict[str, Callable[[], dict[str, Any]]] = {
            "acquire": lambda: self._acquire(connection, pid, request.ttl_s, now_s()),
            "renew": lambda: self._renew(connection, now_s()),
            "set": lambda: self._set(connection, request.point, now_s),
            "restore": lambda: self._restore(connection, now_s),
            "release": lambda: self._release(connection),
            "status": lambda: self._status(connection, now_s()),
        }
        try:
            return {"ok": True, **acts[request.op]()}
        except Refusal as refusal:
            return refusal.to_json()
        except (BoardError, StorageError, OSError) as error:
            self._report(str(error))
            return _failed(error).to_json()

    def gone(self, connection: int) -> None:
        """A connection was closed: if it held the lease, the clocks come back."""
        if self._book.release(connection):
            self._give_back()
            self._report("the holder is gone")

    def tick(self, now_s: float) -> None:
        """End a lease that was not renewed; try again to restore what could not be restored."""
        if (ended := self._book.ended(now_s)) is not None:
            self._give_back()
            self._report(f"process {ended.pid} has not renewed its lease for {ended.ttl_s:.1f} s")
        if self._keeper is not None and self._keeper.is_due() and now_s >= self._retry_at_s:
            self._retry_at_s = now_s + RETRY_S
            if self._keeper.give_back():
                self._report("the clocks are restored, at last")

    def stop(self) -> bool:
        """Powerd ends: the clocks come back. False where they could not all be restored."""
        if (lease := self._book.lease) is not None:
            self._book.release(lease.connection)
        self._give_back()
        return self._keeper is None or self._keeper.owed is None

    def next_s(self) -> float | None:
        """When `tick` is due, on the clock of the leases; None: not before something happens."""
        times = [] if self._book.lease is None else [self._book.lease.deadline_s]
        if self._keeper is not None and self._keeper.is_due():
            times.append(self._retry_at_s)
        return min(times, default=None)

    def holds_lease(self, connection: int) -> bool:
        """Whether that connection is the holder."""
        return self._book.lease is not None and self._book.lease.connection == connection

    def _acquire(self, connection: int, pid: int, ttl_s: float, now_s: float) -> dict[str, Any]:
        self._settable()
        lease = self._book.acquire(connection, pid, ttl_s, now_s)
        self._allowed = None  # the power mode, and with it what the device offers, may be another by now
        return {"ttl_s": lease.ttl_s}

    def _renew(self, connection: int, now_s: float) -> dict[str, Any]:
        lease = self._book.renew(connection, now_s)
        return {"ttl_s": lease.ttl_s, "yielded": lease.yielded}

    def _set(self, connection: int, point: OperatingPoint, now_s: Callable[[], float]) -> dict[str, Any]:
        keeper = self._of_holder(connection)
        points = self._allowed_points()
        if point not in points:
            raise Refusal(
                Code.NOT_ALLOWED,
                f"{point} is not an operating point of {self._source()}",
                "choose one of `allowed` in powerd's status, or install the bundle that has it",
            )
        try:
            applied = keeper.hold(point)
        except ClockRefused as error:
            why = error.what.partition(f"the device holds {error.holds}")[2].lstrip(": ")
            raise Refusal(Code.REFUSED, error.what, error.to_do or "", holds=error.holds.to_json(), why=why) from error
        except ClocksTaken as error:
            self._book.mark_yielded(connection)
            self._give_back()  # of what powerd itself wrote: Clocks.restore leaves alone what others changed
            self._report(str(error))
            raise _taken(error.what) from error
        # Setting took time that is not the holder's fault, and shows that it lives.
        self._book.renew(connection, now_s())
        return {
            "requested": applied.requested.to_json(),
            "applied": applied.applied.to_json(),
            "took_s": applied.took_s,
        }

    def _restore(self, connection: int, now_s: Callable[[], float]) -> dict[str, Any]:
        keeper = self._of_holder(connection)
        if not keeper.give_back():
            raise Refusal(Code.FAILED, f"the clocks could not all be restored: {keeper.owed}", "powerd keeps trying")
        self._book.renew(connection, now_s())
        return {}

    def _release(self, connection: int) -> dict[str, Any]:
        self._book.of(connection)
        self._book.release(connection)
        return {"restored": self._give_back()}

    def _status(self, connection: int, now_s: float) -> dict[str, Any]:
        lease, keeper = self._book.lease, self._keeper
        current, problem = None, self._no_clocks or None
        if keeper is not None:
            try:
                current = keeper.current().to_json()
            except (BoardError, OSError) as error:
                problem = f"the clocks cannot be read: {error}"
        held = None if keeper is None or keeper.held is None else keeper.held.to_json()
        allowed = triples(self._allowed_points())
        return {
            "current": current,
            "held": held,
            "allowed": allowed,
            "source": self._source(),
            "lease": None
            if lease is None
            else {
                "pid": lease.pid,
                "yours": lease.connection == connection,
                "left_s": lease.deadline_s - now_s,
                "yielded": lease.yielded,
            },
            "problems": [
                text
                for text in (problem, self._allowed and self._allowed.problem, keeper and keeper.owed, *self._partly)
                if text is not None
            ],
        }

    def _of_holder(self, connection: int) -> ClockKeeper:
        keeper = self._settable()
        if self._book.of(connection).yielded:
            raise _taken("another program changed the clocks during this lease")
        return keeper

    def _settable(self) -> ClockKeeper:
        if self._keeper is None:
            raise Refusal(
                Code.NO_CLOCKS, f"no clock can be set here: {self._no_clocks}", "see why with: edge-runtime doctor"
            )
        return self._keeper

    def _give_back(self) -> bool:
        if self._keeper is None:
            return True
        if self._keeper.give_back():
            return True
        self._report(f"the clocks could not all be restored, powerd keeps trying: {self._keeper.owed}")
        return False

    def _source(self) -> str:
        return self._allowed.source if self._allowed is not None else ""

    def _allowed_points(self) -> tuple[OperatingPoint, ...]:
        """What may be set and the device offers, ascending."""
        allowed = self._allow_list.now()
        if allowed is not self._allowed:
            if allowed.problem is not None:
                self._report(f"nothing but the clocks found is allowed: {allowed.problem}")
            wanted = {*allowed.points} | ({self._found} if self._found is not None else set())
            offered = frozenset() if self._keeper is None else frozenset(self._keeper.choices())
            self._points, self._allowed = tuple(sorted(wanted & offered)), allowed
        return self._points


def _taken(what: str) -> Refusal:
    return Refusal(
        Code.TAKEN,
        what,
        "see what else sets clocks (nvpmodel, jetson_clocks, thermal limits); acquire again to take them back",
    )


def _failed(error: BoardError | StorageError | OSError) -> Refusal:
    if isinstance(error, OSError):
        return Refusal(Code.FAILED, f"the clocks cannot be set: {error}", "edge-runtime doctor says what can be set")
    return Refusal(Code.FAILED, error.what, error.to_do or "edge-runtime doctor says what can be set")
