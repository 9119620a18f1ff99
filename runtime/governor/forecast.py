"""What is expected to come: the rate of requests, and how often each exit will be taken.

The rate is the larger of a quick and a slow mean, so that it follows a rise at once and a lull with care. The mix of
exits starts from what the bundle expects, which weighs as much as so many images, and forgets by halves.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from runtime.contract.errors import ConfigError
from runtime.contract.mode import Mode

QUICK_S, SLOW_S = 2.0, 20.0
EXPECTED_WEIGHT = 50.0  # images that the bundle's expectation counts for
REMEMBERED = 2000.0  # images after which half of what was seen is forgotten


class Forecast:
    """Fed with what happened between two moments; asked for what will."""

    def __init__(self, modes: Mapping[str, Mode], requests_per_s: float, at_s: float) -> None:
        """Raises ConfigError on a rate that cannot be."""
        if not 0 <= requests_per_s < math.inf:
            raise ConfigError(f"a rate must be 0 per second or more, got {requests_per_s}", to_do="correct it")
        self._quick = self._slow = requests_per_s
        self._at_s, self._uncounted = at_s, 0
        self._counts = {
            name: [EXPECTED_WEIGHT * share for share in (mode.exit_shares or (*(0.0,) * (mode.policy.stages - 1), 1.0))]
            for name, mode in modes.items()
        }

    def arrived(self, requests: int, at_s: float) -> None:
        """So many came since the last call. Calls at the same moment add up in the next."""
        elapsed_s = at_s - self._at_s
        self._uncounted += requests
        if elapsed_s <= 0.0:
            return
        rate, self._uncounted = self._uncounted / elapsed_s, 0
        self._quick += (rate - self._quick) * -math.expm1(-elapsed_s / QUICK_S)
        self._slow += (rate - self._slow) * -math.expm1(-elapsed_s / SLOW_S)
        self._at_s = at_s

    def left(self, mode: str, exit_index: int, images: int = 1) -> None:
        """So many images left at an exit of a mode."""
        counts = self._counts[mode]
        counts[exit_index] += images
        while sum(counts) > REMEMBERED:
            counts[:] = [count / 2.0 for count in counts]

    @property
    def requests_per_s(self) -> float:
        """The rate to be ready for."""
        return max(self._quick, self._slow)

    def exit_shares(self) -> dict[str, tuple[float, ...]]:
        """By mode; each sums to one. Rounded to whole percents, so that they change only where it matters."""
        return {name: _rounded(counts) for name, counts in self._counts.items()}


def _rounded(counts: list[float]) -> tuple[float, ...]:
    total = sum(counts)
    shares = [round(count / total, 2) for count in counts]
    whole = sum(shares)
    return tuple(share / whole for share in shares)
