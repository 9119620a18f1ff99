"""Windows over an energy counter."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from runtime.boards.energy_counter import CounterReading
from runtime.boards.nvml import Nvml
from runtime.boards.simulated_time import SimulatedTime
from runtime.boards.sysfs.rapl import RaplCounter, find_rapl
from runtime.contract.kind import Kind
from runtime.energy.counter_meter import CounterMeter
from tests.runtime.boards.nvml_double import FakeNvml
from tests.runtime.boards.sysfs.sensor_trees import RAPL, FileTree, rapl


class Counter:
    """Counts a function of time, in steps."""

    def __init__(
        self, energy_j: Callable[[float], float], time_: SimulatedTime, *, quantum_j: float = 0.01, read_s: float = 0.0
    ) -> None:
        self.energy_j, self.time, self.quantum_j, self.read_s = energy_j, time_, quantum_j, read_s
        self.silent = False
        self.reads = 0

    def read(self) -> CounterReading | None:
        self.reads += 1
        self.time.sleep(self.read_s)
        if self.silent:
            return None
        steps = math.floor(self.energy_j(self.time.now_s()) / self.quantum_j)
        return CounterReading(steps * self.quantum_j, "package-0", "RAPL", self.quantum_j, Kind.MEASURED)


def metered(energy_j: Callable[[float], float], **rest: float) -> tuple[CounterMeter, Counter, SimulatedTime]:
    time_ = SimulatedTime(50.0)
    counter = Counter(energy_j, time_, **rest)
    return CounterMeter(counter, now_s=time_.now_s), counter, time_


def test_a_window_holds_what_the_counter_gained() -> None:
    meter, _, time_ = metered(lambda at_s: 20.0 * at_s)
    with meter.window() as window:
        assert window.energy() is None
        time_.sleep(2.0)
    energy = window.energy()
    assert energy is not None
    assert energy.energy_j == pytest.approx(40.0)
    assert energy.uncertainty_j == pytest.approx(0.01 / math.sqrt(6.0))
    assert energy.quantum_w == pytest.approx(0.005)
    assert (energy.samples, energy.scope, energy.method) == (2, "package-0", "RAPL counter")
    assert energy.kind is Kind.MEASURED


def test_a_window_of_less_than_a_step_or_two_is_too_short_to_know() -> None:
    meter, _, time_ = metered(lambda at_s: 20.0 * at_s, quantum_j=1.0)
    with meter.window() as window:
        time_.sleep(0.01)
    assert window.energy() is None


def test_a_window_of_no_time_is_none() -> None:
    meter, _, _ = metered(lambda at_s: 20.0 * at_s)
    with meter.window() as window:
        pass
    assert window.energy() is None


@pytest.mark.parametrize("at_the_end", [False, True])
def test_a_reading_that_is_missing_at_either_edge_leaves_no_joules(at_the_end: bool) -> None:
    meter, counter, time_ = metered(lambda at_s: 20.0 * at_s)
    counter.silent = not at_the_end
    with meter.window() as window:
        time_.sleep(1.0)
        counter.silent = at_the_end
    assert window.energy() is None
    counter.silent = True
    assert meter.scope == "a counter that gives no reading"


def test_a_counter_that_ran_backwards_leaves_no_joules() -> None:
    meter, _, time_ = metered(lambda at_s: max(100.0 - at_s, 0.0))
    with meter.window() as window:
        time_.sleep(1.0)
    assert window.energy() is None


def test_reads_that_take_long_make_the_joules_less_certain() -> None:
    uncertain_j = []
    for read_s in (0.0, 0.1):
        meter, _, time_ = metered(lambda at_s: 20.0 * at_s, read_s=read_s)
        with meter.window() as window:
            time_.sleep(2.0)
        energy = window.energy()
        assert energy is not None
        uncertain_j.append(energy.uncertainty_j)
    assert uncertain_j[1] > 10.0 * uncertain_j[0]


def test_windows_nest_and_an_error_closes_them() -> None:
    meter, _, time_ = metered(lambda at_s: 20.0 * at_s)
    with meter.window() as outer:
        time_.sleep(1.0)
        with suppress(RuntimeError), meter.window() as inner:
            time_.sleep(1.0)
            raise RuntimeError("inference died")
    joules = [None if (energy := window.energy()) is None else energy.energy_j for window in (outer, inner)]
    assert joules == pytest.approx([40.0, 20.0])


def test_in_its_context_it_looks_at_the_counter_so_that_no_turn_is_lost() -> None:
    counter = Counter(lambda at_s: at_s, SimulatedTime())
    with CounterMeter(counter, poll_s=0.005) as meter:
        with meter:
            time.sleep(0.1)
        reads = counter.reads
        assert reads > 2
        assert meter.scope == "package-0"
    assert counter.reads == reads + 1  # for the scope
    with CounterMeter(counter):
        pass


def test_a_window_so_long_that_a_turn_of_rapl_may_be_lost_is_none_unless_somebody_looked() -> None:
    for looks, known in ((False, False), (True, True)):
        time_, tree = SimulatedTime(), FileTree(rapl(0))
        counter = find_rapl(tree, now_s=time_.now_s)
        assert isinstance(counter, RaplCounter)
        meter = CounterMeter(counter, now_s=time_.now_s)
        with meter.window() as window:
            for second in range(0, 600, 30):
                time_.sleep(30.0)
                tree.files[f"{RAPL}/intel-rapl:0/energy_uj"] = f"{(second + 30) * 100_000_000}\n"
                if looks:
                    counter.read()
        energy = window.energy()
        assert (energy is not None) is known
        if energy is not None:
            assert energy.energy_j == pytest.approx(60_000.0)


def test_a_gpu_is_not_known_for_a_time_in_which_its_counter_hardly_moves() -> None:
    for span_s, known in ((0.05, False), (2.0, True)):
        time_, api = SimulatedTime(), FakeNvml()
        counter = Nvml(api, now_s=time_.now_s).counter()
        assert counter is not None
        meter = CounterMeter(counter, now_s=time_.now_s)
        time_.sleep(1.0)
        with meter.window() as window:
            time_.sleep(span_s)
            api.millijoules = 5_000_000 + round(70_000 * span_s)
        assert (window.energy() is not None) is known
