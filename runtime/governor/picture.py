"""A picture of a trace and of what was decided: load, heat, clocks and power over the same time, as one SVG file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from runtime.contract.errors import DataError

from .replay import Step

WIDTH, PANEL, LEFT, RIGHT, GAP, TOP = 960.0, 110.0, 78.0, 20.0, 40.0, 56.0
MOST_POINTS = 1500  # per line: more than the picture has columns
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#545b67}.t{fill:#1a1d23;font-weight:600}.h{font-size:16px}"
    ".l{fill:none;stroke:#1f5fbf;stroke-width:1.6}.a{stroke:#cfcbc2}.s{fill:#d1560f;opacity:.16}.p{fill:#8b929e;opacity:.16}"
)

Reading = Callable[[Step], "float | None"]
PANELS: tuple[tuple[str, str, Reading], ...] = (
    ("requests per second, as forecast", "/s", lambda step: step.signals.requests_per_s),
    ("temperature", "°C", lambda step: step.signals.temperature_c),
    ("CPU clock held", "MHz", lambda step: step.decision.operating_point.cpu_hz / 1e6),
    ("GPU clock held", "MHz", lambda step: step.decision.operating_point.gpu_hz / 1e6),
    ("memory clock held", "MHz", lambda step: step.decision.operating_point.emc_hz / 1e6),
    ("power, predicted at the forecast rate", "W", lambda step: step.decision.drawn_w),
)


def picture(steps: Sequence[Step], normal: str, title: str) -> str:
    """The SVG: orange where another mode than `normal` is served, grey where the clocks are parked.

    Raises:
        DataError: fewer than two moments, or no time between them.
    """
    if len(steps) < 2 or steps[-1].signals.at_s <= steps[0].signals.at_s:
        raise DataError("a picture needs two moments with time between them", to_do="record for longer")
    start_s, span_s = steps[0].signals.at_s, steps[-1].signals.at_s - steps[0].signals.at_s

    def across(at_s: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (at_s - start_s) / span_s

    parts = [f'<text class="t h" x="{LEFT}" y="22">{escape(title)}</text>']
    parts.append(
        f'<text x="{LEFT}" y="40">orange: another mode than {escape(normal)}; grey: parked;'
        f" {_time_text(span_s)} from left to right</text>"
    )
    shown = [panel for panel in PANELS if any(panel[2](step) is not None for step in steps)]
    for number, (name, unit, reading) in enumerate(shown):
        top = TOP + GAP / 2 + number * (PANEL + GAP)
        parts += _shades(steps, normal, across, top)
        parts += _panel(steps, name, unit, reading, across, top)
    height = TOP + len(shown) * (PANEL + GAP) + GAP / 2
    label = escape(f"{title}: load, heat, clocks and power over {_time_text(span_s)}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH:g} {height:g}" role="img" aria-label="{label}">'
        f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


def _panel(
    steps: Sequence[Step], name: str, unit: str, reading: Reading, across: Callable[[float], float], top: float
) -> list[str]:
    known = [(step.signals.at_s, value) for step in steps if (value := reading(step)) is not None]
    least, most = min(0.0, *(value for _, value in known)), max(value for _, value in known)
    most = most if most > least else least + 1.0

    def up(value: float) -> float:
        return top + PANEL * (1.0 - (value - least) / (most - least))

    stride = max(1, len(known) // MOST_POINTS)
    points = " ".join(
        f"{across(at_s):.1f},{up(before):.1f} {across(at_s):.1f},{up(value):.1f}"  # held until the next moment
        for (at_s, value), (_, before) in zip(known[::stride], [known[0], *known[::stride]], strict=False)
    )
    axes = [
        f'<line class="a" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{up(value):.1f}" y2="{up(value):.1f}"/>'
        f'<text x="{LEFT - 8}" y="{up(value) + 4:.1f}" text-anchor="end">{value:,.4g}</text>'
        for value in (least, most)
    ]
    label = f'<text class="t" x="{LEFT}" y="{top - 8:.1f}">{escape(name)} [{escape(unit)}]</text>'
    return [label, *axes, f'<polyline class="l" points="{points}"/>']


def _shades(steps: Sequence[Step], normal: str, across: Callable[[float], float], top: float) -> list[str]:
    """Where a cheaper mode is served, or the clocks are parked: one rectangle per stretch."""
    parts: list[str] = []
    begun_s, shade = steps[0].signals.at_s, ""
    for step in [*steps, None]:
        now = "" if step is None else "p" if step.decision.parked else "s" if step.decision.mode != normal else ""
        at_s = steps[-1].signals.at_s if step is None else step.signals.at_s
        if now == shade and step is not None:
            continue
        if shade:
            left, right = across(begun_s), across(at_s)
            parts.append(
                f'<rect class="{shade}" x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 0.5):.1f}"'
                f' height="{PANEL:g}"/>'
            )
        begun_s, shade = at_s, now
    return parts


def _time_text(seconds: float) -> str:
    for size_s, name in ((86400.0, "days"), (3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size_s:
            return f"{seconds / size_s:.3g} {name}"
    return f"{seconds:.3g} s"
