"""Joules that the hardware itself adds up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from runtime.contract.errors import UnitError
from runtime.contract.kind import Kind


@dataclass(frozen=True, slots=True)
class CounterReading:
    """Joules since some moment in the past; only differences mean anything. Wrap-around is already undone."""

    energy_j: float
    scope: str  # what the counter counts, for example "package-0" or "GPU 0"
    method: str  # "RAPL" or "NVML"
    quantum_j: float  # the counter advances in steps of this
    kind: Kind

    def __post_init__(self) -> None:
        if not 0.0 <= self.energy_j < float("inf"):
            raise UnitError(
                f"a counter holds a finite number of joules, got {self.energy_j} from {self.scope}",
                to_do="return None where nothing could be read",
            )
        if not self.quantum_j > 0.0:
            raise UnitError(f"the counter's step must be above 0 J, got {self.quantum_j}", where=self.scope)


class EnergyCounter(Protocol):
    """A counter that never runs backwards while this object lives."""

    def read(self) -> CounterReading | None:
        """The counter now, or None where it cannot be read at this moment."""
        ...
