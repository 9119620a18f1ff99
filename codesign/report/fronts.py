"""Accuracy against energy: the searched cloud, the three fronts, and where the chosen modes lie."""

from __future__ import annotations

from collections.abc import Sequence

from . import svg
from .findings import Fronts, Gain, ModeResult, Point, Results
from .picture import WIDE, Picture, drawn
from .quantities import (
    change_text,
    energy_text,
    latency_text,
    magnitude_text,
    percent_text,
)
from .scale import LOG_FROM_RATIO, Scale, padded, tick_text

MOST_CLOUD_POINTS = 1500  # more only makes the file larger, not the picture clearer
FRONT_CLASSES = ("static", "single", "chain")
Box = tuple[float, float, float, float]


def front_picture(results: Results) -> Picture:
    """The plane of energy and accuracy on the split that the search saw."""
    return drawn(lambda width: _draw(results, width))


def hidden_points(results: Results) -> int:
    """How many searched designs lie outside the part of the plane that is drawn."""
    horizontal, vertical = _scales(results, 0, 1, 0, 1)
    return sum(not _inside(point, horizontal, vertical) for point in results.fronts.searched)


def pareto(points: Sequence[Point]) -> tuple[Point, ...]:
    """The points no other point of the family beats on both counts, cheapest first."""
    kept: list[Point] = []
    for point in sorted(points, key=lambda p: (p.energy_j, -p.accuracy)):
        if not kept or point.accuracy > kept[-1].accuracy:
            kept.append(point)
    return tuple(kept)


def _scales(results: Results, left: float, right: float, top: float, bottom: float) -> tuple[Scale, Scale]:
    """Axes that show the fronts where the modes live; designs far below every mode are left outside."""
    fronts, modes = results.fronts, [mode.select for mode in results.modes]
    lines = [point for family in (fronts.static, fronts.single, fronts.chain) for point in family]
    best = max([outcome.accuracy for outcome in modes] + [point.accuracy for point in lines])
    lowest_mode = min(outcome.accuracy for outcome in modes)
    floor = min(lowest_mode, best - max(3.5 * (best - lowest_mode), 0.05))
    shown = [point for point in lines if point.accuracy >= floor]
    accuracies = [point.accuracy for point in shown] + [outcome.accuracy for outcome in modes]
    energies = [point.energy_j for point in shown] + [outcome.energy_j for outcome in modes]
    energies += [
        gain.energy_j / (1 - gain.saving_vs_static)
        for gain in (results.gain_single, results.gain_chain)
        if gain is not None
    ]
    low_j, high_j = min(energies), max(energies)
    if logarithmic := high_j / low_j > LOG_FROM_RATIO:
        low_j, high_j = low_j / 1.25, high_j * 1.25
    else:
        low_j, high_j = padded(low_j, high_j, 0.08)
        low_j = max(low_j, 0.0)
    low, high = padded(min(accuracies), max(accuracies), 0.08)
    vertical = Scale(max(low, 0.0), min(high, 1.0) if max(accuracies) < 1.0 else 1.0, bottom, top)
    return Scale(low_j, high_j, left, right, logarithmic), vertical


def _inside(point: Point, horizontal: Scale, vertical: Scale) -> bool:
    return horizontal.holds(point.energy_j) and vertical.holds(point.accuracy)


def _draw(results: Results, width: float) -> str:
    wide = width == WIDE
    left, right, top = (56.0, width - 20, 24.0) if wide else (44.0, width - 8, 24.0)
    height = 480.0 if wide else 380.0
    bottom = height - 48
    horizontal, vertical = _scales(results, left, right, top, bottom)
    gain = _larger_gain(results)
    parts = [
        *_axes(horizontal, vertical, wide),
        _cloud(results.fronts, horizontal, vertical),
        *_lines(results.fronts, horizontal, vertical),
        *_gain(gain, horizontal, vertical),
        *_modes(results.modes, gain, horizontal, vertical),
    ]
    css = "chart wide" if wide else "chart narrow"
    return svg.drawing(width, height, _description(results), parts, css)


