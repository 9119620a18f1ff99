"""How a simulated board behaves in time: how it warms up, how long its clocks take to switch, how its sensors scatter.

What the numbers mean, as dataclasses that a board's profile fills; the equations are in `simulated_heat` and
`simulated_truth`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThermalParameters:
    """One heat capacity with one way out, and when the board slows itself down."""

    kelvin_per_w: float
    time_constant_s: float
    throttle_c: float  # at or above: one table entry of the core clock down
    release_c: float  # at or below: one entry up again
    step_s: float  # between two such steps


@dataclass(frozen=True, slots=True)
class SwitchingParameters:
    """How long a write blocks its writer, and how long after its begin the workload sees the new clock."""

    cpu_write_s: float
    cpu_settle_s: float
    gpu_write_s: float
    gpu_settle_s: float
    emc_write_s: float
    emc_settle_s: float


@dataclass(frozen=True, slots=True)
class SensorParameters:
    """How a power reading scatters before it is rounded to the sensor's step."""

    noise_w: float  # standard deviation of the sum of all rails
