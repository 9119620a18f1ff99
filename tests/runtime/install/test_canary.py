"""The lot by which boards of a fleet try a bundle first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.errors import ConfigError
from runtime.install.canary import is_chosen, lot, share_of

DEVICES = [f"device-{k}" for k in range(4000)]


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_share_is_about_that_share_of_the_fleet(share: float) -> None:
    chosen = sum(is_chosen(device, "bundle", share) for device in DEVICES)
    error = (share * (1 - share) * len(DEVICES)) ** 0.5
    assert abs(chosen - share * len(DEVICES)) < 4 * error


def test_nobody_and_everybody() -> None:
    assert not any(is_chosen(device, "bundle", 0.0) for device in DEVICES)
    assert all(is_chosen(device, "bundle", 1.0) for device in DEVICES)


@given(device=st.text(max_size=20), bundle=st.text(max_size=20), shares=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_who_is_of_a_share_is_of_any_larger_one(device: str, bundle: str, shares: tuple[float, float]) -> None:
    small, large = sorted(shares)
    assert is_chosen(device, bundle, large) or not is_chosen(device, bundle, small)
    assert lot(device, bundle) == lot(device, bundle)


def test_another_bundle_is_tried_by_others() -> None:
    first, second = ({d for d in DEVICES if is_chosen(d, bundle, 0.1)} for bundle in ("one", "two"))
    assert len(first & second) < 0.25 * len(first)


@pytest.mark.parametrize(("text", "share"), [("10%", 0.1), ("10 %", 0.1), ("0.25", 0.25), ("1", 1.0), ("2.5%", 0.025)])
def test_shares_are_read_as_people_write_them(text: str, share: float) -> None:
    assert share_of(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "-1", "101%", "1.5", "ten", "10%%", "nan"])
def test_what_is_no_share_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"a share of a fleet is 0 % to 100 %"):
        share_of(text)