def _axes(horizontal: Scale, vertical: Scale, wide: bool) -> list[str]:
    left, right, top, bottom = horizontal.start, horizontal.end, vertical.end, vertical.start
    parts = []
    ticks = vertical.ticks(7 if wide else 5)
    step = (ticks[1] - ticks[0]) * 100 if len(ticks) > 1 else 0.1
    for value in ticks:
        y = vertical(value)
        parts.append(svg.line(left, y, right, y, "grid"))
        parts.append(svg.text(left - 8, y + 4, tick_text(value * 100, step), "tick", anchor="end"))
    in_mj = Scale(horizontal.low * 1e3, horizontal.high * 1e3, left, right, horizontal.logarithmic)
    ticks = in_mj.ticks(9 if wide else 5)
    for value in ticks:
        x = in_mj(value)
        step = value if in_mj.logarithmic else ticks[1] - ticks[0] if len(ticks) > 1 else value
        parts.append(svg.line(x, top, x, bottom, "grid"))
        parts.append(svg.text(x, bottom + 18, tick_text(value, step), "tick", anchor="middle"))
    parts.append(svg.line(left, bottom, right, bottom, "axis"))
    parts.append(svg.text(0, 12, "accuracy, %", "heading"))
    scale_word = " (logarithmic)" if horizontal.logarithmic else ""
    parts.append(svg.text(right, bottom + 38, f"energy per image, mJ{scale_word}", "heading", anchor="end"))
    return parts


