"""What an image of a mode of a bundle costs, second by second: by this two bundles are compared on one board.

Power is metered over windows of a second and shared out among the requests in them; what makes one run slow (another
process, clocks, heat) makes its neighbours slow, too. So images of one second are no independent readings of what they
cost; seconds are, nearly.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

MOST_SECONDS = 900  # that are remembered of a mode
LATEST = 64  # readings of which the median is known at once
WARMING_S = 2.0  # after a mode of a bundle began: its first runs are slow, and what is metered may be of the one before


class PerImage(NamedTuple):
    """The mean cost of an image, its standard error over seconds, and how many of those there are."""

    mean: float
    error: float
    seconds: int


class BySecond:
    """One cost of one mode of one bundle, in whatever unit it has. Not safe between threads."""

    def __init__(self, now_s: float) -> None:
        self._from_s = now_s + WARMING_S
        self._seconds: deque[list[float]] = deque(maxlen=MOST_SECONDS)  # second, cost, images
        self._latest: deque[float] = deque(maxlen=LATEST)

    def add(self, now_s: float, cost: float, images: int) -> None:
        """So much was spent on so many images that were answered at `now_s`."""
        self._latest.append(cost / images)
        if now_s < self._from_s:
            return
        second = float(int(now_s))
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0.0, 0.0])
        latest = self._seconds[-1]
        latest[1] += cost
        latest[2] += images

    def median(self, least: int) -> float | None:
        """Of the latest readings, from the first on; None where there are fewer than that."""
        return float(np.median(self._latest)) if len(self._latest) >= least else None

    def per_image(self, least_seconds: int) -> PerImage | None:
        """None where fewer seconds than that are known."""
        if len(self._seconds) < least_seconds:
            return None
        _, costs, images = np.array(self._seconds).T
        total = float(images.sum())
        mean = float(costs.sum()) / total
        # Of a ratio of sums, by its linearisation.
        residual = costs - mean * images
        error = float(np.sqrt((residual**2).sum() / max(len(costs) - 1, 1) * len(costs))) / total
        return PerImage(mean, error, len(costs))
