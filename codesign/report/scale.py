"""From quantities to places on paper: linear and logarithmic axes with round ticks."""

from __future__ import annotations

import math
from dataclasses import dataclass

LOG_FROM_RATIO = 12.0  # below that a linear axis shows differences more honestly


@dataclass(frozen=True, slots=True)
class Scale:
    """Maps `low`..`high` onto `start`..`end` pixels; callable."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = False

    def __call__(self, value: float) -> float:
        if self.logarithmic:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether the value lies on the axis."""
        return self.low <= value <= self.high

    def ticks(self, about: int) -> tuple[float, ...]:
        """Round values along the axis: roughly `about` of them where linear, 1-2-5 where logarithmic."""
        return self._log_ticks(about) if self.logarithmic else self._linear_ticks(about)

    def _linear_ticks(self, about: int) -> tuple[float, ...]:
        decade = 10.0 ** math.floor(math.log10(span := self.high - self.low))
        steps = [factor * size for size in (decade / 100, decade / 10, decade) for factor in (1.0, 2.0, 5.0)]
        step = min(steps, key=lambda candidate: abs(span / candidate - about))
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(index * step for index in range(first, last + 1))

    def _log_ticks(self, about: int) -> tuple[float, ...]:
        decades = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        for factors in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
            found = tuple(f * 10.0**d for d in decades for f in factors if self.holds(f * 10.0**d))
            if len(found) <= about:
                break
        return found


def padded(low: float, high: float, share: float) -> tuple[float, float]:
    """The range widened by `share` on both sides; a single value gets a width too."""
    width = (high - low) or max(abs(high), 1e-12) * 0.2
    return low - share * width, high + share * width


def tick_text(value: float, step: float) -> str:
    """A tick with as many decimals as its step needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return f"{value:,.{decimals}f}".replace("-", "−")
