"""Lower and upper limits by the rules of old and new kernels."""

from __future__ import annotations

import errno

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.behaviour.limits import Limits, whole_number

TABLE_HZ = (100, 200, 300, 400)
asks = st.lists(st.tuples(st.booleans(), st.integers(0, 500)), max_size=20)


def test_an_old_kernel_refuses_limits_that_cross() -> None:
    limits = Limits(TABLE_HZ, strict=True)
    limits.ask_high(200)
    with pytest.raises(OSError, match="Invalid argument") as caught:
        limits.ask_low(300)
    assert caught.value.errno == errno.EINVAL
    limits.ask_low(200)
    with pytest.raises(OSError, match="Invalid argument"):
        limits.ask_high(100)
    assert (limits.low_hz, limits.high_hz) == (200, 200)


def test_a_new_kernel_takes_both_and_the_change_shows_with_the_second() -> None:
    limits = Limits(TABLE_HZ, strict=False)
    limits.ask_high(200)
    limits.ask_low(300)
    assert (limits.low_hz, limits.high_hz) == (200, 200)
    limits.ask_high(400)
    assert (limits.low_hz, limits.high_hz) == (300, 400)


def test_limits_beyond_the_table_are_its_ends() -> None:
    limits = Limits(TABLE_HZ, strict=False)
    limits.ask_high(2_147_483_647)
    limits.ask_low(1)
    assert (limits.low_hz, limits.high_hz) == (100, 400)


def test_cooling_lowers_both_limits_and_gives_them_back() -> None:
    limits = Limits(TABLE_HZ, strict=True)
    limits.ask_low(400)
    limits.cooling_cap_hz = 200
    assert (limits.low_hz, limits.high_hz) == (200, 200)
    limits.cooling_cap_hz = None
    assert (limits.low_hz, limits.high_hz) == (400, 400)


@pytest.mark.parametrize(("hz", "down", "up"), [(50, 100, 100), (200, 200, 200), (250, 200, 300), (999, 400, 400)])
def test_values_between_entries_snap_down_or_up(hz: int, down: int, up: int) -> None:
    limits = Limits(TABLE_HZ, strict=False)
    assert (limits.snap_down(hz), limits.snap_up(hz)) == (down, up)


@given(asks=asks, strict=st.booleans())
def test_whatever_is_asked_the_limits_never_cross(asks: list[tuple[bool, int]], strict: bool) -> None:
    limits = Limits(TABLE_HZ, strict=strict)
    for low, hz in asks:
        try:
            (limits.ask_low if low else limits.ask_high)(hz)
        except OSError:
            assert strict
        assert TABLE_HZ[0] <= limits.low_hz <= limits.high_hz <= TABLE_HZ[-1]


@pytest.mark.parametrize(("text", "number"), [("5", 5), (" 7\n", 7), ("0\0", 0)])
def test_a_driver_reads_one_whole_number(text: str, number: int) -> None:
    assert whole_number(text) == number


@pytest.mark.parametrize("text", ["", "fast", "1 2", "-1", "1.5"])
def test_a_driver_refuses_anything_else(text: str) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        whole_number(text)
