"""How telemetry leaves a board: a Protocol, and the loop that drives any of them over the spool.

Send, be acknowledged, delete: what is killed in between is sent again, and known by its keys. After a failure the next
try waits, twice as long each time and at random within that (so that a fleet does not come back in step), for weeks if
need be. A cap on bytes per second keeps a slow link usable for others.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from runtime.contract.errors import ConfigError, EdgeCodesignError, StorageError

from .spool import Spooled


class UplinkFailed(EdgeCodesignError):  # noqa: N818 (it did)
    """The other side did not take what was sent; it will be tried again, after `wait_s` at least where it asked so."""

    def __init__(self, what: str, *, to_do: str | None = None, wait_s: float | None = None) -> None:
        super().__init__(what, to_do=to_do)
        self.wait_s = wait_s


class Source(Protocol):
    """Where payloads wait: a `Spool`, or one that reads it with a cursor of its own."""

    def waiting(self, most_bytes: int) -> list[Spooled]:
        """The oldest, of about so many bytes. Raises StorageError where it cannot be read."""
        ...

    def acknowledge(self, ids: Sequence[int]) -> bool:
        """They have arrived. False where that cannot be noted."""
        ...


class Uplink(Protocol):
    """One way out. Implementations keep no payload: what was not acknowledged is in the spool."""

    @property
    def name(self) -> str:
        """Where to, for people."""
        ...

    def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:
        """Hand over payloads; the ids of those that are acknowledged, which may be some.

        Raises:
            UplinkFailed: nothing was, and why.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


@dataclass(frozen=True, slots=True)
class Shipping:
    """How often, how much and how patiently. Raises ConfigError on a value that cannot be meant."""

    every_s: float = 60.0
    batch_bytes: int = 256 << 10  # in one send
    most_bytes_per_s: float = 128 << 10  # on average
    first_wait_s: float = 2.0  # after a failure
    longest_wait_s: float = 900.0
    last_s: float = 3.0  # at the end, for what has been committed since the last send

    def __post_init__(self) -> None:
        waits_s = (self.every_s, self.first_wait_s, self.longest_wait_s, self.last_s)
        if not all(value > 0 for value in (*waits_s, self.batch_bytes, self.most_bytes_per_s)):
            raise ConfigError("times and sizes of an uplink must be above 0", to_do="correct them")


@dataclass(frozen=True, slots=True)
class ShippingState:
    """How it goes, for `status` and `/metrics`."""

    sent_rows: int = 0
    sent_bytes: int = 0
    failures: int = 0  # in a row
    last_problem: str | None = None


class Shipper:
    """Drives an uplink from a thread of its own, or step by step."""

    def __init__(
        self,
        source: Source,
        uplink: Uplink,
        shipping: Shipping | None = None,
        *,
        seed: int | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source, self._uplink = source, uplink
        self._shipping = Shipping() if shipping is None else shipping
        self._random, self._now_s = random.Random(seed), now_s  # noqa: S311 (spreads load, keeps no secret)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._free_at_s = now_s()  # when the link's cap allows the next send
        self.state = ShippingState()

    def start(self) -> None:
        """Ship until `close`."""
        self._thread = threading.Thread(target=self._ship_on, name="uplink", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Send one more batch, for `last_s` at most, and stop; what is left stays in the source."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(self._shipping.last_s)
            if self._thread.is_alive():  # it hangs in a send; it ends with the process, and what it sends is known
                return
        self._uplink.close()

    def _ship_on(self) -> None:
        wait_s = 0.0
        while not self._ended.wait(wait_s):
            wait_s = self.step()
        self._send()

    def step(self) -> float:
        """Send one batch if any waits and the cap allows it; seconds until the next step."""
        pause_s = self._free_at_s - self._now_s()
        return pause_s if pause_s > 0 else self._send()

    def _send(self) -> float:
        try:
            waiting = self._source.waiting(self._shipping.batch_bytes)
            if not waiting:
                return self._shipping.every_s
            taken = set(self._uplink.send(waiting))
        except (UplinkFailed, StorageError) as error:
            return self._failed(error.what, error.wait_s if isinstance(error, UplinkFailed) else None)
        arrived = [item for item in waiting if item.id in taken]
        if not arrived:
            return self._failed("nothing was acknowledged")
        if not self._source.acknowledge([item.id for item in arrived]):
            return self._failed("the spool cannot forget what has arrived: it will be sent again")
        size = sum(len(item.content) for item in arrived)
        self.state = ShippingState(
            sent_rows=self.state.sent_rows + sum(item.rows for item in arrived),
            sent_bytes=self.state.sent_bytes + size,
        )
        self._free_at_s = self._now_s() + size / self._shipping.most_bytes_per_s
        full = sum(len(item.content) for item in waiting) >= self._shipping.batch_bytes / 2
        return max(self._free_at_s - self._now_s(), 0.0) if full else self._shipping.every_s

    def _failed(self, problem: str, asked_s: float | None = None) -> float:
        failures = self.state.failures + 1
        self.state = ShippingState(self.state.sent_rows, self.state.sent_bytes, failures, problem)
        longest_s = min(self._shipping.longest_wait_s, self._shipping.first_wait_s * 2.0 ** min(failures - 1, 40))
        wait_s = self._random.uniform(longest_s / 2.0, longest_s)
        return wait_s if asked_s is None else max(wait_s, min(asked_s, self._shipping.longest_wait_s))
