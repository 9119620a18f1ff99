"""Do images still cost what the bundle promised? A ratio per stretch of time, and the median of the last ten.

A stretch lasts ten minutes at least and 500 images at least, so that a slow camera is judged, too. An alarm is a median
that is off by more than 15 %; it ends where the median is off by less than 10 %. A median of ten takes five odd
stretches to move: half an hour of other work on the board is no alarm, and what has changed for good is told after an
hour.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from statistics import median

STRETCH_S, STRETCH_IMAGES, STRETCHES = 600.0, 500, 10
OFF, BACK = 0.15, 0.10


@dataclass(slots=True)
class CostWatch:
    """Of one mode and one cost, such as seconds or joules."""

    begun_s: float | None = None
    found: float = 0.0
    promised: float = 0.0
    images: int = 0
    ratios: deque[float] = field(default_factory=lambda: deque(maxlen=STRETCHES))
    off: bool = False

    @property
    def ratio(self) -> float | None:
        """Median of found over promised; None until ten stretches have been seen."""
        return median(self.ratios) if len(self.ratios) == STRETCHES else None

    def answered(self, at_s: float, found: float, promised: float) -> bool | None:
        """One more image. True where the cost has just gone off, False where it is back, else None."""
        if self.begun_s is None:
            self.begun_s = at_s
        self.found, self.promised, self.images = self.found + found, self.promised + promised, self.images + 1
        if self.images < STRETCH_IMAGES or at_s - self.begun_s < STRETCH_S:
            return None
        if self.promised > 0:
            self.ratios.append(self.found / self.promised)
        self.begun_s, self.found, self.promised, self.images = at_s, 0.0, 0.0, 0
        return self._judged()

    def _judged(self) -> bool | None:
        ratio = self.ratio
        if ratio is None:
            return None
        off = abs(ratio - 1.0) > (BACK if self.off else OFF)
        changed, self.off = off != self.off, off
        return off if changed else None
