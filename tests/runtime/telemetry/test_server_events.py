"""Swaps, roll-backs and refusals become telemetry."""

from __future__ import annotations

from types import SimpleNamespace

from runtime.telemetry.inference import Circumstances
from runtime.telemetry.server_events import ServerEvents


def test_each_is_told_once() -> None:
    swap, refusals = SimpleNamespace(swaps=0, rollbacks=0, failed=None), [0]
    told: list[tuple[str, str | None]] = []
    refused: list[int] = []

    def says(name: str, text: str, *, bundle_id: str | None = None, mode: str | None = None) -> None:  # noqa: ARG001
        told.append((name, bundle_id))

    events = ServerEvents(swap, lambda: "b1", lambda: refusals[0], says, refused.append)
    events.ticked(Circumstances())
    swap.swaps, refusals[0] = 1, 3
    events.ticked(Circumstances())
    events.ticked(Circumstances())
    swap.rollbacks, swap.failed, refusals[0] = 1, "b2", 5
    events.ticked(Circumstances())
    assert told == [("swapped", "b1"), ("rolled back", "b2")]
    assert refused == [3, 2]
