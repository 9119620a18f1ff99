"""The searches of `codesign benchmark search` as a picture: hypervolume over evaluations, median and quartiles."""

from __future__ import annotations

from typing import Any

from codesign.report.scale import Scale, tick_text
from codesign.report.svg import drawing, line, path, polyline, text

LEFT, TOP, WIDTH, HEIGHT = 60.0, 48.0, 460.0, 280.0
TICKS = 5
# Colours that can be told apart without telling red from green (Okabe & Ito); more strategies repeat them, dashed.
COLOURS = ("#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#444444")
STYLE = (
    "<style>.searches{background:#fff;font:13px sans-serif;fill:#1a1d23}.axis{stroke:#cfcbc2}"
    ".curve{fill:none;stroke-width:2}.band{stroke:none;fill-opacity:.14}"
    + "".join(f".s{place}{{stroke:{colour}}}.b{place}{{fill:{colour}}}" for place, colour in enumerate(COLOURS))
    + ".again{stroke-dasharray:6 4}</style>"
)


def search_plot(result: dict[str, Any]) -> str:
    """An SVG file's text: for each strategy a line for the median over seeds and a band between the quartiles."""
    curves = {name: figures["curve"] for name, figures in result["strategies"].items()}
    last = max(curve["evaluations"][-1] for curve in curves.values())
    # From where the best begins to matter: most of the way up is the first few designs, whatever chose them.
    lowest = min(share for curve in curves.values() for share in curve["low"][len(curve["low"]) // 6 :])
    across = Scale(0.0, float(last), LEFT, LEFT + WIDTH)
    down = Scale(min(lowest, 0.999), 1.0, TOP + HEIGHT, TOP)
    seeds = len(result["seeds"])
    parts = [STYLE, text(LEFT, 20.0, f"{result['table']}, {result['device']}: share of the exact hypervolume")]
    parts += _axes(across, down)
    for place, (name, curve) in enumerate(curves.items()):
        parts += _curve(curve, across, down, place)
        beside = TOP + 16.0 + 22.0 * place
        parts.append(line(LEFT + WIDTH + 14.0, beside - 4.0, LEFT + WIDTH + 38.0, beside - 4.0, _line_css(place)))
        parts.append(text(LEFT + WIDTH + 44.0, beside, name))
    parts.append(text(LEFT, TOP + HEIGHT + 40.0, f"evaluations; median of {seeds} seeds, band: quartiles"))
    height = max(TOP + HEIGHT + 56.0, TOP + 22.0 * len(curves) + 16.0)
    label = "Share of the exact hypervolume over evaluations, for each strategy"
    picture = drawing(LEFT + WIDTH + 240.0, height, label, parts, "searches")
    return picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _axes(across: Scale, down: Scale) -> list[str]:
    parts = []
    ticks = across.ticks(TICKS)
    for tick in ticks:
        parts.append(line(across(tick), TOP, across(tick), TOP + HEIGHT, "axis"))
        parts.append(text(across(tick), TOP + HEIGHT + 18.0, f"{tick:,.0f}", anchor="middle"))
    ticks = down.ticks(TICKS)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 0.1
    for tick in ticks:
        parts.append(line(LEFT, down(tick), LEFT + WIDTH, down(tick), "axis"))
        parts.append(text(LEFT - 6.0, down(tick) + 4.0, f"{tick_text(100 * tick, 100 * step)} %", anchor="end"))
    return parts


def _curve(curve: dict[str, list[float]], across: Scale, down: Scale, place: int) -> list[str]:
    def points(shares: list[float]) -> list[tuple[float, float]]:
        """Those in the picture; what lies below it is left out."""
        return [
            (across(at), down(share))
            for at, share in zip(curve["evaluations"], shares, strict=True)
            if share >= down.low
        ]

    shown = [max(share, down.low) for share in curve["low"]]
    around = points([max(share, down.low) for share in curve["high"]]) + points(shown)[::-1]
    outline = " ".join(f"{'M' if not index else 'L'}{x:.2f},{y:.2f}" for index, (x, y) in enumerate(around))
    band = path(f"{outline}Z", f"band b{place % len(COLOURS)}")
    return [band, polyline(points(curve["median"]), _line_css(place))]


def _line_css(place: int) -> str:
    return f"curve s{place % len(COLOURS)}" + (" again" if place >= len(COLOURS) else "")
