"""What really happens on the model: the clocks a workload runs at, the joules drawn, the heat, moment by moment.

Files say what drivers believe; this is what an oscilloscope would say. A switch takes effect a settle time after the
write that asked for it. Everything that happens by itself later lies in an agenda and is carried out in order of time.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .heat import Heat
from .physics import Physics

CPU, GPU, EMC = "cpu", "gpu", "emc"


class Truth:
    """The ledger of one tree. Every method but `advance` speaks of the moment that `advance` went to last."""

    def __init__(self, now_s: Callable[[], float], physics: Physics, heat: Heat) -> None:
        self._now_s, self._physics, self.heat = now_s, physics, heat
        self.at_s = now_s()
        self.clocks_hz: dict[str, int] = {}  # cpu0, cpu4, … per cluster, gpu, emc; 0 while off
        self.work: Work | None = None
        self.slowed_by = 1  # divider that overcurrent protection puts on the cores, unseen by the drivers
        self.energy_j: dict[str, float] = {}  # per rail, since the model was made
        self.history: list[tuple[float, OperatingPoint]] = []
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self._latest: dict[str, int] = {}  # number of the last switch of a clock; earlier ones are overtaken
        self._asked_hz: dict[str, int] = {}  # by the last switch of each clock
        self._drawn: tuple[tuple[OperatingPoint, Work | None], dict[str, float]] | None = None

    def later(self, delay_s: float, do: Callable[[], None]) -> None:
        """Do that so long from now."""
        heapq.heappush(self._agenda, (self.at_s + delay_s, next(self._order), do))

    def switch(self, clock: str, hz: int, settle_s: float) -> None:
        """Let a clock run at `hz` after its settle time; a switch still under way is overtaken."""
        number = self._latest[clock] = self._latest.get(clock, 0) + 1
        self._asked_hz[clock] = hz

        def settle() -> None:
            if self._latest[clock] == number:
                self.clocks_hz[clock] = hz

        if settle_s > 0.0:
            self.later(settle_s, settle)
        else:
            settle()

    def settle_now(self) -> None:
        """Let every switch under way take effect, and overcurrent end: a boot waits for its clocks."""
        for clock, hz in self._asked_hz.items():
            self._latest[clock] += 1
            self.clocks_hz[clock] = hz
        self.slowed_by = 1
        self.note()

    def advance(self) -> None:
        """Carry out everything that has happened up to now."""
        until_s = self._now_s()
        while self._agenda and self._agenda[0][0] <= until_s:
            at_s, _, do = heapq.heappop(self._agenda)
            self._pass(at_s)
            do()
            self.note()
        self._pass(until_s)

    def point(self) -> OperatingPoint:
        """The clocks that a workload runs at; the fastest cluster stands for the CPU."""
        cpu_hz = max((hz for name, hz in self.clocks_hz.items() if name.startswith(CPU)), default=0)
        return OperatingPoint(
            cpu_hz // self.slowed_by, self.clocks_hz.get(GPU, 0) // self.slowed_by, self.clocks_hz.get(EMC, 0)
        )

    def rails_w(self) -> dict[str, float]:
        """What every rail draws."""
        key = (self.point(), self.work)
        if self._drawn is None or self._drawn[0] != key:
            self._drawn = (key, self._physics.rails_w(*key))
        return self._drawn[1]

    def board_w(self) -> float:
        """What the board draws as far as its total rails see it."""
        drawn_w = self.rails_w()
        return sum(drawn_w[rail] for rail in self._physics.total)

    def board_j(self) -> float:
        """Joules of the total rails since the model was made."""
        return sum(self.energy_j.get(rail, 0.0) for rail in self._physics.total)

    def note(self) -> None:
        """Put the clocks on record where they changed."""
        point = self.point()
        if not self.history or self.history[-1][1] != point:
            self.history.append((self.at_s, point))

    def _pass(self, until_s: float) -> None:
        seconds = until_s - self.at_s
        if seconds <= 0.0:
            return
        for rail, watts in self.rails_w().items():
            self.energy_j[rail] = self.energy_j.get(rail, 0.0) + watts * seconds
        self.heat.pass_time(self.board_w(), seconds)
        self.at_s = until_s
