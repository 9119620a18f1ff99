"""Closes connections on which no request comes to its end: uvicorn itself waits for headers for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable
from typing import Any

LOOKS = 4.0  # per time limit


class IdleConnections:
    """Looks at uvicorn's connections now and then.

    One that has not sent a whole request head within `head_s` of its opening, or within `keep_s` of its last answer, is
    closed. What a connection is doing is read from uvicorn's protocol objects; where a later version has no `cycle`
    there, nothing is closed.
    """

    def __init__(self, head_s: float, keep_s: float, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._head_s, self._keep_s, self._now_s = head_s, keep_s, now_s
        # By connection: when it was first seen without a request at work, and after which one.
        self._waiting: dict[Any, tuple[float, Any]] = {}

    def look(self, connections: Iterable[Any]) -> int:
        """Close what has waited for too long; how many that were."""
        now_s, closed = self._now_s(), 0
        waiting: dict[Any, tuple[float, Any]] = {}
        for connection in connections:
            cycle = getattr(connection, "cycle", connection)  # `connection`: of a version that has none
            if cycle is not None and not getattr(cycle, "response_complete", False):
                continue  # a request is at work: its own limits hold
            since_s, after = self._waiting.get(connection, (now_s, cycle))
            if after is not cycle:  # it has asked and was answered since the last look
                since_s = now_s
            if now_s - since_s > (self._head_s if cycle is None else self._keep_s):
                connection.transport.abort()
                closed += 1
            else:
                waiting[connection] = since_s, cycle
        self._waiting = waiting
        return closed

    async def keep_looking(self, connections: Callable[[], Iterable[Any]]) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self._head_s / LOOKS)
            self.look(list(connections()))
