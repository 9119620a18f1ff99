"""A board that exists as equations: what work costs on it, and the same clocks and sensors that a real one has.

Costs are those of a board that has settled and does not throttle, a pure function of work and clocks. The clocks and
sensors live in time: switches take theirs, the board warms up and slows itself down, readings scatter.
Everything it says is `simulated`; `assumptions()` lists what was assumed and what was fitted, and to what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.cost import block_costs, overhead_costs, served_energy_j
from runtime.contract.kind import Kind
from runtime.contract.operating_point import ABSENT_HZ, OperatingPoint
from runtime.contract.work import NO_WORK, Work

from .board_profile import BoardProfile
from .parameter import Basis, Parameter
from .simulated_dynamics import SensorParameters, SwitchingParameters, ThermalParameters
from .simulated_hardware import SimulatedClocks, SimulatedPowerSensor, SimulatedThermometer
from .simulated_latency import LatencyParameters, LatencyTerms, latency_terms, stage_overhead_s
from .simulated_power import (
    ActiveParameters,
    IdleParameters,
    active_j,
    active_parts_j,
    dissipation,
    idle_parts_w,
    idle_w,
)
from .simulated_precision import PrecisionParameters, float32_equivalent
from .simulated_rails import rails_of
from .simulated_time import SimulatedTime
from .simulated_truth import SimulatedTruth

NOMINAL_HZ = 1e9  # of a clock that the board lacks: what is "per cycle" of it is per nanosecond then


class SimulatedBoard:
    """A CostModel of one device of a board, and that device's clocks, power sensor and thermometer.

    The clocks stand at the board's default point until set; the sensors read what `running(work)` says, idle otherwise.

    Args:
        now_s, sleep: the board's time. Without them it has its own, which passes in `sleep` alone; with `now_s` alone a
            write of clocks does not wait.
        ambient_c: of the air around it; at the begin the board has settled at that, idle.
    Raises:
        BoardError: the board has no such device.
    """

    def __init__(
        self,
        profile: BoardProfile,
        device: str = "gpu",
        *,
        seed: int = 0,
        now_s: Callable[[], float] | None = None,
        sleep: Callable[[float], None] | None = None,
        ambient_c: float = 25.0,
    ) -> None:
        profile.check_device(device)
        self.profile, self.device = profile, device
        self._latency = LatencyParameters(**_single(profile.latency[device]))
        self._active = ActiveParameters(**_single(profile.active[device]))
        self._precision = PrecisionParameters(**_single(profile.precision[device]))
        shared = {parameter.name: parameter.values for parameter in profile.idle}
        self._idle = IdleParameters(
            emc_idle_w=shared.pop("emc_idle_w"), **{name: values[0] for name, values in shared.items()}
        )
        self._emc_table_hz = np.asarray(profile.emc.hz, dtype=np.float64)
        time = SimulatedTime()
        if now_s is None:
            now_s, sleep = time.now_s, time.sleep
        self.now_s: Callable[[], float] = now_s
        self.sleep: Callable[[float], None] = sleep or _no_wait
        self._truth = SimulatedTruth(
            rails_w=self.rails_w_at,
            total=profile.rails.total,
            start=profile.default_point(device),
            core=f"{device}_hz",
            core_table_hz=(profile.gpu if device == "gpu" else profile.cpu).hz,
            thermal=ThermalParameters(**_single(profile.thermal)),
            now_s=self.now_s,
            ambient_c=ambient_c,
        )
        switching = SwitchingParameters(**_single(profile.switching))
        self.clocks = SimulatedClocks(profile.points(device), self._truth, switching, self.now_s, self.sleep)
        noise_w, rng = SensorParameters(**_single(profile.sensor)).noise_w, np.random.default_rng(seed)

        def sensor(*rails: str) -> SimulatedPowerSensor:
            return SimulatedPowerSensor(self._truth.rails_w, rails, profile.rails.quantum_w, noise_w, rng)

        self.power_sensor = sensor(*profile.rails.total)
        self.rail_sensors = {rail: sensor(rail) for rail in profile.rails.names}
        self.thermometer = SimulatedThermometer(self._truth.temperature_c)

    def __reduce__(self) -> tuple[type[SimulatedBoard], tuple[BoardProfile, str]]:
        """Sent to another process it asks the same costs; its clocks, its sensors and its time begin there anew."""
        return SimulatedBoard, (self.profile, self.device)

    @property
    def kind(self) -> Kind:
        """Simulated."""
        return Kind.SIMULATED

    @property
    def hardware(self) -> str:
        """Board, device and rail that the numbers speak of."""
        return f"{self.profile.name} {self.device}, {self.profile.total_rail}, simulated"

    def latency_s(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): seconds per image; zero for no work."""
        return self._terms(self._columns(works), _Clocks.of(points)).latency_s

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): board power while that work runs; no work takes no time, and draws what waiting draws."""
        columns, clocks = self._columns(works), _Clocks.of(points)
        terms = self._terms(columns, clocks)
        cpu_share, gpu_share = self._shares(clocks)
        core_hz, core_share = (clocks.gpu_hz, gpu_share) if self.device == "gpu" else (clocks.cpu_hz, cpu_share)
        joules = active_j(
            self._active, terms, columns[1], _present(core_hz), core_share, _present(clocks.cpu_hz), cpu_share
        )
        above_idle_w = np.full(joules.shape, self._active.busy_w)
        np.divide(joules, terms.latency_s, out=above_idle_w, where=terms.latency_s > 0.0)
        above_idle_w += self._idle_w(clocks)
        return above_idle_w

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): seconds that entering one more stage adds: dispatch, waiting, reading the entropy back."""
        return stage_overhead_s(self._latency, _present(_Clocks.of(points).cpu_hz))

    def stage_overhead_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): board power during that: the CPU works as it does while launching."""
        clocks = _Clocks.of(points)
        cpu_share, _ = self._shares(clocks)
        drawn: FloatArray = self._idle_w(clocks) + self._active.busy_w + self._active.cpu_launch_w * cpu_share
        return drawn

    def idle_w(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): board power with nothing to do, clocks held."""
        return self._idle_w(_Clocks.of(points))

    def assumptions(self) -> tuple[str, ...]:
        """What the numbers stand on, in sentences: known limits, what is assumed, then what is fitted or read."""
        parameters = self.profile.parameters(self.device)
        return (
            *self.profile.limits,
            *(parameter.sentence() for parameter in parameters if parameter.basis is Basis.ASSUMED),
            *(parameter.sentence() for parameter in parameters if parameter.basis is not Basis.ASSUMED),
        )

    def periodic_w(self, works: Sequence[Work], points: Sequence[OperatingPoint], requests_per_s: float) -> FloatArray:
        """(points,): mean board power while a network of these works, as one stage, serves so many requests a second.

        Idle at the same clocks between requests. NaN where the rate cannot be served.
        """
        overhead_s, overhead_j = overhead_costs(self, points)
        latency_s, energy_j = block_costs(self, works, points)
        total_s, total_j = latency_s.sum(axis=0) + overhead_s, energy_j.sum(axis=0) + overhead_j
        return served_energy_j(total_j, total_s, self.idle_w(points), requests_per_s) * requests_per_s

    def rails_w_at(self, work: Work | None, point: OperatingPoint) -> dict[str, float]:
        """Watts of every rail doing `work` back to back at `point`, or nothing; the total rails sum to the board's."""
        clocks = _Clocks.of((point,))
        cpu_share, gpu_share = self._shares(clocks)
        idle = idle_parts_w(self._idle, gpu_share, cpu_share, clocks.emc_hz, self._emc_table_hz)
        parts_w = {part: float(watts[0]) for part, watts in idle.items()}
        if work is not None and work != NO_WORK:
            columns = self._columns((work,))
            terms = self._terms(columns, clocks)
            core_hz, core_share = (clocks.gpu_hz, gpu_share) if self.device == "gpu" else (clocks.cpu_hz, cpu_share)
            active = active_parts_j(
                self._active, terms, columns[1], _present(core_hz), core_share, _present(clocks.cpu_hz), cpu_share
            )
            latency_s = float(terms.latency_s[0, 0])
            for part, joules in zip((self.device, "cpu", "memory", "soc"), active, strict=True):
                parts_w[part] += float(joules[0, 0]) / latency_s
        return rails_of(parts_w, self.profile.rails)

    @contextmanager
    def running(self, work: Work) -> Iterator[None]:
        """While the block runs, the sensors read what the board draws doing `work` back to back."""
        before = self._truth.do(work)
        try:
            yield
        finally:
            self._truth.do(before)

    def effective(self) -> OperatingPoint:
        """The clocks that work runs at now; those of `clocks.current()` once a switch has settled."""
        return self._truth.effective()

    def drawn_w(self) -> float:
        """What the whole board draws now, exactly."""
        drawn_w = self._truth.rails_w()
        return sum(drawn_w[rail] for rail in self.profile.rails.total)

    def rails_w(self) -> dict[str, float]:
        """What every rail carries now, exactly."""
        return dict(self._truth.rails_w())

    def true_energy_j(self) -> float:
        """Joules of the whole board since it was made, exactly: what a meter is compared with."""
        return self._truth.energy_j()

    def temperature_c(self) -> float:
        """Of the hottest spot, now."""
        return self._truth.temperature_c()

    @property
    def throttle_count(self) -> int:
        """How often the board has slowed itself down by an entry of its clock table."""
        return self._truth.throttle_count()

    def _idle_w(self, clocks: _Clocks) -> FloatArray:
        cpu_share, gpu_share = self._shares(clocks)
        return idle_w(self._idle, gpu_share, cpu_share, clocks.emc_hz, self._emc_table_hz)

    def _terms(self, columns: tuple[FloatArray, FloatArray, FloatArray], clocks: _Clocks) -> LatencyTerms:
        core_hz = clocks.gpu_hz if self.device == "gpu" else clocks.cpu_hz
        return latency_terms(
            self._latency, *columns, _present(core_hz), _present(clocks.cpu_hz), _present(clocks.emc_hz)
        )

    def _columns(self, works: Sequence[Work]) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Multiply-accumulates as the core feels them, bytes and kernels, each (works,)."""
        rows = np.array(
            [(work.macs, work.traffic_bytes, work.kernels, work.fp16_macs, work.int8_macs) for work in works],
            dtype=np.float64,
        )
        macs, traffic_bytes, kernels, fp16_macs, int8_macs = rows.reshape(-1, 5).T
        return float32_equivalent(self._precision, macs, fp16_macs, int8_macs), traffic_bytes, kernels

    def _shares(self, clocks: _Clocks) -> tuple[FloatArray, FloatArray]:
        """Dissipation of the CPU and of the GPU clock domain at each point."""
        return (
            dissipation(clocks.cpu_hz, self.profile.cpu.hz[-1], self._idle.cpu_voltage_swing),
            dissipation(
                clocks.gpu_hz, self.profile.gpu.hz[-1], self._idle.gpu_voltage_swing, self._idle.gpu_voltage_exponent
            ),
        )


@dataclass(frozen=True, slots=True)
class _Clocks:
    """Operating points as columns, each (points,)."""

    cpu_hz: FloatArray
    gpu_hz: FloatArray
    emc_hz: FloatArray

    @classmethod
    def of(cls, points: Sequence[OperatingPoint]) -> _Clocks:
        rows = [(point.cpu_hz, point.gpu_hz, point.emc_hz) for point in points]
        return cls(*np.array(rows, dtype=np.float64).reshape(-1, 3).T)


def _present(hz: FloatArray) -> FloatArray:
    return np.where(hz == ABSENT_HZ, NOMINAL_HZ, hz)


def _no_wait(_seconds: float) -> None:
    """The caller's time passes without our help."""


def _single(parameters: tuple[Parameter, ...]) -> dict[str, float]:
    return {parameter.name: parameter.values[0] for parameter in parameters}
