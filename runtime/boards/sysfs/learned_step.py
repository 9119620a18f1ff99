"""The step of a sensor that does not tell its step, learned from what it reads."""

from __future__ import annotations

from collections.abc import Sequence


class LearnedStep:
    """The coarsest of some steps that everything seen so far was a multiple of; finer ones take over as values demand.

    Too coarse a step at first makes a reading look less certain than it is, which is the safe side.

    Args:
        candidates: steps that such sensors have, in any order.
        resolution: the finest step; drivers print multiples of it, so a value may be off its true step by half of it.
    """

    def __init__(self, candidates: Sequence[float], resolution: float) -> None:
        coarser = sorted((step for step in candidates if step > resolution), reverse=True)
        self._steps = [*coarser, resolution]
        self._tolerance = 0.5 * resolution * (1.0 + 1e-9)

    def snap(self, value: float) -> tuple[float, float]:
        """The value without the driver's rounding, and the step it is a multiple of."""
        while True:
            step = self._steps[0]
            nearest = round(value / step) * step
            if abs(value - nearest) <= self._tolerance or len(self._steps) == 1:
                return nearest, step
            del self._steps[0]
