"""The walk of one mode: images flow through the stages, and some leave at each."""

from __future__ import annotations

from . import svg
from .findings import Exit, ModeResult
from .picture import WIDE, Picture, drawn
from .quantities import macs_text, percent_text, share_text
from .scale import Scale, tick_text

NARROWEST_SLOT = 104.0  # below that the stages are drawn one under the other
THINNEST = 1.6
UNITS = ((1e9, "billion "), (1e6, "million "), (1e3, "thousand "))


def walk_picture(mode: ModeResult) -> Picture:
    """Stages as gates, the stream of test images as ribbons as thick as the share that leaves."""
    horizontal = (WIDE - 40) / len(mode.exits) >= NARROWEST_SLOT
    return drawn(lambda width: _across(mode) if width == WIDE and horizontal else _down(mode, width))


def starts_afresh(exits: tuple[Exit, ...], index: int) -> bool:
    """Whether the stage begins another backbone from the image, rather than continuing from features."""
    return index > 0 and exits[index].backbone != exits[index - 1].backbone


def backbone_class(exits: tuple[Exit, ...], index: int) -> str:
    """A style for the backbone of a stage: first, second, first, ..."""
    changes = sum(starts_afresh(exits, i) for i in range(1, index + 1))
    return f"bb{changes % 2}"


def leavers_text(exit_: Exit) -> str:
    """How often those who leave here are right."""
    if exit_.accuracy_of_leavers is None:
        return "nobody leaves here"
    return f"{percent_text(exit_.accuracy_of_leavers)} right"


def _thickness(share: float, full: float) -> float:
    return max(share * full, THINNEST) if share > 0 else 0.0


def _across(mode: ModeResult) -> str:
    exits = mode.exits
    slot = min((WIDE - 40) / len(exits), 300.0)
    left, top, full = 0.0, 96.0, min(104.0, slot * 0.62)
    first = 40.0
    widest = [_thickness(exit_.test_share, full) for exit_ in exits]
    total = sum(widest)
    parts, ribbons, gates = [], [], []
    below = total  # what is left of the stream's thickness on reaching the stage
    end = top + total + 64
    for index, exit_ in enumerate(exits):
        x = first + slot * (index + 0.5)
        thickness = widest[index]
        gate = slot - 22
        css = backbone_class(exits, index)
        gates.append(svg.rect(x - gate / 2, 30, gate, 66 + max(below, 8) + 12, f"gate {css}", radius=10))
        gates.append(svg.fitted_text(x - gate / 2 + 12, 52, exit_.label, "label", gate - 16, 12.5))
        gates.append(
            svg.fitted_text(x - gate / 2 + 12, 70, f"{macs_text(exit_.macs)} MACs so far", "sub", gate - 16, 10.5)
        )
        if starts_afresh(exits, index):
            gates.append(svg.text(x, 20, "fresh start from the image ↓", "note", anchor="middle"))
        if thickness:
            ribbons.append(_bend(left, top + below - thickness, thickness, x, end, exit_, index))
        below -= thickness
        parts.append(svg.text(x, end + 26, share_text(exit_.test_share), "big", anchor="middle"))
        words = "leave here" if index < len(exits) - 1 else "go all the way"
        parts.append(svg.text(x, end + 44, words if exit_.test_share else leavers_text(exit_), "sub", anchor="middle"))
        if exit_.test_share:
            parts.append(svg.text(x, end + 60, leavers_text(exit_), "sub", anchor="middle"))
    width = max(first + slot * len(exits), 480.0)
    return svg.drawing(width, end + 68, _description(mode), gates + ribbons + parts, "chart wide")


def _bend(left: float, y: float, thickness: float, x: float, end: float, exit_: Exit, index: int) -> str:
    """A ribbon that runs right along `y` and then turns down towards the exit at `x`."""
    inner = 9.0
    outer = inner + thickness
    start = x - thickness / 2 - inner
    commands = (
        f"M{left:.1f} {y:.1f}H{start:.1f}a{outer:.1f} {outer:.1f} 0 0 1 {outer:.1f} {outer:.1f}V{end:.1f}"
        f"h{-thickness:.1f}V{y + outer:.1f}a{inner:.1f} {inner:.1f} 0 0 0 {-inner:.1f} {-inner:.1f}H{left:.1f}z"
    )
    return svg.path(commands, f"ribbon r{min(index, 5)}", tip=_hint(exit_))


