"""Times of a switch."""

from __future__ import annotations

from dataclasses import astuple

from runtime.boards.behaviour.switching import AT_ONCE, switching_of, thermal_of
from runtime.boards.profile import profile

from .orin_paths import ORIN


def test_the_times_are_the_profiles() -> None:
    times = switching_of(profile(ORIN).switching)
    assert (times.cpu_write_s, times.gpu_write_s, times.emc_write_s) == (1.4e-3, 5e-3, 9e-3)
    assert thermal_of(profile(ORIN).thermal).throttle_c == 99.0


def test_at_once_takes_no_time() -> None:
    assert set(astuple(AT_ONCE)) == {0.0}
