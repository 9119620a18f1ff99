"""What really happens on a simulated board as time passes: the clocks that work runs at, joules, heat and throttling.

Power is constant between events (a switch that settles, a step of the throttle, a change of work), so that energy and
temperature are exact: nothing here is integrated in small steps. Time is whatever `now_s` says; a call catches up, and
calls may come from several threads: a meter samples while the work runs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .simulated_dynamics import ThermalParameters
from .simulated_heat import seconds_until_above, seconds_until_below, temperature_after

# A crossing found by a logarithm falls short by rounding: the more so, the larger the clock's reading is by now.
ROUNDING_K: Final = 1e-6


class SimulatedTruth:
    """The ledger of one board. `core` is the clock that throttling slows down, `core_table_hz` its entries."""

    def __init__(
        self,
        rails_w: Callable[[Work | None, OperatingPoint], dict[str, float]],
        total: tuple[str, ...],
        start: OperatingPoint,
        core: str,
        core_table_hz: tuple[int, ...],
        thermal: ThermalParameters,
        now_s: Callable[[], float],
        ambient_c: float,
    ) -> None:
        self._rails_at, self._total, self._now_s = rails_w, total, now_s
        self._core, self._table_hz, self._thermal, self._ambient_c = core, core_table_hz, thermal, ambient_c
        self._asked = self._settled = start
        self._fastest = len(core_table_hz) - 1  # the entry that throttling allows
        self._switches: list[tuple[float, str, int]] = []  # when, clock, hertz; not yet seen by the workload
        self._work: Work | None = None
        self._cached: tuple[OperatingPoint, Work | None, dict[str, float]] | None = None
        self._lock = threading.RLock()
        self._at_s = now_s()
        self._stepped_s = self._at_s - thermal.step_s
        self._energy_j = 0.0
        self._throttle_count = 0
        self._celsius = self._settles_at_c()  # it was on before anybody looked

    @property
    def asked(self) -> OperatingPoint:
        """The point that was set last."""
        return self._asked

    def held(self) -> OperatingPoint:
        """What the clocks read back: the point that was set, slowed down where the board throttles."""
        self.advance()
        return self._slowed(self._asked)

    def effective(self) -> OperatingPoint:
        """What a workload runs at now: a switch shows after its settle time."""
        self.advance()
        return self._slowed(self._settled)

    def rails_w(self) -> dict[str, float]:
        """What every rail carries now."""
        with self._lock:
            self.advance()
            return self._drawn()

    def energy_j(self) -> float:
        """Joules of the whole board since it was made."""
        self.advance()
        return self._energy_j

    def temperature_c(self) -> float:
        """Of the hottest spot, now."""
        self.advance()
        return self._celsius

    def throttle_count(self) -> int:
        """How often the board has slowed itself down by a table entry."""
        self.advance()
        return self._throttle_count

    def allows(self, point: OperatingPoint) -> bool:
        """Whether throttling would leave `point` as it is."""
        self.advance()
        return self._slowed(point) == point

    def do(self, work: Work | None) -> Work | None:
        """From now on this, back to back, or nothing; returns what was done before."""
        with self._lock:
            self.advance()
            before, self._work = self._work, work
        return before

    def switch(self, clock: str, hz: int, settles_at_s: float) -> None:
        """A write: read back from now on, seen by the workload later. A switch still under way is overtaken."""
        with self._lock:
            self.advance()
            self._asked = replace(self._asked, **{clock: hz})
            self._switches = [entry for entry in self._switches if entry[1] != clock]
            self._switches.append((settles_at_s, clock, hz))

    def advance(self) -> None:
        """Carry out everything that has happened up to now."""
        with self._lock:
            until_s = max(self._now_s(), self._at_s)
            while (next_s := self._next_event_s()) <= until_s:
                self._pass(next_s)
                self._settle_switches()
                self._step_throttle()
            self._pass(until_s)

    def _next_event_s(self) -> float:
        return min([self._throttles_at_s(), *(at_s for at_s, _, _ in self._switches)])

    def _pass(self, until_s: float) -> None:
        seconds = max(until_s - self._at_s, 0.0)
        self._energy_j += sum(self._drawn()[rail] for rail in self._total) * seconds
        self._celsius = temperature_after(self._celsius, self._settles_at_c(), seconds, self._thermal.time_constant_s)
        self._at_s = max(until_s, self._at_s)

    def _settle_switches(self) -> None:
        for at_s, clock, hz in self._switches:
            if at_s <= self._at_s:
                self._settled = replace(self._settled, **{clock: hz})
        self._switches = [entry for entry in self._switches if entry[0] > self._at_s]

    def _throttles_at_s(self) -> float:
        """When the throttle may have to move next."""
        settled_c, thermal = self._settles_at_c(), self._thermal
        wait_s = float("inf")
        if self._entry() > 0:
            wait_s = seconds_until_above(
                self._celsius + ROUNDING_K, settled_c, thermal.throttle_c, thermal.time_constant_s
            )
        if self._fastest < len(self._table_hz) - 1:
            cooling_s = seconds_until_below(
                self._celsius - ROUNDING_K, settled_c, thermal.release_c, thermal.time_constant_s
            )
            wait_s = min(wait_s, cooling_s)
        return max(self._at_s + wait_s, self._stepped_s + thermal.step_s)

    def _step_throttle(self) -> None:
        if self._at_s < self._stepped_s + self._thermal.step_s:
            return
        if self._entry() > 0 and self._celsius + ROUNDING_K >= self._thermal.throttle_c:
            self._fastest = self._entry() - 1
            self._throttle_count += 1
        elif self._fastest < len(self._table_hz) - 1 and self._celsius - ROUNDING_K <= self._thermal.release_c:
            self._fastest += 1
        else:
            return
        self._stepped_s = self._at_s

    def _entry(self) -> int:
        """Index of the core clock that is held."""
        return min(self._table_hz.index(getattr(self._asked, self._core)), self._fastest)

    def _slowed(self, point: OperatingPoint) -> OperatingPoint:
        limit_hz = self._table_hz[self._fastest]
        return replace(point, **{self._core: limit_hz}) if getattr(point, self._core) > limit_hz else point

    def _drawn(self) -> dict[str, float]:
        point = self._slowed(self._settled)
        if self._cached is None or self._cached[:2] != (point, self._work):
            self._cached = (point, self._work, self._rails_at(self._work, point))
        return self._cached[2]

    def _settles_at_c(self) -> float:
        return self._ambient_c + self._thermal.kelvin_per_w * sum(self._drawn()[rail] for rail in self._total)
