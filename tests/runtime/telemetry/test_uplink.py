"""The loop that ships what is spooled, whatever the way out does."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_batch import INFERENCE
from runtime.telemetry.spool import Spool, Spooled
from runtime.telemetry.uplink import Shipper, Shipping, UplinkFailed


class Told:
    """A way out that does as it is told: True takes all, False fails, a number takes only so many."""

    name = "told"

    def __init__(self, answers: Sequence[bool | int] = ()) -> None:
        self.answers = list(answers)
        self.arrived: list[tuple[int, int]] = []

    def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:
        answer = self.answers.pop(0) if self.answers else True
        if answer is False:
            raise UplinkFailed("the line is dead")
        taken = payloads if answer is True else payloads[:answer]
        self.arrived += [(item.first_seq, item.rows) for item in taken]
        return [item.id for item in taken]

    def close(self) -> None:
        """Nothing is held."""


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    with Spool(tmp_path / "spool", "d1", "b1") as spool:
        yield spool


PLAIN = Shipping(every_s=60.0, most_bytes_per_s=1e9)


def filled(spool: Spool, batches: int) -> None:
    for k in range(batches):
        spool.append(INFERENCE, {"at_us": [k, k + 1]}, 0)


def test_what_is_acknowledged_is_deleted_and_what_is_not_waits(spool: Spool) -> None:
    filled(spool, 3)
    shipper = Shipper(spool, Told([2]), PLAIN)
    shipper.step()
    assert [item.first_seq for item in spool.waiting(1 << 20)] == [4]
    assert (shipper.state.sent_rows, shipper.state.failures) == (4, 0)


def test_after_failures_it_waits_twice_as_long_each_time_and_at_random_within(spool: Spool) -> None:
    filled(spool, 1)
    shipper = Shipper(spool, Told([False] * 30), replace(PLAIN, first_wait_s=2.0, longest_wait_s=100.0), seed=3)
    waits = [shipper.step() for _ in range(12)]
    for n, wait_s in enumerate(waits):
        longest = min(100.0, 2.0 * 2**n)
        assert longest / 2 <= wait_s <= longest
    assert len({round(wait_s, 6) for wait_s in waits[8:]}) > 1
    assert (shipper.state.failures, shipper.state.last_problem) == (12, "the line is dead")


def test_a_success_ends_the_waiting(spool: Spool) -> None:
    filled(spool, 1)
    shipper = Shipper(spool, Told([False, False, True]), PLAIN)
    for _ in range(3):
        shipper.step()
    assert (shipper.state.failures, shipper.state.last_problem, shipper.state.sent_rows) == (0, None, 2)


def test_the_cap_on_bytes_per_second_is_kept(spool: Spool) -> None:
    for k in range(20):
        spool.append(INFERENCE, {"at_us": [k * 7919 + n * n for n in range(200)]}, 0)
    clock, told = Clock(), Told()
    shipping = Shipping(every_s=1.0, batch_bytes=2000, most_bytes_per_s=1000.0)
    shipper = Shipper(spool, told, shipping, now_s=clock)
    while spool.waiting(1):
        clock.now_s += max(shipper.step(), 1e-6)
    assert shipper.state.sent_bytes <= 1000.0 * clock.now_s + 2500
    assert clock.now_s > 0.8 * (shipper.state.sent_bytes - 2500) / 1000.0


def test_an_empty_spool_is_looked_at_seldom_and_a_full_one_at_once(spool: Spool) -> None:
    shipper = Shipper(spool, Told(), replace(PLAIN, batch_bytes=100))
    assert shipper.step() == 60.0
    filled(spool, 5)
    assert shipper.step() < 1.0


@settings(deadline=None, max_examples=25)
@given(answers=st.lists(st.one_of(st.booleans(), st.integers(0, 3)), max_size=25), batches=st.integers(1, 12))
def test_every_row_arrives_once_however_the_line_behaves(
    answers: list[bool | int], batches: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told = Told(answers)
    with Spool(tmp_path_factory.mktemp("s") / "spool", "d1", "b1") as spool:
        filled(spool, batches)
        clock = Clock()
        shipper = Shipper(spool, told, replace(PLAIN, batch_bytes=150), now_s=clock)
        for _ in range(len(answers) + 2 * batches + 2):
            clock.now_s += shipper.step()
        assert spool.waiting(1) == []
    assert told.arrived == [(2 * k, 2) for k in range(batches)]


def test_a_running_shipper_ships_and_stops(spool: Spool) -> None:
    filled(spool, 2)
    told = Told()
    shipper = Shipper(spool, told, replace(PLAIN, every_s=0.01))
    shipper.start()
    while shipper.state.sent_rows < 4:
        shipper._ended.wait(0.005)
    shipper.close()
    assert told.arrived == [(0, 2), (2, 2)]


def test_the_other_sides_wish_to_wait_is_kept_within_reason(spool: Spool) -> None:
    class Busy(Told):
        def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:  # noqa: ARG002
            raise UplinkFailed("busy", wait_s=self.asked_s)

        asked_s = 60.0

    filled(spool, 1)
    busy = Busy()
    shipper = Shipper(spool, busy, replace(PLAIN, first_wait_s=2.0, longest_wait_s=100.0))
    assert shipper.step() == 60.0
    busy.asked_s = 0.0
    assert 1.0 <= shipper.step() <= 4.0
    busy.asked_s = 1e9
    assert shipper.step() == 100.0


def test_what_was_committed_last_is_sent_when_it_is_closed_whatever_the_caps_and_waits(spool: Spool) -> None:
    told = Told([True, True])
    shipper = Shipper(spool, told, replace(PLAIN, every_s=3600.0, most_bytes_per_s=0.1))
    filled(spool, 1)
    shipper.start()
    while not shipper.state.sent_rows:
        shipper._ended.wait(0.005)
    spool.append(INFERENCE, {"at_us": [9]}, 0)
    shipper.close()
    assert told.arrived == [(0, 2), (2, 1)]


def test_a_send_that_hangs_does_not_hold_up_the_end(spool: Spool) -> None:
    class Hanging(Told):
        def send(self, payloads: Sequence[Spooled]) -> Sequence[int]:
            hangs.set()
            go_on.wait(20.0)
            return [item.id for item in payloads]

    hangs, go_on = threading.Event(), threading.Event()
    filled(spool, 1)
    shipper = Shipper(spool, Hanging(), replace(PLAIN, last_s=0.05))
    shipper.start()
    assert hangs.wait(10.0)
    began_s = time.monotonic()
    shipper.close()
    assert time.monotonic() - began_s < 10.0
    spool.close()
    go_on.set()  # what it has sent cannot be acknowledged any more: it will be sent again, and known
    assert shipper._thread is not None
    shipper._thread.join(10.0)
    assert shipper.state.sent_rows == 0


def test_shipping_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(ConfigError, match="must be above 0"):
        Shipping(every_s=0.0)
