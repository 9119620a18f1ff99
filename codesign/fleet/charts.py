"""The fleet page's drawings: promise against reality per device, exits per mode, energy over days."""

from __future__ import annotations

from collections.abc import Sequence

from codesign.report import svg
from codesign.report.picture import Picture, drawn
from codesign.report.quantities import change_text, energy_text, share_text
from codesign.report.scale import Scale, padded, tick_text

from .view import Exits, Row, worst_first

ROW, LEFT_WIDE, LEFT_NARROW, RIGHT = 26.0, 150.0, 84.0, 60.0
MOST_ROWS = 40
LABEL_PITCH = 15.0  # labels closer than this would cover each other
BOARD_COLOURS = ("single", "chain", "static")


def ratio_picture(devices: Sequence[Row]) -> Picture | None:
    """Reality over promise, one row per device: energy a disc, latency a square. None where nothing is known."""
    known = [row for row in devices if row["energy_ratio"] is not None or row["latency_ratio"] is not None]
    if not known:
        return None
    shown = worst_first(known)[:MOST_ROWS]
    return drawn(lambda width: _ratios(shown, width))


def _ratios(rows: Sequence[Row], width: float) -> str:
    left = LEFT_WIDE if width > 500 else LEFT_NARROW
    values = [row[name] for row in rows for name in ("energy_ratio", "latency_ratio") if row[name] is not None]
    low, high = padded(min([*values, 0.95]), max([*values, 1.05]), 0.04)
    scale = Scale(low, high, left, width - RIGHT)
    height = ROW * len(rows) + 44
    ticks = scale.ticks(6 if width > 500 else 3)
    parts = []
    for tick in ticks:
        css = "reference" if abs(tick - 1.0) < 1e-9 else "grid"
        parts.append(svg.line(scale(tick), 24, scale(tick), height - 16, css))
        parts.append(
            svg.text(
                scale(tick), 14, tick_text(tick, ticks[1] - ticks[0] if len(ticks) > 1 else 1), "tick", anchor="middle"
            )
        )
    for index, row in enumerate(rows):
        y = 36 + ROW * index
        parts.append(svg.fitted_text(0, y + 4, str(row["device_id"]), "label", left - 10, 13))
        for name, what in (("energy_ratio", "energy"), ("latency_ratio", "latency")):
            if row[name] is None:
                continue
            tip = f"{row['device_id']} ({row['board']}): {what} {change_text(row[name] - 1.0)} against the promise"
            x = scale(row[name])
            parts.append(
                svg.circle(x, y, 5.5, "mark chain", tip=tip)
                if name == "energy_ratio"
                else svg.rect(x - 4.5, y - 4.5, 9, 9, "mark single", tip=tip)
            )
    label = "Reality over promise per device: " + "; ".join(
        f"{row['device_id']} energy {_said(row['energy_ratio'])}, latency {_said(row['latency_ratio'])}" for row in rows
    )
    return svg.drawing(width, height, label, parts, "chart " + ("wide" if width > 500 else "narrow"))


def exit_picture(exits: Sequence[Exits]) -> Picture | None:
    """One bar per mode, divided by where images leave. None where nothing is known."""
    return drawn(lambda width: _exits(exits[:MOST_ROWS], width)) if exits else None


def _exits(exits: Sequence[Exits], width: float) -> str:
    room, parts = width - 8, []
    for index, each in enumerate(exits):
        top, x = 46.0 * index, 0.0
        parts.append(svg.fitted_text(0, top + 13, each.label, "label", width - 110, 13))
        parts.append(svg.text(width - 8, top + 13, f"{each.images:,} images", "sub", anchor="end"))
        for number, share in enumerate(each.shares):
            length = room * share
            tip = f"exit {number}: {share_text(share)}"
            parts.append(svg.rect(x, top + 20, length, 14, f"bar r{min(number, 5)}", radius=2, tip=tip))
            x += length
    label = "Where images leave: " + "; ".join(
        f"{each.label}: {', '.join(share_text(share) for share in each.shares)}" for each in exits
    )
    return svg.drawing(width, 46.0 * len(exits), label, parts, "chart " + ("wide" if width > 500 else "narrow"))


def days_picture(days: Sequence[Row]) -> Picture | None:
    """Energy per image over days, one line per kind of board. None with fewer than two days."""
    known = [row for row in days if row["energy_j"] is not None]
    return drawn(lambda width: _days(known, width)) if len({row["date"] for row in known}) > 1 else None


def _days(rows: Sequence[Row], width: float) -> str:
    dates = sorted({str(row["date"]) for row in rows})
    boards = sorted({str(row["board"]) for row in rows})
    low, high = padded(0.0, max(float(row["energy_j"]) for row in rows), 0.05)
    left, height = 70.0, 220.0
    up = Scale(max(low, 0.0), high, height - 30, 16)
    across = Scale(0, len(dates) - 1, left, width - 90)
    parts: list[str] = []
    ends: list[tuple[float, str]] = []  # where lines end, and whose they are
    for tick in up.ticks(4):
        parts.append(svg.line(left, up(tick), width - 90, up(tick), "grid"))
        parts.append(svg.text(left - 8, up(tick) + 4, energy_text(tick), "tick", anchor="end"))
    for place in sorted({0, len(dates) - 1}):
        anchor = "start" if place == 0 else "end"
        parts.append(svg.text(across(place), height - 8, dates[place], "tick", anchor=anchor))
    for number, board in enumerate(boards):
        css = BOARD_COLOURS[number % len(BOARD_COLOURS)]
        of_board = {str(row["date"]): float(row["energy_j"]) for row in rows if row["board"] == board}
        points = [(across(dates.index(date)), up(value)) for date, value in sorted(of_board.items())]
        parts.append(svg.polyline(points, f"front {css}"))
        parts += [svg.circle(x, y, 3.5, f"mark {css}", tip=board) for x, y in points]
        ends.append((points[-1][1], board))
    y = -LABEL_PITCH
    for end, board in sorted(ends):
        y = max(y + LABEL_PITCH, end)
        parts.append(svg.fitted_text(width - 82, y + 4, board, "label", 82, 13))
    label = f"Energy per image from {dates[0]} to {dates[-1]}, by board: {', '.join(boards)}."
    return svg.drawing(width, height, label, parts, "chart " + ("wide" if width > 500 else "narrow"))


def _said(ratio: float | None) -> str:
    return "not known" if ratio is None else f"{ratio:.2f}"
