"""codesign/commands/benchmark_predictors_plot.py"""

from __future__ import annotations

from xml.etree import ElementTree

from codesign.commands.benchmark_predictors_plot import standings_plot
from tests.codesign.commands.standings import result_with

SVG = "{http://www.w3.org/2000/svg}"


def test_every_model_has_two_bars_beside_its_name_and_the_house_model_stands_out() -> None:
    root = ElementTree.fromstring(standings_plot(result_with(("house", 0.01), ("a<b", 0.2))))  # noqa: S314 - our own
    bars = [element.get("class") for element in root.findall(f"{SVG}rect")]
    assert bars == ["bar house", "bar house", "bar", "bar"]
    texts = [element.text for element in root.findall(f"{SVG}text")]
    assert {"house, fcc", "a<b, fcc"} <= set(texts)


def test_an_error_beyond_the_axis_is_drawn_at_its_edge() -> None:
    root = ElementTree.fromstring(standings_plot(result_with(("house", 0.5), ("bad", 9.0))))  # noqa: S314
    widths = [float(element.get("width", "nan")) for element in root.findall(f"{SVG}rect")]
    assert widths[2] == max(widths[0], widths[2]) == 300.0
