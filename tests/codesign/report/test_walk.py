"""The walk of a mode."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from codesign.report.results import results_from
from codesign.report.walk import starts_afresh, walk_picture, work_picture

from .sample import sample


def default(table: dict[str, Any]) -> Any:
    return results_from(table).default_mode


@pytest.mark.parametrize("which", ["wide", "narrow"])
@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_each_stage_has_a_gate_and_each_exit_that_is_used_a_ribbon(which: str, count: int) -> None:
    shares = [1.0] if count == 1 else [0.0, *[1.0 / (count - 1)] * (count - 1)]
    mode = default(sample(shares=shares, labels=[f"A · block {i}" for i in range(count)]))
    root = ElementTree.fromstring(getattr(walk_picture(mode), which))  # noqa: S314 - our own output
    assert len([e for e in root.iter("rect") if e.get("class", "").startswith("gate")]) == count
    assert len([e for e in root.iter("path") if e.get("class", "").startswith("ribbon")]) == max(count - 1, 1)
    assert "".join(root.itertext()).count("nobody leaves here") == (0 if count == 1 else 1)


def test_a_fresh_start_is_where_the_backbone_changes() -> None:
    exits = default(sample()).exits
    assert [starts_afresh(exits, i) for i in range(4)] == [False, False, False, True]
    assert "fresh start from the image" in walk_picture(default(sample())).wide
    one = sample(labels=[f"A · block {i}" for i in range(4)])
    assert "fresh start" not in walk_picture(default(one)).wide


def test_ribbons_are_as_thick_as_the_share_that_leaves() -> None:
    root = ElementTree.fromstring(walk_picture(default(sample())).wide)  # noqa: S314 - our own output
    ribbons = [e.get("d", "") for e in root.iter("path") if e.get("class", "").startswith("ribbon")]
    thickness = [float(d.split("h-")[1].split("V")[0]) for d in ribbons]
    total = sum(thickness)
    assert [t / total for t in thickness] == pytest.approx([0.58, 0.17, 0.14, 0.11], abs=0.005)


def test_the_mean_work_is_the_area_under_those_still_running() -> None:
    mode = default(sample())
    running, at, area = 1.0, 0.0, 0.0
    for exit_ in mode.exits:
        area += running * (exit_.macs - at)
        running, at = running - exit_.test_share, exit_.macs
    assert mode.macs == pytest.approx(area)


@pytest.mark.parametrize("full_macs", [1e3, 5.1e6, 9e9])
def test_the_work_picture_speaks_in_round_units(full_macs: float) -> None:
    picture = work_picture(default(sample()), full_macs)
    unit = "billion" if full_macs > 1e9 else "million"
    assert f"{unit} multiply-accumulates so far" in picture.wide
    assert "full network" in picture.narrow
