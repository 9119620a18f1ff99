"""The energy bars: every way of running the task, back to back beside served at the request rate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from . import svg
from .findings import Bar, Results
from .picture import WIDE, Picture, drawn
from .quantities import (
    accuracy_digits,
    change_text,
    clocks_text,
    energy_text,
    latency_text,
    percent_text,
    rate_text,
    share_text,
)

LABELS = {
    "static_default_mode": "Static, board's default power mode",
    "static_max_clocks": "Static, fastest clocks",
    "static_best_clocks": "Static, best clocks",
    "exits_max_clocks": "Early exits, fastest clocks",
    "sequential": "Network, then exits, then clocks",
    "exits_best_clocks": "Network, exits, clocks together",
    "oracle": "Oracle: not a policy",
}
FAMILIES = {
    "static_default_mode": "static",
    "static_max_clocks": "static",
    "static_best_clocks": "static",
    "exits_max_clocks": "exits",
    "sequential": "exits",
    "exits_best_clocks": "chosen",
    "oracle": "oracle",
}
VALUE_WIDTH = 112.0  # room right of the longest bar for "1,234 mJ  −31 %"


@dataclass(frozen=True, slots=True)
class Panel:
    """One column of bars with its own scale, starting at zero."""

    x: float
    width: float
    longest_j: float

    def length(self, energy_j: float) -> float:
        """Pixels for an energy."""
        return energy_j / self.longest_j * (self.width - VALUE_WIDTH)


def energy_bars(results: Results) -> Picture:
    """Seven bars in two panels: back to back, and served with the idle time between requests set apart."""
    rows = (*results.bars.values(), results.oracle)
    return drawn(lambda width: _wide(results, rows) if width == WIDE else _narrow(results, rows, width))


def tip(bar: Bar, images: int) -> str:
    """Everything known about a bar, in a line or two."""
    return (
        f"{LABELS[bar.name]}: {bar.design}. {clocks_text(bar.operating_point)}. "
        f"{energy_text(bar.energy_j)}, {latency_text(bar.latency_s)} per image, "
        f"accuracy {percent_text(bar.accuracy, accuracy_digits(images))}"
    )


def _back_to_back(bar: Bar, panel: Panel, y: float, results: Results, pattern: str) -> list[str]:
    length = panel.length(bar.energy_j)
    hint = tip(bar, results.data.splits[bar.split].n)
    css = f"bar {FAMILIES[bar.name]}"
    fill = f"url(#{pattern})" if bar.name == "oracle" else ""
    reference = results.bars["static_best_clocks"].energy_j
    return [
        svg.rect(panel.x, y, length, 18, css, radius=3, tip=hint, fill=fill),
        *_value(panel.x + length, y, bar, energy_text(bar.energy_j), bar.energy_j / reference - 1.0),
    ]


def _served(bar: Bar, panel: Panel, y: float, results: Results, pattern: str) -> list[str]:
    if bar.served_energy_j is None or bar.waiting_j is None:
        return [svg.text(panel.x, y + 13, "too slow for this rate", "value halo refused")]
    busy, waiting = panel.length(bar.served_energy_j - bar.waiting_j), panel.length(bar.waiting_j)
    reference = results.bars["static_best_clocks"].served_energy_j
    idle = f"waiting {share_text(bar.waiting_j / bar.served_energy_j)}"
    css = f"bar {FAMILIES[bar.name]}"
    fill = f"url(#{pattern})" if bar.name == "oracle" else ""
    parts = [
        svg.rect(panel.x, y, busy, 18, css, radius=3, tip=f"computing: {energy_text(bar.energy_j)}", fill=fill),
        svg.rect(panel.x + busy, y, waiting, 18, "bar waiting", radius=3, tip=f"{idle}: {energy_text(bar.waiting_j)}"),
    ]
    if waiting > svg.text_width(idle, 11) + 12:
        parts.append(svg.text(panel.x + busy + waiting - 7, y + 13, idle, "idle", anchor="end"))
    change = None if reference is None else bar.served_energy_j / reference - 1.0
    return parts + _value(panel.x + busy + waiting, y, bar, energy_text(bar.served_energy_j), change)


def _value(x: float, y: float, bar: Bar, value: str, change: float | None) -> list[str]:
    css = "value halo chosen" if bar.name == "exits_best_clocks" else "value halo"
    parts = [svg.text(x + 7, y + 13.5, value, css)]
    if change is not None and bar.name != "static_best_clocks":
        parts.append(svg.text(x + 7 + svg.text_width(value, 12) + 4, y + 13.5, change_text(change), "change halo"))
    return parts


Cells = Callable[[Bar, Panel, float, Results, str], list[str]]


def _panels(results: Results, rows: Sequence[Bar]) -> tuple[tuple[str, float, Cells], ...]:
    served = [bar.served_energy_j for bar in rows if bar.served_energy_j is not None]
    return (
        ("Back to back: one image after the other", max(bar.energy_j for bar in rows), _back_to_back),
        (
            f"Served at {rate_text(results.settings.request_rate_hz)}, waiting included",
            max(served) if served else 1.0,
            _served,
        ),
    )


def _reference(panel: Panel, energy_j: float | None, top: float, bottom: float) -> list[str]:
    if energy_j is None:
        return []
    x = panel.x + panel.length(energy_j)
    return [svg.line(x, top, x, bottom, "reference")]


def _references(results: Results) -> tuple[float, float | None]:
    static = results.bars["static_best_clocks"]
    return static.energy_j, static.served_energy_j


def _subtitle(bar: Bar, results: Results) -> str:
    accuracy = percent_text(bar.accuracy, accuracy_digits(results.data.splits[bar.split].n))
    return f"accuracy {accuracy} · {latency_text(bar.latency_s)}"


def _row_y(index: int, count: int, pitch: float) -> float:
    return index * pitch + (14 if index == count - 1 else 0)  # the bound stands apart from the real policies


def _wide(results: Results, rows: Sequence[Bar]) -> str:
    label_width, gap, pitch, top = 288.0, 24.0, 46.0, 40.0
    width = (WIDE - label_width - gap) / 2
    height = top + _row_y(len(rows) - 1, len(rows), pitch) + pitch
    parts = [svg.hatch("bound-wide", "hatch")]
    specs = _panels(results, rows)
    panels = [Panel(label_width + i * (width + gap), width, longest) for i, (_, longest, _) in enumerate(specs)]
    for panel, (heading, _, _), reference in zip(panels, specs, _references(results), strict=True):
        parts.append(svg.text(panel.x, 16, heading, "heading"))
        parts += _reference(panel, reference, 28, height - 8)
        parts.append(svg.line(panel.x, 28, panel.x, height - 8, "axis"))
    for index, bar in enumerate(rows):
        y = top + _row_y(index, len(rows), pitch)
        css = "label chosen" if bar.name == "exits_best_clocks" else "label"
        parts.append(svg.fitted_text(0, y + 8, LABELS[bar.name], css, label_width + 20, 13))
        parts.append(svg.fitted_text(0, y + 24, _subtitle(bar, results), "sub", label_width - 8, 11.5))
        for panel, (_, _, cells) in zip(panels, specs, strict=True):
            parts += cells(bar, panel, y, results, "bound-wide")
    return svg.drawing(WIDE, height, _description(results), parts, "chart wide")


def _narrow(results: Results, rows: Sequence[Bar], width: float) -> str:
    pitch, parts, y = 46.0, [svg.hatch("bound-narrow", "hatch")], 0.0
    for (heading, longest, cells), reference in zip(_panels(results, rows), _references(results), strict=True):
        panel = Panel(0.0, width, longest)
        parts.append(svg.text(0, y + 16, heading, "heading"))
        top = y + 30
        bottom = top + _row_y(len(rows) - 1, len(rows), pitch) + pitch
        parts += _reference(panel, reference, top, bottom - 6)
        for index, bar in enumerate(rows):
            row = top + _row_y(index, len(rows), pitch)
            css = "label halo chosen" if bar.name == "exits_best_clocks" else "label halo"
            parts.append(svg.fitted_text(0, row + 13, LABELS[bar.name], css, width, 12.5))
            parts += cells(bar, panel, row + 19, results, "bound-narrow")
        y = bottom + 18
    return svg.drawing(width, y - 12, _description(results), parts, "chart narrow")


def _description(results: Results) -> str:
    listed = "; ".join(
        f"{LABELS[bar.name]} {energy_text(bar.energy_j)}, served "
        f"{'not possible' if bar.served_energy_j is None else energy_text(bar.served_energy_j)}"
        for bar in (*results.bars.values(), results.oracle)
    )
    return f"Energy per image, back to back and served at {rate_text(results.settings.request_rate_hz)}: {listed}."
