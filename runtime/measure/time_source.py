"""Where moments come from and how waiting is done: real by default, by hand in tests."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone


def wall_now() -> str:
    """The wall clock, ISO 8601 in UTC."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class TimeSource:
    """`now_s` never runs backwards; `wall` may jump, as on a board that has just found the network.

    `cpu_s` is what the calling thread has had of a processor: where it falls behind `now_s` while a network runs, other
    programs ran in its place.
    """

    now_s: Callable[[], float] = time.perf_counter
    sleep: Callable[[float], None] = time.sleep
    wall: Callable[[], str] = wall_now
    cpu_s: Callable[[], float] = time.thread_time
