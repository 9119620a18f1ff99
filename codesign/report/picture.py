"""A chart drawn twice, for a wide and for a narrow page, so that text keeps its size on a telephone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

WIDE, NARROW = 960.0, 340.0


@dataclass(frozen=True, slots=True)
class Picture:
    """Two drawings of one chart; the style sheet shows the one that suits the page."""

    wide: str
    narrow: str


def drawn(draw: Callable[[float], str]) -> Picture:
    """Both drawings, from a function of the width in pixels."""
    return Picture(draw(WIDE), draw(NARROW))
