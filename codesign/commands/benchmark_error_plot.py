"""Held-out errors of models as a picture: what share of cells is off by no more than so much."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from codesign.predict.clocks.held_out import HeldOut
from codesign.report.scale import Scale
from codesign.report.svg import drawing, line, polyline, text
from runtime.contract.arrays import FloatArray

LEFT, TOP, WIDTH, HEIGHT, GAP = 56.0, 40.0, 420.0, 200.0, 64.0
SMALLEST, LARGEST = 1e-4, 2.0  # errors beyond are drawn at the edge
TICKS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
P95 = 0.95
POINTS = 200  # of a curve
STYLE = (
    "<style>.errors{background:#fff;font:13px sans-serif;fill:#1a1d23}.axis{stroke:#cfcbc2}"
    ".curve{fill:none;stroke-width:2}.m0{stroke:#d1560f;fill:none}.m1{stroke:#1f5fbf;fill:none;stroke-dasharray:6 4}"
    ".m2{stroke:#1c7d74;fill:none;stroke-dasharray:3 7;stroke-dashoffset:-6.5}</style>"  # falls into the gaps of .m1
)


def error_plot(quantities: Mapping[str, Sequence[HeldOut]]) -> str:
    """An SVG file's text: one panel for each quantity, one curve for each model, the errors' axis logarithmic."""
    parts = [STYLE]
    for index, (quantity, found) in enumerate(quantities.items()):
        parts += _panel(quantity, found, TOP + index * (HEIGHT + GAP + TOP))
    height = len(quantities) * (HEIGHT + GAP + TOP) + 8.0
    picture = drawing(
        LEFT + WIDTH + 160.0, height, "Share of held-out cells by relative error, for each model", parts, "errors"
    )
    return picture.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) + "\n"


def _panel(quantity: str, found: Sequence[HeldOut], top: float) -> list[str]:
    across = Scale(SMALLEST, LARGEST, LEFT, LEFT + WIDTH, logarithmic=True)
    down = Scale(0.0, 1.0, top + HEIGHT, top)
    beyond = f" (over {LARGEST:.0%}: at the edge)" if max(float(one.errors.max()) for one in found) > LARGEST else ""
    parts = [text(LEFT, top - 12.0, f"{quantity}: share of held-out cells off by at most …{beyond}")]
    for tick in TICKS:
        parts += [line(across(tick), top, across(tick), top + HEIGHT, "axis")]
        parts += [text(across(tick), top + HEIGHT + 18.0, f"{100 * tick:g} %", anchor="middle")]
    for share in (0.0, 0.5, P95, 1.0):
        parts += [line(LEFT, down(share), LEFT + WIDTH, down(share), "axis")]
        # Beside the axis, but for 95%, which has no room there below 100%.
        x, lower, anchor = (LEFT - 8.0, 4.0, "end") if share != P95 else (LEFT + 4.0, 14.0, "start")
        parts += [text(x, down(share) + lower, f"{share:.0%}", anchor=anchor)]
    for place, model in enumerate(dict.fromkeys(one.model for one in found)):
        errors: FloatArray = np.concatenate([one.errors for one in found if one.model == model])
        shares = np.linspace(0.0, 1.0, POINTS)
        edges = np.clip(np.quantile(errors, shares), SMALLEST, LARGEST)
        points = [(across(float(edge)), down(float(share))) for edge, share in zip(edges, shares, strict=True)]
        parts.append(polyline(points, f"curve m{place}"))
        beside = top + 20.0 + 22.0 * place
        parts.append(line(LEFT + WIDTH + 14.0, beside - 4.0, LEFT + WIDTH + 38.0, beside - 4.0, f"curve m{place}"))
        parts.append(text(LEFT + WIDTH + 44.0, beside, model))
    return parts
