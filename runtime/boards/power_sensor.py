"""What a device draws right now, and of which rail, by which method and in which steps that is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from runtime.contract.errors import UnitError
from runtime.contract.kind import Kind


@dataclass(frozen=True, slots=True)
class PowerReading:
    """One reading. A reading that could not be taken is None in place of this, never zero watts.

    A rail may truly read zero: an idle GPU rail draws less than one step of its sensor.
    """

    power_w: float
    scope: str  # the rail or rails, by the board's own names, for example VDD_IN
    method: str  # how it was obtained, for example "INA3221" or "board model"
    quantum_w: float  # readings are multiples of this
    kind: Kind

    def __post_init__(self) -> None:
        # NaN fails the comparison too: a sensor that has no number must return None.
        if not 0.0 <= self.power_w < float("inf"):
            raise UnitError(
                f"a rail that is read draws a finite power of at least 0, got {self.power_w} W from {self.scope}",
                to_do="return None where nothing could be read",
            )
        if not self.quantum_w > 0.0:
            raise UnitError(f"the step between readings must be above 0 W, got {self.quantum_w}", where=self.scope)


class PowerSensor(Protocol):
    """A power rail that can be read; idle included, whatever the rail feeds."""

    def read(self) -> PowerReading | None:
        """What the rail draws now, or None where it cannot be read at this moment."""
        ...
