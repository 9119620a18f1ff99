from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree

import pytest

from runtime.contract.errors import DataError
from runtime.governor.picture import picture
from runtime.governor.replay import Step, replay_trace
from runtime.governor.signals import Signals

from .offered import RULES, offers


def _steps(count: int = 200) -> list[Step]:
    rows = [Signals(0.5 * k, 1, 5.0 if k < 100 else 250.0, temperature_c=40.0 + k / 10) for k in range(count)]
    return list(replay_trace(rows, RULES, offers()))


def test_the_picture_is_one_whole_svg_with_a_line_for_everything_that_is_known() -> None:
    root = ElementTree.fromstring(picture(_steps(), "balanced", "a <trace>"))  # noqa: S314 (our own)
    lines = root.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 6
    assert "a <trace>" in "".join(root.itertext())


def test_what_no_row_knows_gets_no_line() -> None:
    cold = [replace(step, signals=replace(step.signals, temperature_c=None)) for step in _steps()]
    drawn = picture(cold, "balanced", "t")
    assert "°C" not in drawn
    assert drawn.count("<polyline") == 5


def test_another_mode_is_shaded_from_when_it_is_served_to_when_it_ends() -> None:
    shaded = picture(_steps(), "balanced", "t")
    assert shaded.count('class="s"') == 6  # once per panel
    assert picture(_steps(90), "balanced", "t").count('class="s"') == 0


def test_a_week_of_moments_is_thinned_to_what_can_be_seen() -> None:
    assert len(picture(_steps(20_000), "balanced", "t")) < 600_000


def test_one_moment_is_no_picture() -> None:
    with pytest.raises(DataError, match="two moments"):
        picture(_steps(1), "balanced", "t")
