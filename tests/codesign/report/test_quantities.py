"""Numbers as a person reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.report import quantities as show
from runtime.contract.operating_point import OperatingPoint


def plain(text: str) -> str:
    return text.replace(show.NBSP, " ")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(4.1234, "4.12"), (41.234, "41.2"), (412.34, "412"), (4123.4, "4,123"), (0.041234, "0.0412"), (9.996, "10.0")],
)
def test_three_digits_are_kept_and_never_an_exponent(value: float, shown: str) -> None:
    assert show.significant(value) == shown


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_what_is_shown_is_within_half_a_per_cent_of_what_is_meant(value: float) -> None:
    assert float(show.significant(value).replace(",", "")) == pytest.approx(value, rel=0.0051)


@pytest.mark.parametrize(
    ("change", "shown"),
    [(-0.3246, "−32 %"), (-0.0314, "−3.1 %"), (0.042, "+4.2 %"), (0.0004, "±0 %"), (-0.0004, "±0 %"), (1.5, "+150 %")],
)
def test_a_change_keeps_its_sign_and_nothing_is_called_nothing(change: float, shown: str) -> None:
    assert plain(show.change_text(change)) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 %"),
        (0.0004, "<0.1 %"),
        (0.031, "3.1 %"),
        (0.58, "58 %"),
        (0.997, "99.7 %"),
        (0.9999, ">99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_none_or_all_only_where_it_is(share: float, shown: str) -> None:
    assert plain(show.share_text(share)) == shown


def test_units_change_only_on_display() -> None:
    assert plain(show.energy_text(0.00412)) == "4.12 mJ"
    assert plain(show.latency_text(0.00132)) == "1.32 ms"
    point = OperatingPoint(cpu_hz=1_190_400_000, gpu_hz=510_000_000, emc_hz=2_133_000_000)
    assert plain(show.clocks_text(point)) == "CPU 1,190 · GPU 510 · EMC 2,133 MHz"
    assert plain(show.macs_text(5.1e6)) == "5.10 M"
    assert plain(show.size_text(1.34e9)) == "1.34 GB"
    assert plain(show.duration_text(812.4)) == "13 min 32 s"
    assert plain(show.duration_text(7300)) == "2 h 1 min"
    assert plain(show.power_text(1.2e-7)) == "1.2 × 10⁻⁷"
    assert show.rate_text(30.0) == "30 requests/s"
    assert show.rate_text(0.5) == "0.50 requests/s"


def test_points_are_signed_and_rounding_to_nought_loses_the_sign() -> None:
    assert show.points_text(-0.0278) == "−2.8 points"
    assert show.points_text(0.0278) == "+2.8 points"
    assert show.points_text(-0.0001) == "±0 points"


def test_a_date_is_spelled_out_with_its_zone() -> None:
    assert show.date_text("2026-11-21T04:30:00+00:00") == "21 November 2026, 04:30 UTC"


def test_more_images_earn_more_decimals() -> None:
    assert (show.accuracy_digits(360), show.accuracy_digits(10_000)) == (1, 2)


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_holds_the_observed_share_and_stays_within_nought_and_one(pair: tuple[int, int]) -> None:
    right, images = pair
    low, high = show.interval(right / images, images)
    assert 0.0 <= low <= right / images + 1e-12
    assert right / images - 1e-12 <= high <= 1.0


def test_the_interval_is_wilsons() -> None:
    low, high = show.interval(0.5, 100)  # (0.5 ± 1.96 √(0.25/100 + 1.96²/40000)) with the centre at 0.5
    assert (low, high) == pytest.approx((0.40383, 0.59617), abs=1e-5)
