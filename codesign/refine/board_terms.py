"""The physical terms of a board's model that served costs may correct, each by one factor, and how far it may be off.

A factor above 1 always means dearer: more seconds or more watts. How firmly a term is held to what was shipped follows
from how it came to be known: what was fitted to measurements is trusted more than what was assumed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from runtime.boards.board_profile import BoardProfile
from runtime.boards.parameter import Basis, Parameter

Group = Literal["latency", "active", "idle"]
# Assumed: standard deviation of the logarithm of a term before anything was served.
PRIOR_SD = {Basis.READ: 0.05, Basis.FITTED: 0.12, Basis.ASSUMED: 0.3}
PER_CYCLE = ("macs_per_core_cycle", "bytes_per_core_cycle", "bytes_per_emc_cycle")  # more of it is cheaper
EMC_SLOPE = "emc_idle_w"  # its rise above the slowest memory clock; what that draws belongs to `base_w`
FULL_SHARE = "overlap_loss"  # a share of 1 at most
WORDS = {
    "macs_per_core_cycle": "time of multiplying",
    "bytes_per_core_cycle": "time of moving bytes through the core",
    "bytes_per_emc_cycle": "time on the memory (EMC)",
    "overlap_loss": "time that moving and multiplying do not overlap",
    "core_cycles_per_kernel": "time of starting a kernel on the core",
    "cpu_cycles_per_kernel": "time of launching a kernel on the CPU",
    "bytes_per_kernel": "bytes of a launch",
    "stage_cpu_cycles": "time of entering a stage, on the CPU",
    "stage_fixed_s": "time of entering a stage, at any clock",
    "core_active_w": "power of the core at work",
    "joules_per_byte": "energy of moving bytes",
    "busy_w": "power of whatever else is awake at work",
    "cpu_launch_w": "power of the CPU while it launches",
    "base_w": "power at any clock",
    "gpu_idle_w": "idle power that follows the GPU clock",
    "cpu_idle_w": "idle power that follows the CPU clock",
    EMC_SLOPE: "idle power that follows the memory clock (EMC)",
    "gpu_voltage_swing": "rise of the GPU's voltage with its clock",
    "cpu_voltage_swing": "rise of the CPU's voltage with its clock",
}


@dataclass(frozen=True, slots=True)
class Term:
    """One factor. `name` is that of the board's parameter."""

    name: str
    group: Group
    prior_sd: float  # of its logarithm

    @property
    def words(self) -> str:
        """For people."""
        return WORDS.get(self.name, self.name)


def terms_of(board: BoardProfile, device: str) -> tuple[Term, ...]:
    """Every term of a device that is not zero. Raises BoardError: no such device."""
    board.check_device(device)
    groups: tuple[tuple[Group, tuple[Parameter, ...]], ...] = (
        ("latency", board.latency[device]),
        ("active", board.active[device]),
        ("idle", board.idle),
    )
    return tuple(
        Term(parameter.name, group, PRIOR_SD[parameter.basis])
        for group, parameters in groups
        for parameter in parameters
        if parameter.name in WORDS and any(value > 0 for value in _varying(parameter))
    )


def with_factors(board: BoardProfile, device: str, factors: Mapping[str, float]) -> BoardProfile:
    """The same board with its terms so many times as dear."""
    return replace(
        board,
        latency={**board.latency, device: _scaled(board.latency[device], factors)},
        active={**board.active, device: _scaled(board.active[device], factors)},
        idle=_scaled(board.idle, factors),
    )


def _scaled(parameters: tuple[Parameter, ...], factors: Mapping[str, float]) -> tuple[Parameter, ...]:
    return tuple(
        replace(parameter, values=_values(parameter, factors[parameter.name]))
        if parameter.name in factors
        else parameter
        for parameter in parameters
    )


def _values(parameter: Parameter, factor: float) -> tuple[float, ...]:
    if parameter.name in PER_CYCLE:
        return tuple(value / factor for value in parameter.values)
    if parameter.name == EMC_SLOPE:
        slowest = parameter.values[0]
        return tuple(slowest + factor * (value - slowest) for value in parameter.values)
    if parameter.name == FULL_SHARE:
        return tuple(min(1.0, factor * value) for value in parameter.values)
    return tuple(factor * value for value in parameter.values)


def _varying(parameter: Parameter) -> tuple[float, ...]:
    if parameter.name == EMC_SLOPE:
        return tuple(value - parameter.values[0] for value in parameter.values)
    return parameter.values
