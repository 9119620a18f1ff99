"""How long a change of clocks takes, and how a module warms up, as the board's profile says it.

Both times of a switch run from the begin of the write; a write that changes no clock returns at once.
"""

from __future__ import annotations

from typing import Final

from runtime.boards.parameter import Parameter
from runtime.boards.simulated_dynamics import SwitchingParameters, ThermalParameters

EMC_ACCESS_S: Final = 0.7e-3  # every read or write of a BPMP file is a message to another processor and back
AT_ONCE: Final = SwitchingParameters(0.0, 0.0, 0.0, 0.0, 0.0, 0.0)


def switching_of(parameters: tuple[Parameter, ...]) -> SwitchingParameters:
    """The profile's table as values."""
    return SwitchingParameters(**_values(parameters))


def thermal_of(parameters: tuple[Parameter, ...]) -> ThermalParameters:
    """The profile's table as values."""
    return ThermalParameters(**_values(parameters))


def _values(parameters: tuple[Parameter, ...]) -> dict[str, float]:
    return {parameter.name: parameter.values[0] for parameter in parameters}
