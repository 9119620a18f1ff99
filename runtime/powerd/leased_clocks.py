"""Powerd's clocks as `Clocks`: what an unprivileged process sets while it holds the lease."""

from __future__ import annotations

from runtime.boards.clocks import Applied, ClockSnapshot
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

from .client import PowerdClient

AS_FOUND = ClockSnapshot((("powerd", "as found"),))


class LeasedClocks:
    """Clocks over a client that has acquired the lease. `choices` are powerd's allow-list, as far as the device goes.

    Every call raises PowerdError where powerd is not there, LeaseLost where the lease is gone.
    """

    def __init__(self, client: PowerdClient) -> None:
        self._client = client

    def choices(self) -> tuple[OperatingPoint, ...]:
        """Every point that `set` takes."""
        return self._client.status().allowed

    def current(self) -> OperatingPoint:
        """The point held now. Raises BoardError where powerd cannot read it."""
        status = self._client.status()
        if status.current is None:
            raise BoardError(
                f"powerd cannot read the clocks: {'; '.join(status.problems)}", to_do="edge-runtime doctor"
            )
        return status.current

    def set(self, point: OperatingPoint) -> Applied:
        """Hold `point`. Raises ClockRefused and ClocksTaken as every Clocks does."""
        return self._client.set(point)

    def snapshot(self) -> ClockSnapshot:
        """The point that was set, or that nothing was: files and governors are powerd's to remember."""
        held = self._client.status().held
        if held is None:
            return AS_FOUND
        return ClockSnapshot(tuple((name, str(hz)) for name, hz in held.to_json().items()))

    def restore(self, snapshot: ClockSnapshot) -> None:
        """Set the point of a snapshot, or have powerd give back what it found. Raises BoardError."""
        if snapshot == AS_FOUND:
            self._client.restore()
        else:
            self._client.set(OperatingPoint.from_json({name: int(hz) for name, hz in snapshot.values}))