def _cloud(fronts: Fronts, horizontal: Scale, vertical: Scale) -> str:
    """All searched designs as one path: a dot is a line of no length with round ends."""
    inside = [point for point in fronts.searched if _inside(point, horizontal, vertical)]
    every = max(1, -(-len(inside) // MOST_CLOUD_POINTS))
    dots = "".join(f"M{horizontal(p.energy_j):.1f} {vertical(p.accuracy):.1f}h0" for p in inside[::every])
    return svg.path(dots, "cloud") if dots else ""


def _lines(fronts: Fronts, horizontal: Scale, vertical: Scale) -> list[str]:
    """Each front as a staircase: the best accuracy that an energy budget buys."""
    parts = []
    for css in FRONT_CLASSES:
        points = [p for p in pareto(getattr(fronts, css)) if _inside(p, horizontal, vertical)]
        if not points:
            continue
        steps: list[tuple[float, float]] = []
        for point in points:
            x, y = horizontal(point.energy_j), vertical(point.accuracy)
            if steps:
                steps.append((x, steps[-1][1]))
            steps.append((x, y))
        steps.append((horizontal.end, steps[-1][1]))
        parts.append(svg.polyline(steps, f"front {css}"))
        parts += [_marker(point, css, horizontal, vertical) for point in points]
    return parts


def _marker(point: Point, css: str, horizontal: Scale, vertical: Scale) -> str:
    """Families differ in shape as well as in colour: square, circle, diamond."""
    x, y, r = horizontal(point.energy_j), vertical(point.accuracy), 3.6
    hint = f"{energy_text(point.energy_j)}, {percent_text(point.accuracy, 2)}, {latency_text(point.latency_s)}"
    if css == "static":
        return svg.rect(x - r + 0.4, y - r + 0.4, 2 * r - 0.8, 2 * r - 0.8, f"mark {css}", tip=f"static: {hint}")
    if css == "single":
        return svg.circle(x, y, r, f"mark {css}", tip=f"one backbone with exits: {hint}")
    d = r * 1.35
    return svg.path(
        f"M{x:.1f} {y - d:.1f}l{d} {d}l{-d} {d}l{-d} {-d}z", f"mark {css}", tip=f"chain of two backbones: {hint}"
    )


def _larger_gain(results: Results) -> Gain | None:
    gains = [gain for gain in (results.gain_single, results.gain_chain) if gain is not None]
    return max(gains, key=lambda gain: gain.saving_vs_static, default=None)


def _gain(gain: Gain | None, horizontal: Scale, vertical: Scale) -> list[str]:
    """An arrow from the cheapest static network of that accuracy to the design that replaces it."""
    if gain is None or gain.saving_vs_static <= 0.0 or not vertical.holds(gain.accuracy):
        return []
    y = vertical(gain.accuracy)
    x_from, x_to = horizontal(gain.energy_j / (1 - gain.saving_vs_static)), horizontal(gain.energy_j)
    if x_from - x_to < 24:
        return []
    label = f"{magnitude_text(gain.saving_vs_static)} less"
    middle = (x_from + x_to) / 2
    width = svg.text_width(label, 12) + 8
    parts = [
        svg.line(x_from, y, x_to + 9, y, "arrow"),
        svg.path(f"M{x_to + 6:.1f} {y:.1f}l8 -4.5v9z", "arrow-tip"),
    ]
    if x_from - x_to > width + 20:
        parts.append(svg.rect(middle - width / 2, y - 10, width, 20, "arrow-ground", radius=4))
        parts.append(svg.text(middle, y + 4, label, "arrow-label", anchor="middle"))
    return parts


def _arrow_box(gain: Gain, horizontal: Scale, vertical: Scale) -> Box:
    """What the arrow of a gain covers; no name may stand there."""
    y = vertical(gain.accuracy)
    start, end = horizontal(gain.energy_j), horizontal(gain.energy_j / (1 - gain.saving_vs_static))
    return (min(start, end), y - 11, max(start, end), y + 11)


def _modes(modes: Sequence[ModeResult], gain: Gain | None, horizontal: Scale, vertical: Scale) -> list[str]:
    """Rings around the chosen designs, each named where no other name and no other ring is."""
    places = [(horizontal(mode.select.energy_j), vertical(mode.select.accuracy)) for mode in modes]
    taken: list[Box] = [(x - 9, y - 9, x + 9, y + 9) for x, y in places]
    if gain is not None:
        taken.append(_arrow_box(gain, horizontal, vertical))
    rings, labels = [], []
    for mode, (x, y) in zip(modes, places, strict=True):
        hint = f"{mode.name}: {energy_text(mode.select.energy_j)}, {percent_text(mode.select.accuracy, 2)} on select"
        rings.append(svg.circle(x, y, 8, "ring chosen" if mode.default else "ring", tip=hint))
        name = svg.fitted(mode.name, 130, 13)
        box = _free_place(name, x, y, taken, horizontal, vertical)
        taken.append(box)
        middle_x, middle_y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        if abs(middle_y - y) > 24:
            labels.append(svg.line(x, y + (9 if middle_y > y else -9), middle_x, middle_y, "leader"))
        css = "mode-label halo chosen" if mode.default else "mode-label halo"
        labels.append(svg.text(middle_x, box[3] - 5, name, css, anchor="middle"))
    return rings + labels


def _free_place(name: str, x: float, y: float, taken: Sequence[Box], horizontal: Scale, vertical: Scale) -> Box:
    width, height = svg.text_width(name, 13), 18.0
    boxes = []
    for distance in (0.0, 20.0, 40.0, 60.0, 80.0):
        for side in (1.0, -1.0):
            start = x + 13 if side > 0 else x - 13 - width
            for rise in (1.0, -1.0):
                middle = y + rise * (distance + 13)
                boxes.append((start, middle - height / 2, start + width, middle + height / 2))
    free = (box for box in boxes if _fits(box, horizontal, vertical) and not any(_overlap(box, t) for t in taken))
    return next(free, boxes[0])


def _fits(box: Box, horizontal: Scale, vertical: Scale) -> bool:
    return (
        box[0] >= horizontal.start
        and box[2] <= horizontal.end
        and box[1] >= vertical.end - 8
        and box[3] <= vertical.start
    )


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _description(results: Results) -> str:
    modes = "; ".join(
        f"{mode.name} {energy_text(mode.select.energy_j)} at {percent_text(mode.select.accuracy)}"
        for mode in results.modes
    )
    gains = "; ".join(
        f"{name}: {change_text(-gain.saving_vs_static)} energy against static"
        for name, gain in (("one backbone", results.gain_single), ("chain", results.gain_chain))
        if gain is not None
    )
    return f"Accuracy against energy on the {results.fronts.split} split. Modes: {modes}. {gains}"
