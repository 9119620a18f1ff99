"""What boards really spent, added up by unit, mode, exit and clocks: all that an update needs of a collected set."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runtime.contract.operating_point import OperatingPoint

Ask = Callable[[str], list[dict[str, Any]]]  # SQL over the tables of a collected set
Served = tuple[str, str]  # bundle, mode


@dataclass(frozen=True, slots=True)
class TimeCell:
    """Single images of one unit that left at one exit at the same clocks."""

    unit: str
    served: Served
    exit_index: int
    point: OperatingPoint
    rows: int
    median_s: float
    spread: float  # standard deviation of the logarithm of one image


@dataclass(frozen=True, slots=True)
class PowerCell:
    """Single images of one unit and mode at the same clocks, of all exits: boards share a window's joules out."""

    unit: str
    served: Served
    point: OperatingPoint
    exits: tuple[int, ...]  # images per exit
    rows: int
    power_w: float  # joules over seconds on the stages
    spread: float


@dataclass(frozen=True, slots=True)
class IdleCell:
    """Minutes of one unit that held the same clocks throughout: what the board draws between images."""

    unit: str
    point: OperatingPoint
    minutes: int
    idle_w: float
    spread: float


@dataclass(frozen=True, slots=True)
class ServedCosts:
    """Everything, and what was left out."""

    times: tuple[TimeCell, ...]
    powers: tuple[PowerCell, ...]
    idles: tuple[IdleCell, ...]
    exits: Mapping[Served, tuple[int, ...]]  # every image of every unit, by mode
    left_out: Mapping[str, int]  # rows by reason
    rows: int  # single images that are used
    first_us: int | None = None  # wall time, as boards believe it
    last_us: int | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """By name."""
        return tuple(sorted({cell.unit for cells in self._cells for cell in cells}))

    @property
    def points(self) -> tuple[OperatingPoint, ...]:
        """Clocks of which something is known."""
        return tuple(sorted({cell.point for cells in self._cells for cell in cells}))

    @property
    def _cells(self) -> tuple[Sequence[TimeCell | PowerCell | IdleCell], ...]:
        return self.times, self.powers, self.idles
