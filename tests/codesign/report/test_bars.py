"""The energy bars."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import pytest

from codesign.report.bars import FAMILIES, LABELS, VALUE_WIDTH, Panel, energy_bars
from codesign.report.results import BAR_NAMES, results_from

from .sample import sample


def bars_of(table: dict[str, Any], which: str = "wide") -> list[dict[str, str]]:
    root = ElementTree.fromstring(getattr(energy_bars(results_from(table)), which))  # noqa: S314 - our own output
    return [dict(rect.attrib) for rect in root.iter("rect") if rect.get("class", "").startswith("bar ")]


def width(rect: dict[str, str]) -> float:
    return float(rect["width"])


def test_lengths_are_in_proportion_to_energies_from_zero() -> None:
    back_to_back = [rect for rect in bars_of(sample()) if rect["x"] == "288"]
    by_name = {bar["name"]: bar["energy_j"] for bar in (*sample()["bars"], sample()["oracle"])}
    ratios = [width(rect) / by_name[name] for rect, name in zip(back_to_back, (*BAR_NAMES, "oracle"), strict=True)]
    assert ratios == pytest.approx([ratios[0]] * 7, rel=1e-3)


def test_waiting_is_drawn_apart_and_together_they_are_what_is_served() -> None:
    rects = bars_of(sample())
    waiting = [i for i, rect in enumerate(rects) if rect["class"] == "bar waiting"]
    assert len(waiting) == 7
    parts = [(width(rects[i - 1]), width(rects[i])) for i in waiting]
    bars = {bar["name"]: bar for bar in (*sample()["bars"], sample()["oracle"])}
    for (busy, idle), name in zip(parts, (*BAR_NAMES, "oracle"), strict=True):
        share = bars[name]["energy_j"] / bars[name]["served_energy_j"]
        assert busy / (busy + idle) == pytest.approx(share, abs=2e-3)


@pytest.mark.parametrize("which", ["wide", "narrow"])
def test_a_rate_that_cannot_be_served_has_words_and_no_bar(which: str) -> None:
    table = sample()
    for bar in (*table["bars"], table["oracle"]):
        bar["served_energy_j"] = None
    assert not [rect for rect in bars_of(table, which) if rect["class"] == "bar waiting"]
    assert getattr(energy_bars(results_from(table)), which).count("too slow for this rate") == 7


def test_only_the_oracle_is_hatched() -> None:
    hatched = [rect["class"] for rect in bars_of(sample()) if rect.get("fill", "").startswith("url(#")]
    assert hatched == ["bar oracle", "bar oracle"]


def test_the_two_drawings_share_no_identity() -> None:
    picture = energy_bars(results_from(sample()))
    wide, narrow = (re.findall(r'id="([^"]+)"', svg) for svg in (picture.wide, picture.narrow))
    assert wide
    assert not set(wide) & set(narrow)


def test_every_bar_has_a_label_and_a_family() -> None:
    assert set(LABELS) == set(FAMILIES) == {*BAR_NAMES, "oracle"}


@pytest.mark.parametrize("which", ["wide", "narrow"])
def test_no_bar_leaves_room_too_small_for_its_value(which: str) -> None:
    panel = Panel(0.0, 300.0, 0.008)
    assert panel.length(0.008) == 300.0 - VALUE_WIDTH
    full = 960.0 if which == "wide" else 340.0
    assert max(float(rect["x"]) + width(rect) for rect in bars_of(sample(), which)) <= full - VALUE_WIDTH + 0.01
