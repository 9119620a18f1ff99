"""The standings of `codesign benchmark predictors` as a picture: each model's error and rank correlation."""

from __future__ import annotations

from typing import Any

from codesign.report.scale import Scale, tick_text
from codesign.report.svg import drawing, line, rect, text

LEFT, TOP, WIDTH, ROW, GAP = 190.0, 64.0, 300.0, 22.0, 40.0
BAR = 13.0
WORST_ERROR, WORST_RANK = 1.0, 0.0  # figures beyond are drawn at the edge
TICKS = 4
STYLE = (
    "<style>.standings{background:#fff;font:13px sans-serif;fill:#1a1d23}.axis{stroke:#cfcbc2}.bar{fill:#7f97b5}"
    ".bar.house{fill:#d1560f}.spread{stroke:#1a1d23;stroke-width:1.5}.name.house{font-weight:600}</style>"
)


def standings_plot(result: dict[str, Any]) -> str:
    """An SVG file's text: one row per model and encoding, the smallest error first."""
    rows = result["results"]
    bottom = TOP + ROW * len(rows)
    largest = max((row["mape"] + row["mape_std"] for row in rows if row["mape"] is not None), default=WORST_ERROR)
    errors = Scale(0.0, min(largest * 1.05, WORST_ERROR), LEFT, LEFT + WIDTH)
    ranks = Scale(WORST_RANK, 1.0, LEFT + WIDTH + GAP, LEFT + 2 * WIDTH + GAP)
    title = f"{result['target']}, {result['cost']}: {result['samples']} samples, {result['seeds']} seeds"
    parts = [STYLE, text(LEFT, 20.0, title)]
    parts += _axis(errors, "MAPE (less is better)", bottom, per_cent=True)
    parts += _axis(ranks, "Spearman (more is better)", bottom, per_cent=False)
    for number, row in enumerate(rows):
        middle = TOP + ROW * (number + 0.5)
        house = " house" if row["model"] == "house" else ""
        parts.append(text(LEFT - 8.0, middle + 4.5, f"{row['model']}, {row['encoding']}", f"name{house}", anchor="end"))
        for scale, key in ((errors, "mape"), (ranks, "spearman")):
            if row[key] is not None:
                parts += _bar(scale, row[key], row[f"{key}_std"], middle, f"bar{house}")
    label = "Mean absolute percentage error and rank correlation of each predictor"
    picture = drawing(LEFT + 2 * WIDTH + GAP + 30.0, bottom + 30.0, label, parts, "standings")
    return picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _axis(scale: Scale, title: str, bottom: float, *, per_cent: bool) -> list[str]:
    parts = [text(scale.start, TOP - 22.0, title)]
    ticks = scale.ticks(TICKS)
    for tick in ticks:
        step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
        shown = f"{tick_text(100 * tick, 100 * step)} %" if per_cent else tick_text(tick, step)
        parts.append(line(scale(tick), TOP - 4.0, scale(tick), bottom, "axis"))
        parts.append(text(scale(tick), bottom + 16.0, shown, anchor="middle"))
    return parts


def _bar(scale: Scale, value: float, spread: float, middle: float, css: str) -> list[str]:
    def inside(figure: float) -> float:
        return scale(min(max(figure, scale.low), scale.high))

    tip = f"{value:.4f} ± {spread:.4f}"
    bar = rect(scale.start, middle - BAR / 2, inside(value) - scale.start, BAR, css, tip=tip)
    return [bar, line(inside(value - spread), middle, inside(value + spread), middle, "spread")]
