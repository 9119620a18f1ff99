"""Connections that keep a server waiting."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from runtime.serve.idle_connections import IdleConnections

from .test_job_queue import Clock


class Connection:
    """As uvicorn has them: `cycle` is None before the first request, then the latest request."""

    def __init__(self, cycle: Any = None) -> None:
        self.cycle, self.aborted = cycle, False
        self.transport = self

    def abort(self) -> None:
        self.aborted = True


WORKING, ANSWERED = SimpleNamespace(response_complete=False), SimpleNamespace(response_complete=True)


def closed_after(connection: Any, span_s: float) -> int:
    clock = Clock()
    idle = IdleConnections(head_s=10.0, keep_s=75.0, now_s=clock)
    assert idle.look([connection]) == 0
    clock.at_s = span_s
    return idle.look([connection])


def test_a_connection_that_never_asks_is_closed() -> None:
    connection = Connection()
    assert closed_after(connection, 9.9) == 0
    assert closed_after(connection, 10.1) == 1
    assert connection.aborted


def test_between_two_requests_it_may_wait_longer() -> None:
    assert closed_after(Connection(ANSWERED), 74.9) == 0
    assert closed_after(Connection(ANSWERED), 75.1) == 1


def test_a_request_at_work_is_left_to_its_own_limits() -> None:
    assert closed_after(Connection(WORKING), 1e6) == 0


def test_the_time_counts_anew_after_each_request() -> None:
    clock, connection = Clock(), Connection(ANSWERED)
    idle = IdleConnections(head_s=10.0, keep_s=75.0, now_s=clock)
    for clock.at_s, connection.cycle in ((0.0, ANSWERED), (70.0, WORKING), (80.0, ANSWERED), (150.0, ANSWERED)):
        assert idle.look([connection]) == 0
    clock.at_s = 156.0
    assert idle.look([connection]) == 1


def test_a_busy_connection_that_is_always_seen_between_two_requests_is_kept() -> None:
    clock, connection = Clock(), Connection()
    idle = IdleConnections(head_s=10.0, keep_s=75.0, now_s=clock)
    for second in range(300):
        clock.at_s, connection.cycle = float(second), SimpleNamespace(response_complete=True)
        assert idle.look([connection]) == 0


def test_connections_of_a_server_that_does_not_tell_are_left_alone() -> None:
    assert closed_after(SimpleNamespace(transport=None), 1e6) == 0


def test_it_looks_until_cancelled() -> None:
    connection = Connection()

    async def main() -> None:
        looking = asyncio.create_task(IdleConnections(head_s=0.01, keep_s=1.0).keep_looking(lambda: [connection]))
        for _ in range(1000):
            if connection.aborted:
                break
            await asyncio.sleep(0.001)
        looking.cancel()

    asyncio.run(main())
    assert connection.aborted
