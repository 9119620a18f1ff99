"""Clocks that a user leaves out: which operating points of a board remain."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from runtime.contract.errors import ConfigError
from runtime.contract.operating_point import ABSENT_HZ, OperatingPoint

CLOCKS = ("cpu", "gpu", "emc")
NEAR_HZ = 1e6  # tables hold 114.75 MHz and 305.25 MHz; nobody types that
WRITTEN = re.compile(r"(cpu|gpu|emc)=(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A range of one clock, ends included."""

    clock: str
    low_hz: float
    high_hz: float

    def holds(self, point: OperatingPoint) -> bool:
        """Whether the operating point is in it."""
        hz: int = getattr(point, f"{self.clock}_hz")
        return hz != ABSENT_HZ and self.low_hz <= hz <= self.high_hz


def left_out(text: str) -> LeftOut:
    """`gpu=306` (clocks within 1 MHz of it) or `emc=0-665`, in MHz. Raises ConfigError on anything else."""
    found = WRITTEN.fullmatch(text.strip().lower())
    if found is None:
        raise ConfigError(
            f"--leave-out-clocks takes cpu=, gpu= or emc= with MHz, or a range of them, not {text!r}",
            to_do="write for example gpu=306,emc=0-665",
        )
    clock, low, high = found[1], float(found[2]) * 1e6, float(found[3] or found[2]) * 1e6
    if high < low:
        raise ConfigError(f"--leave-out-clocks {text}: the range ends before it begins", to_do="write the slower first")
    return LeftOut(clock, low - NEAR_HZ, high + NEAR_HZ)


def remaining_points(texts: Sequence[str], points: Sequence[OperatingPoint]) -> tuple[int, ...] | None:
    """Numbers of the operating points that none of the texts leaves out; None where nothing is left out.

    Raises:
        ConfigError: a text that means no clock of these points, or nothing that remains.
    """
    if not texts:
        return None
    ranges = [left_out(text) for text in texts]
    for text, found in zip(texts, ranges, strict=True):
        if not any(found.holds(point) for point in points):
            has = sorted({getattr(point, f"{found.clock}_hz") / 1e6 for point in points} - {ABSENT_HZ})
            raise ConfigError(
                f"--leave-out-clocks {text}: the device has no such clock",
                to_do=f"{found.clock} has {', '.join(f'{mhz:g}' for mhz in has) or 'no clocks'} MHz",
            )
    remaining = tuple(number for number, point in enumerate(points) if not any(found.holds(point) for found in ranges))
    if not remaining:
        raise ConfigError("--leave-out-clocks leaves no operating point to choose from", to_do="leave out fewer clocks")
    return remaining
