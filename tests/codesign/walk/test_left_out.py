"""codesign/walk/left_out.py"""

from __future__ import annotations

import pytest

from codesign.walk.left_out import left_out, remaining_points
from runtime.boards.profile import profile
from runtime.contract.errors import ConfigError

POINTS = profile("tx2").points("gpu")


def test_nothing_left_out_limits_nothing() -> None:
    assert remaining_points((), POINTS) is None


def test_a_clock_is_named_by_the_megahertz_that_people_say() -> None:
    found = left_out("gpu=115")  # the table has 114.75
    gpus = {point.gpu_hz for point in POINTS if found.holds(point)}
    assert gpus == {114_750_000}


def test_ranges_hold_their_ends_and_lists_add_up() -> None:
    kept = remaining_points(("emc=0-665", " CPU=2035 "), POINTS)
    assert kept is not None
    remaining = [POINTS[number] for number in kept]
    assert {point.emc_hz for point in remaining} == {p.emc_hz for p in POINTS if p.emc_hz > 666_000_000}
    assert max(point.cpu_hz for point in remaining) < 2_034_000_000
    assert len(kept) + sum(p.emc_hz <= 666_000_000 or p.cpu_hz > 2_034_000_000 for p in POINTS) == len(POINTS)


@pytest.mark.parametrize("text", ["gpu", "gpu=fast", "npu=300", "gpu=300-", "", "gpu=300=400"])
def test_what_names_no_clock_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"takes cpu=, gpu= or emc= with MHz[^\n]*\n  to do: write for example"):
        left_out(text)


def test_a_range_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ConfigError, match="the range ends before it begins"):
        left_out("gpu=400-300")


def test_a_clock_that_the_device_lacks_is_refused_with_those_it_has() -> None:
    with pytest.raises(ConfigError, match=r"no such clock\n  to do: gpu has 114\.75, 216\.75, .* MHz"):
        remaining_points(("gpu=99999",), POINTS)


def test_leaving_out_everything_is_refused() -> None:
    with pytest.raises(ConfigError, match="leaves no operating point"):
        remaining_points(("gpu=0-99999",), POINTS)
