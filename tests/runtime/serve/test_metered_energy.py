"""Joules of a request, from windows over many."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.energy.energy import Energy
from runtime.serve.metered_energy import MeteredEnergy


class ScriptedWindow:
    def __init__(self, energy_j: float | None) -> None:
        self.energy_j = energy_j

    def energy(self) -> Energy | None:
        if self.energy_j is None:
            return None
        return Energy(self.energy_j, 0.0, 1.0, 100, "VDD_IN", "INA3221", 0.04, Kind.MEASURED)


class ScriptedMeter:
    """Each window draws what the script says; `busy_s` runs along."""

    def __init__(self, *windows: tuple[float | None, float]) -> None:
        self.windows, self.busy_s = list(windows), 0.0

    @contextmanager
    def window(self) -> Iterator[ScriptedWindow]:
        energy_j, busy_s = self.windows.pop(0)
        yield ScriptedWindow(energy_j)
        self.busy_s += busy_s


def metered(*windows: tuple[float | None, float]) -> MeteredEnergy:
    """After these windows of a second each: joules, and how long inference was busy."""
    meter = ScriptedMeter(*windows)
    energy = MeteredEnergy(meter, lambda: meter.busy_s, window_s=0.0)
    for _ in windows:
        energy.window()
    return energy


def test_a_request_gets_its_share_of_the_window_by_its_run_time() -> None:
    share = metered((6.0, 0.5)).share(0.1)
    assert share is not None
    assert share.energy_j == pytest.approx(1.2)  # a fifth of the busy time, idle joules shared out
    assert share.active_energy_j is None  # idling was never metered
    assert share.kind is Kind.MEASURED
    assert share.scope == "VDD_IN; INA3221, idle time shared out, 1.0 s window"


def test_the_part_above_idling_is_known_after_a_window_without_requests() -> None:
    share = metered((4.0, 0.0), (6.0, 0.5)).share(0.1)
    assert share is not None
    assert share.energy_j == pytest.approx(1.2)
    assert share.active_energy_j == pytest.approx(0.4)


SLOW, FAST = (OperatingPoint(10**9, hz, 10**9) for hz in (300_000_000, 600_000_000))


class Clocked(ScriptedMeter):
    """At the end of each window, the clocks that the script says are held."""

    def __init__(self, *windows: tuple[float, float, OperatingPoint | None]) -> None:
        super().__init__(*((energy_j, busy_s) for energy_j, busy_s, _ in windows))
        self.then = [clocks for _, _, clocks in windows]
        self.held: OperatingPoint | None = SLOW

    @contextmanager
    def window(self) -> Iterator[ScriptedWindow]:
        with super().window() as window:
            yield window
        self.held = self.then.pop(0)


def clocked(*windows: tuple[float, float, OperatingPoint | None]) -> MeteredEnergy:
    """Begun at the slow clocks; each window: joules, how long inference was busy, and the clocks at its end."""
    meter = Clocked(*windows)
    energy = MeteredEnergy(meter, lambda: meter.busy_s, clocks=lambda: meter.held, window_s=0.0)
    for _ in windows:
        energy.window()
    return energy


def test_what_idles_at_other_clocks_says_nothing_of_these() -> None:
    idled_slowly = ((2.0, 0.0, SLOW), (3.0, 0.1, FAST), (6.0, 0.5, FAST))
    share = clocked(*idled_slowly).share(0.1)
    assert share is not None
    assert share.active_energy_j is None
    share = clocked(*idled_slowly, (4.0, 0.0, FAST), (6.0, 0.5, FAST)).share(0.1)
    assert share is not None
    assert share.active_energy_j == pytest.approx(0.4)
    back = clocked(*idled_slowly, (4.0, 0.0, SLOW), (4.0, 0.5, SLOW))
    assert back.rates is not None
    assert (back.rates.idle_w, back.rates.active_w, back.rates.clocks) == (2.0, pytest.approx(4.0), SLOW)


def test_a_window_in_which_the_clocks_changed_tells_no_idle_power_and_none_of_what_was_active_before() -> None:
    energy = clocked((2.0, 0.0, SLOW), (6.0, 0.5, SLOW), (3.0, 0.0, FAST))
    assert energy.rates is not None
    assert (energy.rates.idle_w, energy.rates.active_w, energy.rates.clocks) == (None, None, None)
    assert energy.rates.per_busy_s_w == pytest.approx(12.0)  # shared out, it is still the best guess


def test_nothing_is_said_before_a_window_with_requests() -> None:
    assert metered().share(0.1) is None
    assert metered((4.0, 0.0)).share(0.1) is None


def test_after_a_pause_the_last_window_with_requests_still_holds() -> None:
    share = metered((6.0, 0.5), (4.0, 0.0)).share(0.1)
    assert share is not None
    assert share.energy_j == pytest.approx(1.2)


def test_a_window_that_the_meter_does_not_know_changes_nothing() -> None:
    energy = metered((6.0, 0.5), (None, 0.5))
    assert energy.rates is not None
    assert energy.rates.per_busy_s_w == pytest.approx(12.0)


def test_it_meters_in_a_thread_until_it_is_stopped() -> None:
    class Endless(ScriptedMeter):
        @contextmanager
        def window(self) -> Iterator[ScriptedWindow]:
            yield ScriptedWindow(4.0)

    energy = MeteredEnergy(Endless(), lambda: 0.0, window_s=0.001)
    energy.start()
    for _ in range(1000):
        if energy.rates is not None:
            break
        threading.Event().wait(0.005)
    energy.stop()
    assert energy.rates is not None
    assert energy.rates.idle_w == 4.0


def test_joules_add_up_from_window_to_window_and_begin_anew_after_one_that_is_not_known() -> None:
    assert metered((6.0, 0.5), (4.0, 0.0)).drawn_j == 10.0
    assert metered((6.0, 0.5), (None, 0.5)).drawn_j is None
    assert metered((6.0, 0.5), (None, 0.5), (1.0, 0.5)).drawn_j == 1.0
