"""Accuracy against energy."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.report.findings import Point
from codesign.report.fronts import MOST_CLOUD_POINTS, front_picture, hidden_points, pareto
from codesign.report.results import results_from

from .sample import cloud, mode, sample

POINTS = st.lists(st.builds(Point, st.floats(0, 1), st.floats(1e-4, 1), st.just(0.001)), max_size=30)


def drawn(table: dict[str, Any], which: str) -> ElementTree.Element:
    return ElementTree.fromstring(getattr(front_picture(results_from(table)), which))  # noqa: S314 - our own output


@given(POINTS)
def test_a_front_holds_what_nothing_beats_and_climbs(points: list[Point]) -> None:
    front = pareto(points)
    assert all(a.energy_j < b.energy_j and a.accuracy < b.accuracy for a, b in pairwise(front))
    for point in points:
        assert any(kept.energy_j <= point.energy_j and kept.accuracy >= point.accuracy for kept in front)


@pytest.mark.parametrize("which", ["wide", "narrow"])
def test_every_mode_is_ringed_and_named_on_the_paper_and_names_do_not_overlap(which: str) -> None:
    table = sample()
    table["modes"] += [
        {**mode(f"mode {i}", 0.985 + 0.0003 * i, 0.0041 + 0.00001 * i, (0.5, 0.2, 0.2, 0.1))} for i in range(3)
    ]
    root = drawn(table, which)
    rings = [e for e in root.iter("circle") if e.get("class", "").startswith("ring")]
    names = [e for e in root.iter("text") if "mode-label" in e.get("class", "")]
    assert len(rings) == len(names) == 6
    places = [(float(e.get("x", "nan")), float(e.get("y", "nan")), len(e.text or "") * 13 * 0.6) for e in names]
    full = float(root.get("viewBox", "").split()[2])
    assert all(x - w / 2 >= 0 and x + w / 2 <= full for x, _, w in places)
    for i, (x, y, w) in enumerate(places):
        assert all(abs(y - y2) >= 17 or abs(x - x2) >= (w + w2) / 2 - 0.1 for x2, y2, w2 in places[:i])


def test_an_enormous_cloud_is_thinned() -> None:
    table = sample()
    table["fronts"]["searched"] = cloud(20_000)
    dots = re.search(r'class="cloud" d="([^"]*)"', front_picture(results_from(table)).wide)
    assert dots is not None
    assert MOST_CLOUD_POINTS / 2 < dots.group(1).count("h0") <= MOST_CLOUD_POINTS


def test_what_lies_outside_the_picture_is_counted() -> None:
    table = sample()
    before = hidden_points(results_from(table))
    table["fronts"]["searched"] += [{"accuracy": 0.1, "energy_j": 0.5, "latency_s": 0.1}] * 7
    assert hidden_points(results_from(table)) == before + 7


def test_the_arrow_shows_the_larger_saving_and_no_arrow_a_loss() -> None:
    table = sample()
    assert "34 % less" in front_picture(results_from(table)).wide.replace("\u00a0", " ")
    for gain in table["gains"].values():
        gain["saving_vs_static"] = -0.2
    assert "arrow" not in front_picture(results_from(table)).wide


def test_empty_fronts_and_a_lonely_mode_still_make_a_picture() -> None:
    table = sample()
    table["modes"] = [table["modes"][1]]
    table["fronts"] |= {"static": [], "single": [], "chain": [], "searched": []}
    table["gains"] = {"single": None, "chain": None}
    assert len(list(drawn(table, "wide").iter("circle"))) == 1


def test_energies_that_span_decades_get_a_logarithmic_axis_that_says_so() -> None:
    table = sample()
    assert "logarithmic" not in front_picture(results_from(table)).wide
    table["fronts"]["static"].append({"accuracy": 0.995, "energy_j": 0.2, "latency_s": 0.02})
    assert "mJ (logarithmic)" in front_picture(results_from(table)).wide
