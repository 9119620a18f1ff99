from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError
from runtime.governor.forecast import Forecast

from .offered import modes


def test_a_rise_is_followed_at_once_and_a_lull_with_care() -> None:
    forecast = Forecast(modes(), 1.0, 0.0)
    for k in range(1, 9):
        forecast.arrived(10, 0.5 * k)
    assert forecast.requests_per_s == pytest.approx(20.0, rel=0.15)
    for k in range(9, 17):
        forecast.arrived(0, 0.5 * k)
    assert forecast.requests_per_s > 2.0


def test_arrivals_at_one_moment_are_counted_with_the_next() -> None:
    forecast, same = Forecast(modes(), 0.0, 0.0), Forecast(modes(), 0.0, 0.0)
    forecast.arrived(3, 0.0)
    forecast.arrived(2, 1.0)
    same.arrived(5, 1.0)
    assert forecast.requests_per_s == same.requests_per_s > 0.0


def test_exits_start_as_the_bundle_expects_and_become_what_is_seen() -> None:
    forecast = Forecast(modes(), 1.0, 0.0)
    assert forecast.exit_shares()["balanced"] == pytest.approx((0.7, 0.3))
    for _ in range(5000):
        forecast.left("balanced", 1)
    assert forecast.exit_shares()["balanced"][1] > 0.97
    assert forecast.exit_shares()["frugal"] == pytest.approx((0.9, 0.1))


def test_many_images_at_once_weigh_as_much_as_one_by_one_but_forget_at_once() -> None:
    forecast = Forecast(modes(), 1.0, 0.0)
    forecast.left("balanced", 1, 100)
    assert forecast.exit_shares()["balanced"] == pytest.approx((35 / 150, 115 / 150), abs=0.01)
    forecast.left("balanced", 0, 100_000)
    assert forecast.exit_shares()["balanced"][0] > 0.99


@given(exits=st.lists(st.integers(0, 1), max_size=300))
def test_shares_always_sum_to_one(exits: list[int]) -> None:
    forecast = Forecast(modes(), 1.0, 0.0)
    for exit_index in exits:
        forecast.left("balanced", exit_index)
    assert sum(forecast.exit_shares()["balanced"]) == pytest.approx(1.0, abs=1e-12)


def test_a_rate_that_cannot_be_is_refused() -> None:
    with pytest.raises(ConfigError, match="a rate must be 0 per second or more"):
        Forecast(modes(), float("nan"), 0.0)
