"""What each class gains or loses against the full network, in percentage points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import svg
from .findings import ClassAccuracy, ModeResult
from .picture import WIDE, Picture, drawn
from .quantities import percent_text, points_text

MOST_NAMED = 24  # above that many classes, columns without names; the table below the chart has them all
LEAST_SPAN = 0.01  # a point: nothing is not blown up into something


@dataclass(frozen=True, slots=True)
class ClassChange:
    """A class and the difference policy − full on its test images."""

    row: ClassAccuracy
    change: float


def class_changes(mode: ModeResult) -> tuple[ClassChange, ...]:
    """Classes that have test images, the largest loss first."""
    known = [
        ClassChange(row, row.policy - row.full)
        for row in mode.per_class
        if row.policy is not None and row.full is not None
    ]
    return tuple(sorted(known, key=lambda entry: entry.change))


def class_picture(mode: ModeResult) -> Picture:
    """Diverging bars, named up to 24 classes; thin columns in order of change beyond that."""
    changes = class_changes(mode)
    draw = _named if len(changes) <= MOST_NAMED else _columns
    return drawn(lambda width: draw(changes, width))


def class_sentence(mode: ModeResult) -> str:
    """The chart in a sentence."""
    changes = class_changes(mode)
    if not changes:
        return "No class has test images."
    losing = [entry for entry in changes if entry.change < -1e-12]
    gaining = sum(entry.change > 1e-12 for entry in changes)
    if not losing:
        return f"No class loses accuracy; {gaining} of {len(changes)} gain."
    worst = losing[0]
    return (
        f"{len(losing)} of {len(changes)} classes lose accuracy, {gaining} gain. The largest loss is "
        f"“{worst.row.name}”: {points_text(worst.change)} on its {worst.row.n} test images."
    )


def _hint(entry: ClassChange) -> str:
    row = entry.row
    return (
        f"{row.name}: {percent_text(row.full or 0.0)} → {percent_text(row.policy or 0.0)} "
        f"({points_text(entry.change)}), {row.n} test images"
    )


def _side(change: float) -> str:
    return "loss" if change < -1e-12 else "gain" if change > 1e-12 else "level"


def _label(changes: Sequence[ClassChange]) -> str:
    return "Accuracy change per class: " + "; ".join(_hint(entry) for entry in changes[:10])


def _named(changes: Sequence[ClassChange], width: float) -> str:
    wide = width == WIDE
    names = 190.0 if wide else 104.0
    pitch, value, top = 24.0, 76.0, 4.0
    losses = max(-changes[0].change, 0.0)
    gains = max(changes[-1].change, 0.0)
    scale = (width - names - 2 * value) / max(losses + gains, LEAST_SPAN)
    centre = names + value + losses * scale
    height = top + pitch * len(changes) + 4
    parts = [svg.line(centre, top - 4, centre, height, "axis")]
    for index, entry in enumerate(changes):
        y = top + pitch * index
        length = abs(entry.change) * scale
        side = _side(entry.change)
        start = centre - length if side == "loss" else centre
        parts.append(svg.fitted_text(names - 14, y + 15, entry.row.name, "label", names - 14, 12.5, anchor="end"))
        parts.append(svg.rect(start, y + 4, length, 14, f"bar {side}", radius=2, tip=_hint(entry)))
        anchor, x = ("end", start - 7) if side == "loss" else ("start", centre + length + 7)
        parts.append(svg.text(x, y + 15, points_text(entry.change), f"value small {side}", anchor=anchor))
    return svg.drawing(width, height, _label(changes), parts, "chart wide" if wide else "chart narrow")


def _columns(changes: Sequence[ClassChange], width: float) -> str:
    wide = width == WIDE
    half, left = 70.0, 44.0
    span = max([abs(entry.change) for entry in changes] + [LEAST_SPAN])
    slot = (width - left - 4) / len(changes)
    middle = half + 22
    height = 2 * half + 44
    parts = [
        svg.text(0, 12, "points", "heading"),
        svg.text(left - 8, middle - half + 4, f"+{span * 100:.1f}", "tick", anchor="end"),
        svg.text(left - 8, middle + half + 4, f"−{span * 100:.1f}", "tick", anchor="end"),
        svg.text(left - 8, middle + 4, "0", "tick", anchor="end"),
    ]
    for index, entry in enumerate(changes):
        x = left + slot * index
        length = max(abs(entry.change) / span * half, 1.0)
        y = middle if entry.change < 0 else middle - length
        gap = min(2.0, slot * 0.2)
        parts.append(svg.rect(x, y, slot - gap, length, f"bar {_side(entry.change)}", radius=1, tip=_hint(entry)))
    parts.append(svg.line(left, middle, width, middle, "axis"))
    footer = f"{len(changes)} classes, largest loss first"
    parts.append(svg.text(width, height - 6, footer, "sub", anchor="end"))
    return svg.drawing(width, height, _label(changes), parts, "chart wide" if wide else "chart narrow")
