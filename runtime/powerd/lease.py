"""Who may set the clocks now: one holder at a time, until its deadline.

Pure: time comes as an argument, and nothing here knows of sockets or clocks. Expiry is noticed by whoever calls
`ended(now_s)`; every other question assumes that this was asked first at the same time.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from .protocol import Code, Refusal


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to set the clocks, of one connection."""

    connection: int
    pid: int
    ttl_s: float
    deadline_s: float  # monotonic
    yielded: bool = False  # another program changed the clocks: nothing is set until the lease is acquired anew


class LeaseBook:
    """The one lease."""

    def __init__(self) -> None:
        self._lease: Lease | None = None

    @property
    def lease(self) -> Lease | None:
        """The lease that runs, if any."""
        return self._lease

    def acquire(self, connection: int, pid: int, ttl_s: float, now_s: float) -> Lease:
        """Take the lease; its holder may take it again, with another ttl or after powerd yielded.

        Raises:
            Refusal: another connection holds it.
        """
        if (held := self._lease) is not None and held.connection != connection:
            raise Refusal(
                Code.HELD,
                f"process {held.pid} holds the clocks",
                f"stop that process, or wait: its lease ends {held.deadline_s - now_s:.1f} s from now unless renewed",
                holder_pid=held.pid,
            )
        self._lease = Lease(connection, pid, ttl_s, now_s + ttl_s)
        return self._lease

    def of(self, connection: int) -> Lease:
        """The lease of that connection. Raises Refusal where it has none."""
        if self._lease is None or self._lease.connection != connection:
            raise Refusal(
                Code.NO_LEASE, "this connection holds no lease: never acquired, expired or released", "acquire first"
            )
        return self._lease

    def renew(self, connection: int, now_s: float) -> Lease:
        """Start the lease's time again. Raises Refusal where the connection has no lease."""
        lease = self.of(connection)
        self._lease = replace(lease, deadline_s=now_s + lease.ttl_s)
        return self._lease

    def mark_yielded(self, connection: int) -> None:
        """Note that another program took the clocks. Raises Refusal where the connection has no lease."""
        self._lease = replace(self.of(connection), yielded=True)

    def release(self, connection: int) -> bool:
        """End the lease of that connection; False where it had none."""
        if self._lease is None or self._lease.connection != connection:
            return False
        self._lease = None
        return True

    def ended(self, now_s: float) -> Lease | None:
        """The lease that has just run out, once."""
        if self._lease is None or now_s < self._lease.deadline_s:
            return None
        ended, self._lease = self._lease, None
        return ended
