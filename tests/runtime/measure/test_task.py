"""One task: clocks set and put back, every prefix timed and metered, and what speaks against the figures said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runtime.boards.clocks import ClockRefused
from runtime.contract.errors import EngineError
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.tensor_spec import TensorSpec
from runtime.measure.apparatus import Apparatus
from runtime.measure.network import Network, load_network
from runtime.measure.plan import EnergyRule, Plan, Point, Quality, WarmUp
from runtime.measure.task import Attempt, joined, measure_half, reference_latency
from runtime.measure.time_source import TimeSource

from .small_plan import (
    CHAIN,
    FAST,
    PLAIN,
    SLOW,
    HandClocks,
    HandMeter,
    HandThermometer,
    HandTime,
    apparatus,
    small_plan,
    write_networks,
)

ELSEWHERE = OperatingPoint(cpu_hz=900_000_000, gpu_hz=300_000_000, emc_hz=665_600_000)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    write_networks(tmp_path)
    return load_network(CHAIN, tmp_path, threads=1, seed=0)


def measure_once(
    name: str, network: Network, point: Point, plan: Plan, at_hand: Apparatus, time: TimeSource
) -> Attempt:
    first, second = (measure_half(network, point, plan, at_hand, time, metered=metered) for metered in (False, True))
    return joined(name, point, first, second, plan, at_hand, time)


def test_every_prefix_has_its_latency(network: Network) -> None:
    record = measure_once("chain", network, None, small_plan(), apparatus(), HandTime(0.25).source).record
    assert [prefix.latency.median_s for prefix in record.prefixes] == [0.25, 0.5, 0.75]
    assert [prefix.latency.runs for prefix in record.prefixes] == [10, 10, 10]
    assert record.latency_s == 0.75
    assert (record.noisy, record.steady, record.pinned, record.kind) == (False, True, False, Kind.MEASURED)


def test_without_a_meter_the_joules_are_none_and_the_reason_is_said(network: Network) -> None:
    record = measure_once("chain", network, None, small_plan(), apparatus(), HandTime().source).record
    assert [prefix.energy for prefix in record.prefixes] == [None, None, None]
    assert "no power rail" in str(record.why_no_energy)


def test_with_a_meter_every_prefix_has_its_joules(network: Network) -> None:
    time = HandTime(0.01)
    at_hand = apparatus(meter=HandMeter(time, watts=5.0))
    record = measure_once("chain", network, None, small_plan(), at_hand, time.source).record
    joules = [prefix.energy.energy_j for prefix in record.prefixes if prefix.energy is not None]
    assert len(joules) == 3
    assert joules == sorted(joules)
    assert record.why_no_energy is None


def test_a_meter_that_never_knows_leaves_a_reason(network: Network) -> None:
    time = HandTime(0.01)
    record = measure_once(
        "chain", network, None, small_plan(), apparatus(meter=HandMeter(time, least_s=1e9)), time.source
    ).record
    assert record.prefixes[0].energy is None
    assert "could not tell the joules" in str(record.why_no_energy)


def test_at_a_request_rate_energy_is_that_of_the_whole_period(network: Network) -> None:
    time = HandTime(1e-4)
    plan = small_plan(requests_per_s=20.0, energy=EnergyRule(max_s=1.0, idle_s=0.0))
    record = measure_once("chain", network, None, plan, apparatus(meter=HandMeter(time, watts=4.0)), time.source).record
    energy = record.prefixes[-1].energy
    assert energy is not None
    assert energy.energy_j == pytest.approx(4.0 / 20.0, rel=0.01)
    assert record.load == "20 requests/s"
    assert not record.noisy


def test_a_rate_that_cannot_be_served_is_said(network: Network) -> None:
    plan = small_plan(requests_per_s=20.0)
    record = measure_once("chain", network, None, plan, apparatus(), HandTime(0.1).source).record
    assert record.noisy
    assert "requests began late: the rate cannot be served" in record.why_noisy[0]


def test_the_clocks_are_held_and_given_back(network: Network) -> None:
    held = HandClocks()
    record = measure_once("chain", network, SLOW, small_plan(), apparatus(clocks=held), HandTime().source).record
    assert (record.requested, record.applied, record.pinned) == (SLOW, SLOW, True)
    assert held.current() == FAST


def test_clocks_that_nobody_asked_for_are_read_and_left_alone(network: Network) -> None:
    record = measure_once(
        "chain", network, None, small_plan(), apparatus(clocks=HandClocks()), HandTime().source
    ).record
    assert (record.requested, record.applied, record.pinned) == (None, FAST, False)


@pytest.mark.parametrize("error", [KeyboardInterrupt, EngineError("it fails")])
def test_the_clocks_come_back_whatever_happens(
    network: Network, error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = HandClocks()

    def fail(*_: object) -> list[float]:
        assert held.current() == SLOW
        raise error

    monkeypatch.setattr(Network, "run", fail)
    with pytest.raises((KeyboardInterrupt, EngineError)):
        measure_once("chain", network, SLOW, small_plan(), apparatus(clocks=held), HandTime().source)
    assert held.current() == FAST


def test_clocks_that_are_refused_stop_the_task_unless_the_plan_takes_those_found(network: Network) -> None:
    at_hand = apparatus(clocks=HandClocks())
    with pytest.raises(ClockRefused):
        measure_once("chain", network, ELSEWHERE, small_plan(), at_hand, HandTime().source)
    plan = small_plan(without_clocks="as_found")
    record = measure_once("chain", network, ELSEWHERE, plan, at_hand, HandTime().source).record
    assert (record.requested, record.applied, record.pinned) == (ELSEWHERE, FAST, False)


class DriftingClocks(HandClocks):
    """Someone lowers the clock while a task runs."""

    def current(self) -> OperatingPoint:
        point, self.held = self.held, SLOW
        return point


def test_clocks_that_changed_meanwhile_are_said(network: Network) -> None:
    at_hand = apparatus(clocks=DriftingClocks())
    record = measure_once("chain", network, FAST, small_plan(), at_hand, HandTime().source).record
    assert record.noisy
    assert record.why_noisy[-1].startswith("the clocks changed from CPU 1500")


def test_temperatures_stand_at_both_ends(network: Network) -> None:
    at_hand = apparatus(thermometer=HandThermometer(29.0, 30.0, 30.1, 30.2, 31.0, 31.0, 31.1, 31.1, 31.1, 33.0))
    record = measure_once("chain", network, None, small_plan(), at_hand, HandTime().source).record
    assert (record.temperature_start_c, record.temperature_end_c) == (30.2, 33.0)


def test_a_warm_up_that_never_settles_is_said(network: Network) -> None:
    plan = small_plan(warm_up=WarmUp(window_runs=2, window_s=0.0, thermal_window_s=0.0, max_s=0.0))
    at_hand = apparatus(thermometer=HandThermometer(30.0, 30.0, 40.0))
    record = measure_once("chain", network, None, plan, at_hand, HandTime().source).record
    assert not record.steady
    assert record.why_noisy == ("not steady after 0 s of warm-up",)


def test_halves_that_differ_are_said(network: Network) -> None:
    plan, at_hand, halves = small_plan(quality=Quality(max_spread=0.03)), apparatus(), []
    for step_s in (1e-3, 1.1e-3):
        time = HandTime(step_s)
        halves.append(measure_half(network, None, plan, at_hand, time.source, metered=True))
    attempt = joined("chain", None, *halves, plan, at_hand, time.source)
    assert attempt.record.why_noisy == ("its two halves differ by 10.0%",)
    assert attempt.rank == (1, attempt.drift)


def test_a_processor_shared_with_others_is_said(network: Network) -> None:
    time = HandTime()
    time.on_cpu = 0.45  # of the four looks at the clock that three stages take
    record = measure_once("chain", network, None, small_plan(), apparatus(), time.source).record
    assert record.why_noisy == ("other programs had the processor for 40% of a usual run",)


def test_the_reference_is_one_number(network: Network) -> None:
    held = HandClocks()
    latency_s = reference_latency(network, SLOW, small_plan(), apparatus(clocks=held), HandTime(0.5).source)
    assert latency_s == 1.5
    assert held.current() == FAST


def test_a_network_that_fails_names_itself(tmp_path: Path) -> None:
    write_networks(tmp_path)
    broken = load_network(replace(PLAIN, input=TensorSpec(5, 5)), tmp_path, threads=1, seed=0)
    with pytest.raises(EngineError, match=r"plain\.onnx"):
        measure_once("plain", broken, None, small_plan(), apparatus(), HandTime().source)
