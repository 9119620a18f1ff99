"""Drift over days: one row per bundle, mode and kind of board, one square per day."""

from __future__ import annotations

from codesign.report import svg
from codesign.report.picture import Picture, drawn

from .drift import FleetDrift
from .drift_sums import Group

PITCH, TOP, HIGH = 26.0, 26.0, 16.0
MOST_DAYS, MOST_ROWS = 60, 40
LEFT_WIDE, LEFT_NARROW = 250.0, 110.0


def drift_picture(drift: FleetDrift) -> Picture | None:
    """None where nothing could be compared."""
    return drawn(lambda width: _drift(drift, width)) if drift.compared else None


def _drift(drift: FleetDrift, width: float) -> str:
    left = LEFT_WIDE if width > 500 else LEFT_NARROW
    dates = sorted({group.date for group in drift.compared})[-MOST_DAYS:]
    rows = sorted({(group.bundle_id, group.mode, group.board) for group in drift.compared})[:MOST_ROWS]
    pitch = min((width - left) / len(dates), 60.0)
    groups, parts, told = set(drift.compared), [], []
    for place in sorted({0, len(dates) - 1}):
        anchor = "start" if place == 0 else "end"
        parts.append(svg.text(left + pitch * (place + (place > 0)), 14, dates[place], "tick", anchor=anchor))
    for number, (bundle_id, mode, board) in enumerate(rows):
        y = TOP + PITCH * number
        name = f"{mode} · {bundle_id[:10]} · {board}"
        parts.append(svg.fitted_text(0, y + 13, name, "label", left - 10, 13))
        for day, date in enumerate(dates):
            group = Group(bundle_id, mode, board, date)
            if group not in groups:
                continue
            found = drift.of(group)
            together = any(each.together for each in found)
            css = "bar chosen" if together else "bar exits" if found else "bar static"
            tip = f"{date}, {name}: " + ("; ".join(each.change() for each in found) or "as expected")
            parts.append(svg.rect(left + pitch * day, y, max(pitch - 2, 1), HIGH, css, radius=2, tip=tip))
            if found:
                told.append(f"{date} {name}, {'boards together' if together else 'single boards'}")
    label = f"Drift from {dates[0]} to {dates[-1]}: " + ("; ".join(told) or "none")
    kind = "chart " + ("wide" if width > 500 else "narrow")
    return svg.drawing(width, TOP + PITCH * len(rows), label, parts, kind)
