from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from codesign.commands.benchmark_search_plot import COLOURS, search_plot


def result(strategies: int, low: float = 0.9) -> dict[str, Any]:
    curve = {"evaluations": [1, 10, 20], "low": [0.0, low, low], "median": [0.5, 0.97, 0.98], "high": [0.6, 0.99, 1.0]}
    names = [f"strategy-{place}" for place in range(strategies)]
    return {
        "table": "T<1>.npz",
        "device": "tx2",
        "seeds": [0, 1],
        "strategies": {name: {"curve": curve} for name in names},
    }


@pytest.mark.parametrize("strategies", [1, len(COLOURS) + 2])
def test_every_strategy_has_a_line_a_band_and_its_name(strategies: int) -> None:
    picture = search_plot(result(strategies))
    root = ElementTree.fromstring(picture)  # noqa: S314
    assert picture.count("<polyline") == strategies == picture.count('class="band')
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {f"strategy-{place}" for place in range(strategies)} <= set(texts)
    assert picture.count(" again") == 2 * max(0, strategies - len(COLOURS))  # the line and its key


def test_nothing_is_drawn_below_the_axis() -> None:
    root = ElementTree.fromstring(search_plot(result(2)))  # noqa: S314
    for line in root.iter("{http://www.w3.org/2000/svg}polyline"):
        heights = [float(point.split(",")[1]) for point in line.attrib["points"].split()]
        assert max(heights) <= 48.0 + 280.0


def test_searches_that_all_end_at_the_top_have_an_axis_too() -> None:
    ElementTree.fromstring(search_plot(result(1, low=1.0)))  # noqa: S314
