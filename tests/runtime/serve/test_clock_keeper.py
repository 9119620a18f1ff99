"""Clocks held through powerd, from a thread of their own."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from runtime.boards.clocks import Applied, ClocksTaken
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint
from runtime.serve.clock_keeper import ClockKeeper
from tests.tiny_cascade import CLOCKS

SLOW = OperatingPoint(cpu_hz=700_000_000, gpu_hz=300_000_000, emc_hz=665_000_000)


class ScriptedPowerd:
    """Keeps what was asked; raises what the script says, first things first."""

    def __init__(self, *errors: BoardError) -> None:
        self.errors, self.said = list(errors), []  # type: ignore[var-annotated]
        self.lost: str | None = None
        self.changed = threading.Condition()

    def note(self, what: object) -> None:
        with self.changed:
            self.said.append(what)
            self.changed.notify_all()

    def wait_for(self, what: object) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: what in self.said, 5.0), self.said

    def acquire(self) -> None:
        self.lost = None
        self.note("acquire")
        if self.errors and not isinstance(self.errors[0], ClocksTaken):
            raise self.errors.pop(0)

    def set(self, point: OperatingPoint) -> Applied:
        if self.errors:
            raise self.errors.pop(0)
        self.note(point)
        return Applied(point, point, 0.001)

    def release(self) -> None:
        self.note("release")

    def close(self) -> None:
        self.note("close")


@contextmanager
def keeping(powerd: ScriptedPowerd) -> Iterator[tuple[ClockKeeper, list[str]]]:
    reports: list[str] = []
    keeper = ClockKeeper(powerd, report=lambda text: (reports.append(text), powerd.note("reported"))[0], again_s=0.01)
    try:
        yield keeper, reports
    finally:
        keeper.stop()


def test_the_clocks_wanted_are_held_and_given_back_at_the_end() -> None:
    powerd = ScriptedPowerd()
    with keeping(powerd) as (keeper, reports):
        keeper.want(CLOCKS)
        powerd.wait_for(CLOCKS)
        powerd.wait_for("reported")
        keeper.want(SLOW)
        powerd.wait_for(SLOW)
    assert reports == [f"clocks: {CLOCKS}"]  # a governor switches often: what follows is in /metrics
    assert powerd.said[-2:] == ["release", "close"]
    assert powerd.said.count("acquire") == 1


def test_a_powerd_that_is_not_there_is_asked_again_and_told_of_once() -> None:
    gone = [BoardError("powerd does not answer") for _ in range(3)]
    powerd = ScriptedPowerd(*gone)
    with keeping(powerd) as (keeper, reports):
        keeper.want(CLOCKS)
        powerd.wait_for(CLOCKS)
    assert sum("powerd does not answer" in text for text in reports) == 1
    assert "requests are answered at the clocks that the machine holds" in reports[0]


def test_clocks_that_another_program_took_are_asked_for_under_a_new_lease() -> None:
    powerd = ScriptedPowerd(ClocksTaken("another program set the clocks"))
    with keeping(powerd) as (keeper, _):
        keeper.want(CLOCKS)
        powerd.wait_for(CLOCKS)
    assert powerd.said.count("acquire") == 2


def test_a_lost_lease_is_taken_again() -> None:
    powerd = ScriptedPowerd()
    with keeping(powerd) as (keeper, _):
        keeper.want(CLOCKS)
        powerd.wait_for(CLOCKS)
        with powerd.changed:
            powerd.said.clear()
            powerd.lost = "powerd was restarted"
        powerd.wait_for("acquire")
        powerd.wait_for(CLOCKS)


def test_without_a_lease_nothing_is_released() -> None:
    powerd = ScriptedPowerd()
    with keeping(powerd):
        pass
    assert powerd.said == ["close"]
