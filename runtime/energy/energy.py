"""Joules of a stretch of time, with how well they are known."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.contract.kind import Kind


@dataclass(frozen=True, slots=True)
class Energy:
    """What was drawn between two moments. Joules that are not known are None in place of this, never zero."""

    energy_j: float
    uncertainty_j: float  # one standard deviation: steps of the sensor, edges of the window, reads that took time
    span_s: float  # on the monotonic clock
    samples: int  # readings inside the window; 2 for a counter
    scope: str
    method: str
    quantum_w: float  # step of one power reading; for a counter its step over the span
    kind: Kind

    @property
    def mean_w(self) -> float:
        """Joules over seconds."""
        return self.energy_j / self.span_s

    def to_json(self) -> dict[str, Any]:
        """The same as a JSON object."""
        return {
            "energy_j": self.energy_j,
            "uncertainty_j": self.uncertainty_j,
            "span_s": self.span_s,
            "samples": self.samples,
            "scope": self.scope,
            "method": self.method,
            "quantum_w": self.quantum_w,
            "kind": self.kind.value,
        }


class Window(Protocol):
    """A stretch of time that is being, or was, metered."""

    def energy(self) -> Energy | None:
        """Joules of the stretch once it is closed; None where it was too short to know, or readings were missing."""
        ...


class Meter(Protocol):
    """Measures what stretches of time draw: `with meter.window() as window: work()`, then `window.energy()`."""

    def window(self) -> AbstractContextManager[Window]:
        """Opens on entry, closes on exit. Windows may overlap and nest."""
        ...
