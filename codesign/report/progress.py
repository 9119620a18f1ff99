"""How the search came on: hypervolume against designs evaluated."""

from __future__ import annotations

from collections.abc import Sequence

from . import svg
from .findings import Generation
from .picture import WIDE, Picture, drawn
from .scale import Scale, padded, tick_text


def history_picture(history: Sequence[Generation]) -> Picture:
    """One dot per generation. Needs at least one generation."""
    return drawn(lambda width: _draw(history, width))


def _draw(history: Sequence[Generation], width: float) -> str:
    wide = width == WIDE
    left, right, top, bottom = 56.0, width - 16, 26.0, 200.0
    volumes = [row.hypervolume for row in history]
    low, high = padded(min(volumes), max(volumes), 0.1)
    up = Scale(max(low, 0.0), high, bottom, top)
    most = max(row.evaluations for row in history) or 1
    across = Scale(0.0, most, left, right)
    parts = []
    ticks = up.ticks(5)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else high
    for value in ticks:
        parts.append(svg.line(left, up(value), right, up(value), "grid"))
        parts.append(svg.text(left - 8, up(value) + 4, tick_text(value, step), "tick", anchor="end"))
    whole = [value for value in across.ticks(7 if wide else 4) if value == int(value)]  # evaluations come whole
    parts += [svg.text(across(value), bottom + 18, tick_text(value, 1), "tick", anchor="middle") for value in whole]
    parts.append(svg.line(left, bottom, right, bottom, "axis"))
    dots = [(across(row.evaluations), up(row.hypervolume)) for row in history]
    parts.append(svg.polyline(dots, "history"))
    for row, (x, y) in zip(history, dots, strict=True):
        hint = f"generation {row.generation}: {row.evaluations} designs, hypervolume {row.hypervolume:.4f}"
        parts.append(svg.circle(x, y, 3.4, "history-dot", tip=hint))
    parts.append(svg.text(0, 12, "hypervolume (more is better)", "heading"))
    parts.append(svg.text(right, bottom + 38, "designs evaluated", "heading", anchor="end"))
    label = f"Hypervolume grew from {volumes[0]:.4f} to {volumes[-1]:.4f} over {most} evaluated designs."
    return svg.drawing(width, bottom + 46, label, parts, "chart wide" if wide else "chart narrow")
