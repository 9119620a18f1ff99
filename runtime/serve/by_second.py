"""Joules per image of a mode of a bundle, second by second: what two bundles are compared by on one board.

Power is metered over windows of a second and shared out among the requests in them, so that images of one second are
no independent readings of what they draw; seconds are, nearly. Only energy above idling is kept: how much idle time a
request is charged with is a matter of load, and not of the bundle.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

import numpy as np

MOST_SECONDS = 900  # that are remembered of a mode
WARMING_S = 2.0  # after a mode of a bundle began: what is metered then may still be of the one before


class PerImage(NamedTuple):
    """The mean over seconds and its standard error, both in joules per image."""

    energy_j: float
    error_j: float
    seconds: int


class Drawn:
    """Of one mode of one bundle. Not safe between threads."""

    def __init__(self, now_s: float) -> None:
        self._from_s = now_s + WARMING_S
        self._seconds: deque[list[float]] = deque(maxlen=MOST_SECONDS)  # second, joules, images

    def add(self, now_s: float, energy_j: float, images: int) -> None:
        """So much was drawn for so many images that were answered at `now_s`."""
        if now_s < self._from_s:
            return
        second = float(int(now_s))
        if not self._seconds or self._seconds[-1][0] != second:
            self._seconds.append([second, 0.0, 0.0])
        latest = self._seconds[-1]
        latest[1] += energy_j
        latest[2] += images

    def per_image(self, least_seconds: int) -> PerImage | None:
        """None where fewer seconds than that are known."""
        if len(self._seconds) < least_seconds:
            return None
        _, joules, images = np.array(self._seconds).T
        total = float(images.sum())
        mean_j = float(joules.sum()) / total
        # Of a ratio of sums, by its linearisation.
        residual = joules - mean_j * images
        error_j = float(np.sqrt((residual**2).sum() / max(len(joules) - 1, 1) * len(joules))) / total
        return PerImage(mean_j, error_j, len(joules))
