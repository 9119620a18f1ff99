"""What a board draws: an idle part set by its clocks, and energy for cycles worked and bytes moved.

With x(f) = (f / f_max) · v(f), v(f) = (1 + swing · (f / f_max)²) / (1 + swing), the dissipation of a clock relative to
its maximum (v stands for the supply voltage squared, which falls with the clock):

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

from .simulated_latency import LatencyTerms


@dataclass(frozen=True, slots=True)
class IdleParameters:
    """A board with nothing to do, clocks held; the same whichever device is the target."""

    base_w: float
    gpu_idle_w: float  # at maximum GPU clock
    cpu_idle_w: float  # at maximum CPU clock
    emc_idle_w: tuple[float, ...]  # one per entry of the board's EMC table
    gpu_voltage_swing: float
    cpu_voltage_swing: float


@dataclass(frozen=True, slots=True)
class ActiveParameters:
    """What one device draws above idle."""

    core_active_w: float  # at maximum core clock while the core is fully occupied
    joules_per_byte: float
    busy_w: float  # whatever else is awake while work is under way
    cpu_launch_w: float  # at maximum CPU clock while it launches


def dissipation(hz: FloatArray, max_hz: float, swing: float) -> FloatArray:
    """x(f): (points,) from 0 to 1, dynamic power of a clock domain relative to its maximum clock."""
    share = hz / max_hz
    relative: FloatArray = share * (1.0 + swing * share**2) / (1.0 + swing)
    return relative


def idle_w(
    parameters: IdleParameters,
    gpu_share: FloatArray,
    cpu_share: FloatArray,
    emc_hz: FloatArray,
    emc_table_hz: FloatArray,
) -> FloatArray:
    """(points,): power with nothing to do; `gpu_share` and `cpu_share` are dissipations. EMC is interpolated."""
    memory_w = np.interp(emc_hz, emc_table_hz, parameters.emc_idle_w)
    idle: FloatArray = (
        parameters.base_w + parameters.gpu_idle_w * gpu_share + parameters.cpu_idle_w * cpu_share + memory_w
    )
    return idle


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
