"""Time that passes only in sleep."""

from __future__ import annotations

import math

import pytest

from runtime.boards.simulated_time import SimulatedTime
from runtime.contract.errors import UnitError


def test_time_passes_in_sleep_and_nowhere_else() -> None:
    time = SimulatedTime(start_s=5.0)
    assert time.now_s() == time.now_s() == 5.0
    time.sleep(2.5)
    time.sleep(0.0)
    assert time.now_s() == 7.5


@pytest.mark.parametrize("seconds", [-1e-9, math.inf, math.nan])
def test_time_does_not_run_backwards_nor_for_ever(seconds: float) -> None:
    with pytest.raises(UnitError, match="sleep takes a finite time of at least 0 s"):
        SimulatedTime().sleep(seconds)
