"""A fit as a picture: predicted against measured costs of the test set, and the accuracy of each bin over rounds."""

from __future__ import annotations

import numpy as np

from codesign.predict.fitting.loop import Outcome
from codesign.report.scale import Scale, padded, tick_text
from codesign.report.svg import circle, drawing, line, polyline, text
from runtime.contract.kind import Kind

LEFT, TOP, SIDE, GAP, WIDE = 64.0, 44.0, 300.0, 96.0, 380.0
BOTTOM, LEGEND = 56.0, 130.0
COLOURS = ("#1f5fbf", "#1c7d74", "#7a9a01", "#c99a00", "#d1560f", "#a3294f", "#6b3fa0", "#4a4f57")
SMALL = 1e-3  # costs are drawn in thousandths of their unit: ms, mJ


def fit_picture(outcome: Outcome, bin_of_test: list[int], unit: str, kind: Kind, bin_accuracy: float) -> str:
    """An SVG file's text.

    Args:
        bin_of_test: the bin of each test design.
        unit: of the costs in thousandths, "ms" or "mJ".
    """
    parts = [_style(), *_scatter(outcome, bin_of_test, unit, kind), *_accuracies(outcome, bin_accuracy)]
    label = f"Predicted against {kind} costs of the test set, and accuracy of each bin over rounds"
    picture = drawing(LEFT + SIDE + GAP + WIDE + LEGEND, TOP + SIDE + BOTTOM, label, parts, "fit")
    return picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _scatter(outcome: Outcome, bin_of_test: list[int], unit: str, kind: Kind) -> list[str]:
    costs, predicted = outcome.test.costs / SMALL, outcome.predicted.mean / SMALL
    low, high = padded(float(min(costs.min(), predicted.min())), float(max(costs.max(), predicted.max())), 0.05)
    across, down = Scale(low, high, LEFT, LEFT + SIDE), Scale(low, high, TOP + SIDE, TOP)
    parts = [text(LEFT, TOP - 16.0, f"predicted against {kind} [{unit}], {len(costs)} test designs")]
    ticks = across.ticks(5)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else high - low
    for tick in (tick for tick in ticks if across.holds(tick)):
        parts += [line(across(tick), TOP, across(tick), TOP + SIDE, "axis")]
        parts += [line(LEFT, down(tick), LEFT + SIDE, down(tick), "axis")]
        parts += [text(across(tick), TOP + SIDE + 18.0, tick_text(tick, step), anchor="middle")]
        parts += [text(LEFT - 8.0, down(tick) + 4.0, tick_text(tick, step), anchor="end")]
    parts.append(line(across(low), down(low), across(high), down(high), "same"))
    for cost, guess, number in zip(costs, predicted, bin_of_test, strict=True):
        tip = f"{outcome.bins.label(number)}: {cost:.3g} {unit} {kind}, {guess:.3g} {unit} predicted"
        parts.append(circle(across(float(cost)), down(float(guess)), 3.0, f"b{number % len(COLOURS)}", tip=tip))
    parts.append(text(LEFT + SIDE / 2, TOP + SIDE + 40.0, f"{kind} [{unit}]", anchor="middle"))
    return parts


def _accuracies(outcome: Outcome, bin_accuracy: float) -> list[str]:
    left = LEFT + SIDE + GAP
    counts = [done.measured for done in outcome.rounds]
    shown = np.array([done.accuracy for done in outcome.rounds])
    lowest = min(bin_accuracy, float(np.quantile(shown, 0.02)))
    low, high = max(0.0, lowest - 0.2 * (1.0 - lowest)), 1.0
    first, last = padded(counts[0], counts[-1], 0.03)
    across, down = Scale(first, last, left, left + WIDE), Scale(low, high, TOP + SIDE, TOP)
    parts = [text(left, TOP - 16.0, "accuracy (1 - mean relative error) of each bin, by designs measured")]
    for tick in (tick for tick in down.ticks(6) if down.holds(tick)):
        parts += [line(left, down(tick), left + WIDE, down(tick), "axis")]
        parts += [text(left - 8.0, down(tick) + 4.0, f"{100 * tick:.3g} %", anchor="end")]
    for count in sorted({counts[0], counts[len(counts) // 2], counts[-1]}):
        parts += [text(across(count), TOP + SIDE + 18.0, f"{count}", anchor="middle")]
    parts.append(line(left, down(bin_accuracy), left + WIDE, down(bin_accuracy), "same"))
    for number in range(len(outcome.bins)):
        css = f"b{number % len(COLOURS)}"
        places = [(across(n), down(max(low, float(a)))) for n, a in zip(counts, shown[:, number], strict=True)]
        parts.append(polyline(places, f"curve {css}"))
        parts += [circle(x, y, 2.5, css) for x, y in places]
        beside = TOP + 12.0 + 20.0 * number
        parts.append(circle(left + WIDE + 16.0, beside - 4.0, 4.0, css))
        parts.append(text(left + WIDE + 26.0, beside, outcome.bins.label(number)))
    parts.append(text(left + WIDE / 2, TOP + SIDE + 40.0, "designs measured to learn from", anchor="middle"))
    return parts


def _style() -> str:
    fills = "".join(f".b{n}{{fill:{colour}}}.curve.b{n}{{stroke:{colour}}}" for n, colour in enumerate(COLOURS))
    return (
        "<style>.fit{background:#fff;font:13px sans-serif;fill:#1a1d23}.axis{stroke:#e3e0d9}"
        f".same{{stroke:#4a4f57;stroke-dasharray:5 4}}{fills}.curve{{fill:none!important;stroke-width:1.5}}</style>"
    )
