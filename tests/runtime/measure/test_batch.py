"""A batch is measured again where it or the reference was noisy, and says so where that did not help."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from runtime.measure.batch import measure_batch
from runtime.measure.plan import Quality
from runtime.measure.task import Attempt, Half
from runtime.measure.warm_up import WarmedUp
from tests.runtime.contract.test_measurement import RECORD

QUALITY = Quality(every=2, max_spread=0.03, attempts=3)
HALF = Half(np.ones((5, 1)), (None,), WarmedUp(4, True, 1.0), 0, 0.0, False, None, None, None, None)


class Bench:
    """Attempts as scripted: per task a list of own reasons, attempt by attempt; the reference likewise."""

    def __init__(self, reasons: dict[int, list[tuple[str, ...]]], references_s: Sequence[float]) -> None:
        self.reasons, self.to_come = reasons, list(references_s)
        self.references_s = [self.to_come.pop(0)]
        self.measured: list[tuple[int, int]] = []
        self.halves: list[tuple[int, bool]] = []

    def half(self, task: int, attempt: int, second: bool) -> Half:
        self.halves.append((task, second))
        if not second:
            self.measured.append((task, attempt))
        return HALF

    def join(self, task: int, _first: Half, _second: Half) -> Attempt:
        attempt = max(attempt for measured, attempt in self.measured if measured == task)
        why = self.reasons.get(task, [()] * 9)[attempt - 1]
        record = replace(RECORD, subject=f"{task}:{attempt}", noisy=bool(why), why_noisy=why, attempts=1)
        return Attempt(record, drift=0.1 / attempt)

    def read_reference(self) -> float:
        self.references_s.append(self.to_come.pop(0))
        return self.references_s[-1]

    def run(self, count: int = 2):  # type: ignore[no-untyped-def]
        return measure_batch(count, self.half, self.join, self.read_reference, self.references_s, QUALITY)


def test_a_quiet_batch_is_measured_once() -> None:
    bench = Bench({}, [1.0, 1.0])
    records = bench.run()
    assert bench.measured == [(0, 1), (1, 1)]
    assert bench.halves == [(0, False), (1, False), (0, True), (1, True)]
    assert [(r.subject, r.noisy, r.attempts) for r in records] == [("0:1", False, 1), ("1:1", False, 1)]


def test_a_task_that_was_noisy_is_measured_again_alone() -> None:
    bench = Bench({1: [("drift",), ()]}, [1.0, 1.0, 1.0])
    records = bench.run()
    assert bench.measured == [(0, 1), (1, 1), (1, 2)]
    assert [(r.subject, r.noisy, r.attempts) for r in records] == [("0:1", False, 1), ("1:2", False, 2)]


def test_a_reference_that_changed_has_the_whole_batch_measured_again() -> None:
    bench = Bench({}, [1.0, 1.2, 1.2, 1.2])
    records = bench.run()
    assert bench.measured[:4] == [(0, 1), (1, 1), (0, 2), (1, 2)]
    assert not any(record.noisy for record in records)
    assert all(record.attempts == 2 for record in records)


def test_what_stays_noisy_keeps_its_least_noisy_attempt_and_says_why() -> None:
    bench = Bench({0: [("a", "b"), ("a",), ("a",)]}, [1.0] * 4)
    (record,) = bench.run(1)
    assert record.noisy
    assert record.why_noisy == ("a",)
    assert record.subject == "0:3"  # as few reasons as the second attempt, and less drift
    assert record.attempts == 3
