"""How long a piece of work takes at given clocks: a roofline whose two sides overlap imperfectly.

With the core that computes (GPU or CPU) at f_core, the memory controller at f_emc, the launching CPU at f_cpu:

    t_core   = macs / (macs_per_core_cycle · f_core) + bytes / (bytes_per_core_cycle · f_core)
    t_memory = (bytes + kernels · bytes_per_kernel) / (bytes_per_emc_cycle · f_emc)
    t_device = max(t_core, t_memory) + overlap_loss · min(t_core, t_memory) + kernels · core_cycles_per_kernel / f_core
    t_launch = kernels · cpu_cycles_per_kernel / f_cpu
    T        = t_device + t_launch

The core moves bytes too, which is why memory-bound work still follows the GPU clock when that is low. Launches add to
the time on the device: fitted as a share that does not hide behind it, that share came out as all of it. The form is
not the one that cost models fit (a p-norm of clocks): a predictor must approximate this board, it cannot contain it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class LatencyParameters:
    """What one device of one board can do per clock cycle."""

    macs_per_core_cycle: float
    bytes_per_core_cycle: float
    bytes_per_emc_cycle: float
    overlap_loss: float  # 0: computing and moving overlap fully; 1: one after the other
    core_cycles_per_kernel: float
    cpu_cycles_per_kernel: float
    bytes_per_kernel: float  # commands, arguments, code and page tables: why launches slow down with the memory, too
    stage_cpu_cycles: float  # entering one more stage: dispatch, wait, read the entropy back
    stage_fixed_s: float  # the part of that which follows no clock


@dataclass(frozen=True, slots=True)
class LatencyTerms:
    """Latency of each work at each point, and the cycles it keeps the core and the launching CPU at work."""

    latency_s: FloatArray  # (works, points)
    core_cycles: FloatArray  # (works,): computing, moving bytes, starting up kernels
    launch_cycles: FloatArray  # (works,)


def latency_terms(
    parameters: LatencyParameters,
    macs: FloatArray,
    traffic_bytes: FloatArray,
    kernels: FloatArray,
    core_hz: FloatArray,
    cpu_hz: FloatArray,
    emc_hz: FloatArray,
) -> LatencyTerms:
    """Evaluate the equations above.

    Args:
        macs, traffic_bytes, kernels: (works,), at least 0.
        core_hz, cpu_hz, emc_hz: (points,), above 0.
    """
    p = parameters
    core_period_s, cpu_period_s, emc_period_s = 1.0 / core_hz, 1.0 / cpu_hz, 1.0 / emc_hz
    roof_cycles = macs / p.macs_per_core_cycle + traffic_bytes / p.bytes_per_core_cycle
    start_cycles = kernels * p.core_cycles_per_kernel
    launch_cycles = kernels * p.cpu_cycles_per_kernel
    memory_cycles = (traffic_bytes + kernels * p.bytes_per_kernel) / p.bytes_per_emc_cycle
    # max(a, b) + loss · min(a, b) = (1 - loss) · max(a, b) + loss · (a + b). All but the maximum is linear in the
    # periods, hence one matrix product: a search calls this for tens of works at thousands of points.
    hidden = 1.0 - p.overlap_loss
    latency_s = np.outer(hidden * roof_cycles, core_period_s)
    np.maximum(latency_s, np.outer(hidden * memory_cycles, emc_period_s), out=latency_s)
    cycles = np.stack(
        [p.overlap_loss * roof_cycles + start_cycles, p.overlap_loss * memory_cycles, launch_cycles], axis=1
    )
    latency_s += cycles @ np.stack([core_period_s, emc_period_s, cpu_period_s])
    return LatencyTerms(latency_s, roof_cycles + start_cycles, launch_cycles)


def stage_overhead_s(parameters: LatencyParameters, cpu_hz: FloatArray) -> FloatArray:
    """(points,): seconds that entering one more stage adds."""
    overhead: FloatArray = parameters.stage_cpu_cycles / cpu_hz + parameters.stage_fixed_s
    return overhead
