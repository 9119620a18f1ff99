"""How a number came to be known; every figure that is shown carries one."""

from __future__ import annotations

from enum import Enum


class Kind(str, Enum):
    """`measured` on the hardware named, `predicted` by a fitted model, `simulated` by a board model, or `assumed`."""

    MEASURED = "measured"
    PREDICTED = "predicted"
    SIMULATED = "simulated"
    ASSUMED = "assumed"

    def __str__(self) -> str:
        return self.value
