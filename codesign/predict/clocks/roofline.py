"""Latency over clocks as a smooth roofline: computing and memory traffic overlap, the CPU's work and the rest do not.

    T = ((a/f_compute)^p + (m/f_emc)^p)^(1/p) + c/f_cpu + d/(n f_cpu) + b

p = 1 is no overlap, p → ∞ the slower of the two alone. The compute clock is the GPU's, or the CPU's on a board or in a
measurement without one. n is the number of CPU cores. All in logarithms, so that nothing can become negative.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.clocks.clock_cells import CORES, CPU, EMC, GPU, Columns, cells_in
from runtime.contract.arrays import FloatArray

COMPUTE, MEMORY, LAUNCH, SPREAD, REST, SHARPNESS = range(6)  # places of a, m, c, d, b and p among the parameters
PARAMETERS = 6
ABSENT = -40.0  # logarithm of a weight that adds nothing


@dataclass(frozen=True, slots=True)
class LogPeriods:
    """ln(reference clock / clock) of every cell, (cells,): what the weights, as shares of T, are added to."""

    compute: FloatArray
    memory: FloatArray
    cpu: FloatArray
    cores: FloatArray

    @classmethod
    def of(cls, columns: Columns, reference: dict[str, float]) -> LogPeriods:
        """Against the references given; a clock without one counts as held still."""

        def log_period(name: str) -> FloatArray:
            if name not in reference:
                return np.zeros(cells_in(columns))
            period: FloatArray = np.log(reference[name] / columns[name])
            return period

        compute = GPU if GPU in reference else CPU
        return cls(log_period(compute), log_period(EMC), log_period(CPU), log_period(CORES))


def active_parameters(moved: tuple[str, ...]) -> list[int]:
    """Which parameters the columns that vary can tell something about.

    Where only one of compute and memory clock was moved, the other's time is constant, and a floor under the one's.
    """
    active = [REST]
    if {GPU, CPU, EMC} & set(moved):
        active += [COMPUTE, MEMORY, SHARPNESS]
    if {GPU, CPU} <= set(moved):
        active.append(LAUNCH)
    if CORES in moved:
        active.append(SPREAD)
    return sorted(active)


def log_latency(log_weights: FloatArray, periods: LogPeriods) -> tuple[FloatArray, FloatArray]:
    """ln T, (cells,), with its gradient after the logarithm of every parameter, (cells, parameters)."""
    sharpness = np.exp(log_weights[SHARPNESS])
    log_compute = log_weights[COMPUTE] + periods.compute
    log_memory = log_weights[MEMORY] + periods.memory
    log_roof = np.logaddexp(sharpness * log_compute, sharpness * log_memory) / sharpness
    of_compute = np.exp(sharpness * (log_compute - log_roof))
    of_memory = np.exp(sharpness * (log_memory - log_roof))
    roof = np.exp(log_roof)
    launch = np.exp(log_weights[LAUNCH] + periods.cpu)
    spread = np.exp(log_weights[SPREAD] + periods.cpu + periods.cores)
    rest = np.full_like(roof, np.exp(log_weights[REST]))
    latency = roof + launch + spread + rest
    gradient = np.empty((len(roof), PARAMETERS))
    gradient[:, COMPUTE] = roof * of_compute
    gradient[:, MEMORY] = roof * of_memory
    gradient[:, LAUNCH] = launch
    gradient[:, SPREAD] = spread
    gradient[:, REST] = rest
    gradient[:, SHARPNESS] = roof * (of_compute * log_compute + of_memory * log_memory - log_roof)
    return np.log(latency), gradient / latency[:, None]
