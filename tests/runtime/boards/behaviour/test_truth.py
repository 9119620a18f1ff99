"""The ledger of what really happens."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour.heat import Heat
from runtime.boards.behaviour.truth import Truth
from runtime.boards.simulated_dynamics import ThermalParameters
from runtime.boards.simulated_time import SimulatedTime
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

MHZ = 1_000_000
THERMAL = ThermalParameters(1.0, 10.0, 99.0, 96.0, 1.0)


class OneWattPer100Mhz:
    total = ("IN",)

    def rails_w(self, point: OperatingPoint, work: Work | None) -> dict[str, float]:
        return {"IN": point.gpu_hz / 100e6 + (0.0 if work is None else 5.0), "GPU": point.gpu_hz / 200e6}


@pytest.fixture
def time() -> SimulatedTime:
    return SimulatedTime()


@pytest.fixture
def truth(time: SimulatedTime) -> Truth:
    made = Truth(time.now_s, OneWattPer100Mhz(), Heat(THERMAL, 25.0))
    made.clocks_hz = {"cpu0": 800 * MHZ, "cpu4": 900 * MHZ, "gpu": 300 * MHZ, "emc": 200 * MHZ}
    return made


def test_a_switch_takes_effect_after_its_settle_time_and_not_before(truth: Truth, time: SimulatedTime) -> None:
    truth.switch("gpu", 600 * MHZ, settle_s=5e-3)
    time.sleep(4.9e-3)
    truth.advance()
    assert truth.point().gpu_hz == 300 * MHZ
    time.sleep(0.2e-3)
    truth.advance()
    assert truth.point().gpu_hz == 600 * MHZ


def test_a_later_switch_overtakes_an_earlier_one_that_is_still_under_way(truth: Truth, time: SimulatedTime) -> None:
    truth.switch("gpu", 600 * MHZ, settle_s=5e-3)
    truth.switch("gpu", 400 * MHZ, settle_s=1e-3)
    time.sleep(1.0)
    truth.advance()
    assert truth.point().gpu_hz == 400 * MHZ
    assert [point.gpu_hz for _, point in truth.history] == [400 * MHZ]


def test_energy_is_counted_up_to_the_moment_of_the_switch(truth: Truth, time: SimulatedTime) -> None:
    truth.switch("gpu", 600 * MHZ, settle_s=1.0)
    time.sleep(3.0)
    truth.advance()
    assert truth.board_j() == pytest.approx(3.0 * 1 + 6.0 * 2)
    assert truth.energy_j["GPU"] == pytest.approx(1.5 * 1 + 3.0 * 2)


def test_the_fastest_cluster_stands_for_the_cpu(truth: Truth) -> None:
    assert truth.point().cpu_hz == 900 * MHZ


def test_work_changes_what_is_drawn(truth: Truth) -> None:
    idle_w = truth.board_w()
    truth.work = Work(macs=1.0)
    assert truth.board_w() == idle_w + 5.0


def test_slowing_divides_the_cores_and_leaves_the_memory(truth: Truth) -> None:
    truth.slowed_by = 2
    assert truth.point() == OperatingPoint(450 * MHZ, 150 * MHZ, 200 * MHZ)


def test_what_happens_later_happens_in_order_of_time(truth: Truth, time: SimulatedTime) -> None:
    seen: list[tuple[str, float]] = []
    truth.later(2.0, lambda: seen.append(("b", truth.at_s)))
    truth.later(1.0, lambda: seen.append(("a", truth.at_s)))
    truth.later(9.0, lambda: seen.append(("c", truth.at_s)))
    time.sleep(5.0)
    truth.advance()
    assert seen == [("a", 1.0), ("b", 2.0)]


def test_settling_now_lets_every_switch_under_way_take_effect_once(truth: Truth, time: SimulatedTime) -> None:
    truth.switch("gpu", 600 * MHZ, settle_s=5e-3)
    truth.slowed_by = 2
    truth.settle_now()
    assert truth.point().gpu_hz == 600 * MHZ
    truth.switch("gpu", 400 * MHZ, settle_s=0.0)
    time.sleep(1.0)
    truth.advance()
    assert truth.point().gpu_hz == 400 * MHZ


def test_the_record_holds_changes_and_nothing_twice(truth: Truth) -> None:
    truth.note()
    truth.note()
    truth.switch("gpu", 600 * MHZ, settle_s=0.0)
    truth.note()
    assert [point.gpu_hz for _, point in truth.history] == [300 * MHZ, 600 * MHZ]
