from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from runtime.contract.errors import ConfigError
from runtime.governor.rules import Rules

PLAIN = Rules(mode="balanced", shed_to=("frugal",))


def test_a_switch_is_held_fifty_times_as_long_as_it_takes() -> None:
    assert replace(PLAIN, settle_s=0.008).dwell_s == pytest.approx(0.4)


def test_the_normal_mode_comes_before_those_that_are_shed_to() -> None:
    assert PLAIN.modes == ("balanced", "frugal")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"deadline_s": 0.0}, "deadline_s must be above 0"),
        ({"settle_s": float("nan")}, "settle_s must be above 0"),
        ({"on_time": 1.0}, "on_time is a share"),
        ({"low_battery": -0.1}, "low_battery is a share"),
        ({"shed_to": ("balanced",)}, "cannot be shed to from itself"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(PLAIN, **changes)
