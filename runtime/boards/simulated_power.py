"""What a board draws: an idle part set by its clocks, and energy for cycles worked and bytes moved.

With x(f) = (f / f_max) · v(f), v(f) = (1 + swing · (f / f_max)^n) / (1 + swing), the dissipation of a clock relative
to its maximum (v stands for the supply voltage squared, which falls with the clock; n = 2 lets it fall throughout, a
larger n has it flat at low clocks and steep near the maximum):

    idle(f)   = base + gpu_idle · x(f_gpu) + cpu_idle · x(f_cpu) + emc_idle(f_emc)
    active(f) = core_active · x(f_core) · t_core + joules_per_byte · bytes
                + busy · T + cpu_launch · x(f_cpu) · t_launch                        joules, above idle

t_core here includes starting up kernels.

Energy above idle hardly depends on how long work waits for memory (as measured: it stays within 15 % when the memory
clock changes fifteenfold), so work that mostly waits or launches draws less than work that computes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.operating_point import ABSENT_HZ

from .simulated_latency import LatencyTerms

PARTS = (
    "gpu",
    "cpu",
    "soc",
    "memory",
    "base",
)  # what a rail can feed; `idle_parts_w` and `active_parts_j` say which watts


@dataclass(frozen=True, slots=True)
class IdleParameters:
    """A board with nothing to do, clocks held; the same whichever device is the target."""

    base_w: float
    gpu_idle_w: float  # at maximum GPU clock
    cpu_idle_w: float  # at maximum CPU clock
    emc_idle_w: tuple[float, ...]  # one per entry of the board's EMC table
    gpu_voltage_swing: float
    gpu_voltage_exponent: float  # n; of the CPU it is 2
    cpu_voltage_swing: float


@dataclass(frozen=True, slots=True)
class ActiveParameters:
    """What one device draws above idle."""

    core_active_w: float  # at maximum core clock while the core is fully occupied
    joules_per_byte: float
    busy_w: float  # whatever else is awake while work is under way
    cpu_launch_w: float  # at maximum CPU clock while it launches


def dissipation(hz: FloatArray, max_hz: float, swing: float, exponent: float = 2.0) -> FloatArray:
    """x(f): (points,) from 0 to 1, dynamic power of a clock domain relative to its maximum; 0 for an absent clock."""
    if max_hz == ABSENT_HZ:
        return np.zeros_like(hz)
    share = hz / max_hz
    relative: FloatArray = share * (1.0 + swing * share**exponent) / (1.0 + swing)
    return relative


def idle_w(
    parameters: IdleParameters,
    gpu_share: FloatArray,
    cpu_share: FloatArray,
    emc_hz: FloatArray,
    emc_table_hz: FloatArray,
) -> FloatArray:
    """(points,): power with nothing to do; `gpu_share` and `cpu_share` are dissipations. EMC is interpolated."""
    parts = idle_parts_w(parameters, gpu_share, cpu_share, emc_hz, emc_table_hz)
    idle: FloatArray = parts["base"] + parts["gpu"] + parts["cpu"] + parts["memory"]
    return idle


def idle_parts_w(
    parameters: IdleParameters,
    gpu_share: FloatArray,
    cpu_share: FloatArray,
    emc_hz: FloatArray,
    emc_table_hz: FloatArray,
) -> dict[str, FloatArray]:
    """The same by part of the board, (points,) each."""
    return {
        "gpu": parameters.gpu_idle_w * gpu_share,
        "cpu": parameters.cpu_idle_w * cpu_share,
        "soc": np.zeros_like(gpu_share),
        "memory": np.asarray(np.interp(emc_hz, emc_table_hz, parameters.emc_idle_w)),
        "base": np.full_like(gpu_share, parameters.base_w),
    }


def active_j(
    parameters: ActiveParameters,
    terms: LatencyTerms,
    traffic_bytes: FloatArray,
    core_hz: FloatArray,
    core_share: FloatArray,
    cpu_hz: FloatArray,
    cpu_share: FloatArray,
) -> FloatArray:
    """(works, points): joules above idle that each work takes; the shares are dissipations, (points,)."""
    amounts = np.stack([terms.core_cycles, terms.launch_cycles, parameters.joules_per_byte * traffic_bytes], axis=1)
    core_j_per_cycle = parameters.core_active_w * core_share / core_hz
    launch_j_per_cycle = parameters.cpu_launch_w * cpu_share / cpu_hz
    joules: FloatArray = amounts @ np.stack([core_j_per_cycle, launch_j_per_cycle, np.ones_like(core_hz)])
    joules += parameters.busy_w * terms.latency_s
    return joules


def active_parts_j(
    parameters: ActiveParameters,
    terms: LatencyTerms,
    traffic_bytes: FloatArray,
    core_hz: FloatArray,
    core_share: FloatArray,
    cpu_hz: FloatArray,
    cpu_share: FloatArray,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """The summands of `active_j`, (works, points) each: the core, launching, moving bytes, whatever else is awake."""
    core_j = np.outer(terms.core_cycles, parameters.core_active_w * core_share / core_hz)
    launch_j = np.outer(terms.launch_cycles, parameters.cpu_launch_w * cpu_share / cpu_hz)
    moved_j = np.outer(parameters.joules_per_byte * traffic_bytes, np.ones_like(core_hz))
    return core_j, launch_j, moved_j, parameters.busy_w * terms.latency_s
