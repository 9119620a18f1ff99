"""A board that exists as equations: what work costs on it, and the same clocks and sensors that a real one has.

Everything it says is `simulated`; `assumptions()` lists what was assumed and what was fitted, and to what.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import NO_WORK, Work

from .board_profile import BoardProfile
from .parameter import Basis, Parameter
from .simulated_hardware import SimulatedClocks, SimulatedPowerSensor, SimulatedThermometer
from .simulated_latency import LatencyParameters, LatencyTerms, latency_terms, stage_overhead_s
from .simulated_power import ActiveParameters, IdleParameters, active_j, dissipation, idle_w


class SimulatedBoard:
    """A CostModel of one device of a board, and that device's clocks, power sensor and thermometer.

    The clocks stand at the board's default point until set; the sensors read what `running(work)` says, idle otherwise.

    Raises:
        BoardError: the board has no such device.
    """

    def __init__(self, profile: BoardProfile, device: str = "gpu", *, seed: int = 0) -> None:
        profile.check_device(device)
        self.profile, self.device = profile, device
        self._latency = LatencyParameters(**_single(profile.latency[device]))
        self._active = ActiveParameters(**_single(profile.active[device]))
        shared = {parameter.name: parameter.values for parameter in profile.idle}
        self._idle = IdleParameters(
            emc_idle_w=shared.pop("emc_idle_w"), **{name: values[0] for name, values in shared.items()}
        )
        self._emc_table_hz = np.asarray(profile.emc.hz, dtype=np.float64)
        self._runs: Work | None = None
        self.clocks = SimulatedClocks(profile.points(device), profile.default_point(device))
        self.power_sensor = SimulatedPowerSensor(
            self._drawn_now_w, profile.total_rail, profile.rail_quantum_w, np.random.default_rng(seed)
        )
        self.thermometer = SimulatedThermometer(self._drawn_now_w)

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
        return self._terms(_columns(works), _Clocks.of(points)).latency_s

    def busy_w(self, works: Sequence[Work], points: Sequence[OperatingPoint]) -> FloatArray:
        """(works, points): board power while that work runs; no work takes no time, and draws what waiting draws."""
        columns, clocks = _columns(works), _Clocks.of(points)
        terms = self._terms(columns, clocks)
        cpu_share, gpu_share = self._shares(clocks)
        core_hz, core_share = (clocks.gpu_hz, gpu_share) if self.device == "gpu" else (clocks.cpu_hz, cpu_share)
        joules = active_j(self._active, terms, columns[1], core_hz, core_share, clocks.cpu_hz, cpu_share)
        above_idle_w = np.full(joules.shape, self._active.busy_w)
        np.divide(joules, terms.latency_s, out=above_idle_w, where=terms.latency_s > 0.0)
        above_idle_w += self._idle_w(clocks)
        return above_idle_w

    def stage_overhead_s(self, points: Sequence[OperatingPoint]) -> FloatArray:
        """(points,): seconds that entering one more stage adds: dispatch, waiting, reading the entropy back."""
        return stage_overhead_s(self._latency, _Clocks.of(points).cpu_hz)

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

    @contextmanager
    def running(self, work: Work) -> Iterator[None]:
        """While the block runs, the sensors read what the board draws doing `work` back to back."""
        before = self._runs
        self._runs = work
        try:
            yield
        finally:
            self._runs = before

    def _drawn_now_w(self) -> float:
        point = (self.clocks.current(),)
        if self._runs is None or self._runs == NO_WORK:
            return float(self.idle_w(point)[0])
        return float(self.busy_w((self._runs,), point)[0, 0])

    def _idle_w(self, clocks: _Clocks) -> FloatArray:
        cpu_share, gpu_share = self._shares(clocks)
        return idle_w(self._idle, gpu_share, cpu_share, clocks.emc_hz, self._emc_table_hz)

    def _terms(self, columns: tuple[FloatArray, FloatArray, FloatArray], clocks: _Clocks) -> LatencyTerms:
        core_hz = clocks.gpu_hz if self.device == "gpu" else clocks.cpu_hz
        return latency_terms(self._latency, *columns, core_hz, clocks.cpu_hz, clocks.emc_hz)

    def _shares(self, clocks: _Clocks) -> tuple[FloatArray, FloatArray]:
        """Dissipation of the CPU and of the GPU clock domain at each point."""
        return (
            dissipation(clocks.cpu_hz, self.profile.cpu.hz[-1], self._idle.cpu_voltage_swing),
            dissipation(clocks.gpu_hz, self.profile.gpu.hz[-1], self._idle.gpu_voltage_swing),
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


def _columns(works: Sequence[Work]) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Multiply-accumulates, bytes and kernels, each (works,)."""
    rows = np.array([(work.macs, work.traffic_bytes, work.kernels) for work in works], dtype=np.float64)
    macs, traffic_bytes, kernels = rows.reshape(-1, 3).T
    return macs, traffic_bytes, kernels


def _single(parameters: tuple[Parameter, ...]) -> dict[str, float]:
    return {parameter.name: parameter.values[0] for parameter in parameters}