def _down(mode: ModeResult, width: float) -> str:
    exits, slot, full, left = mode.exits, 104.0, 70.0, 12.0
    widest = [_thickness(exit_.test_share, full) for exit_ in exits]
    below = sum(widest)
    beside = left + below + 24
    parts, ribbons, gates = [], [], []
    for index, exit_ in enumerate(exits):
        y = 14 + slot * index
        thickness = widest[index]
        css = backbone_class(exits, index)
        gates.append(svg.rect(left - 10, y, below + 20, slot - 16, f"gate {css}", radius=10))
        parts.append(svg.fitted_text(beside, y + 15, exit_.label, "label", width - beside, 12.5))
        note = " · fresh start" if starts_afresh(exits, index) else ""
        sub = f"{macs_text(exit_.macs)} MACs so far{note}"
        parts.append(svg.fitted_text(beside, y + 32, sub, "sub", width - beside, 11))
        turn = y + 40 + full * 0.5 - thickness / 2 - 10
        if thickness:
            ribbons.append(_turn(left + below - thickness, thickness, turn, beside + 8, exit_, index))
        below -= thickness
        verb = "leave" if index < len(exits) - 1 else "reach the end"
        words = f"{verb} · {leavers_text(exit_)}" if exit_.test_share else leavers_text(exit_)
        share = share_text(exit_.test_share)
        parts.append(svg.text(beside + 18, y + 70, share, "big"))
        parts.append(svg.text(beside + 26 + svg.text_width(share, 19), y + 69, words, "sub"))
    css = "chart wide" if width == WIDE else "chart narrow"
    return svg.drawing(min(width, 480.0), 14 + slot * len(exits), _description(mode), gates + ribbons + parts, css)


def _turn(x: float, thickness: float, y: float, end: float, exit_: Exit, index: int) -> str:
    """A ribbon that runs down along `x` and then turns right towards the exit at `y`."""
    inner = 6.0
    outer = inner + thickness
    start = y - inner
    commands = (
        f"M{x:.1f} 0V{start:.1f}a{outer:.1f} {outer:.1f} 0 0 0 {outer:.1f} {outer:.1f}H{end:.1f}"
        f"v{-thickness:.1f}H{x + outer:.1f}a{inner:.1f} {inner:.1f} 0 0 1 {-inner:.1f} {-inner:.1f}V0z"
    )
    return svg.path(commands, f"ribbon r{min(index, 5)}", tip=_hint(exit_))


def _hint(exit_: Exit) -> str:
    return f"{exit_.label}: {share_text(exit_.test_share)} of test images leave here, {leavers_text(exit_)}"


def _description(mode: ModeResult) -> str:
    steps = "; ".join(f"{_hint(exit_)}, {macs_text(exit_.macs)} MACs so far" for exit_ in mode.exits)
    return f"The walk of mode {mode.name}: {steps}."


def work_picture(mode: ModeResult, full_macs: float) -> Picture:
    """Share of images still running against the work done so far; the area is the mean work per image."""
    return drawn(lambda width: _work(mode, full_macs, width))


def _work(mode: ModeResult, full_macs: float, width: float) -> str:
    wide = width == WIDE
    left, right, top, bottom = 44.0, width - 16, 30.0, 170.0 if wide else 150.0
    furthest = max(full_macs, mode.exits[-1].macs)
    across = Scale(0.0, furthest, left, right)
    up = Scale(0.0, 1.0, bottom, top)
    steps, running, at = [(across(0.0), up(0.0)), (across(0.0), up(1.0))], 1.0, 0.0
    for exit_ in mode.exits:
        steps += [(across(exit_.macs), up(running))]
        running = max(running - exit_.test_share, 0.0)
        steps += [(across(exit_.macs), up(running))]
        at = exit_.macs
    steps.append((across(at), up(0.0)))
    area = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in steps) + "z"
    parts = []
    for share in (0.0, 0.5, 1.0):
        parts.append(svg.line(left, up(share), right, up(share), "grid"))
        parts.append(svg.text(left - 8, up(share) + 4, f"{share * 100:.0f}", "tick", anchor="end"))
    parts += [svg.path(area, "work"), svg.polyline(steps[1:-1], "work-edge")]
    x = across(full_macs)
    anchor = "end" if x > (left + right) / 2 else "start"
    parts.append(svg.line(x, top - 8, x, bottom, "reference"))
    parts.append(svg.text(x + (-6 if anchor == "end" else 6), top - 12, "full network", "note", anchor=anchor))
    unit, word = next(((size, name) for size, name in UNITS if furthest >= size), (1.0, ""))
    in_units = Scale(0.0, furthest / unit, left, right)
    ticks = in_units.ticks(7 if wide else 4)
    for value in ticks:
        parts.append(svg.text(in_units(value), bottom + 18, tick_text(value, ticks[1]), "tick", anchor="middle"))
    parts.append(svg.text(0, 12, "% still running", "heading"))
    parts.append(svg.text(right, bottom + 38, f"{word}multiply-accumulates so far", "heading", anchor="end"))
    label = (
        f"Share of images still running against work done: {macs_text(mode.macs)} multiply-accumulates per image on "
        f"average, {share_text(mode.macs / full_macs)} of the full network's {macs_text(full_macs)}."
    )
    return svg.drawing(width, bottom + 46, label, parts, "chart wide" if wide else "chart narrow")
