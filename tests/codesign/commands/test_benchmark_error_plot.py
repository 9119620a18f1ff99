"""codesign/commands/benchmark_error_plot.py"""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np

from codesign.commands.benchmark_error_plot import error_plot
from codesign.predict.clocks.held_out import HeldOut

SVG = "{http://www.w3.org/2000/svg}"


def found(model: str, *errors: float) -> HeldOut:
    return HeldOut(model, "b", "w", 0, 5, np.array(errors), None)


def test_every_quantity_has_a_curve_for_each_model_with_its_name() -> None:
    drawn = error_plot({"latency": [found("house", 0.01, 0.02), found("a<b", 0.1)], "board_w": [found("house", 0.03)]})
    root = ElementTree.fromstring(drawn)  # noqa: S314 - written by ourselves
    assert len(root.findall(f"{SVG}polyline")) == 3
    texts = [element.text for element in root.findall(f"{SVG}text")]
    assert texts.count("house") == 2
    assert "a<b" in texts
    assert any(str(text).startswith("board_w: share of held-out cells") for text in texts)


def test_errors_off_the_axis_are_drawn_at_its_edge() -> None:
    root = ElementTree.fromstring(error_plot({"latency": [found("house", 0.0, 50.0)]}))  # noqa: S314
    curve = root.find(f"{SVG}polyline")
    assert curve is not None
    across = [float(point.split(",")[0]) for point in str(curve.get("points")).split()]
    assert any("over 200%: at the edge" in str(text.text) for text in root.findall(f"{SVG}text"))
    assert min(across) == 56.0
    assert max(across) == 476.0
