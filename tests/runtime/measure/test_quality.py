"""The reference tells whether the machine stayed the same."""

from __future__ import annotations

from runtime.measure.quality import bracket_noise


def test_a_machine_that_stays_the_same_is_believed() -> None:
    assert bracket_noise(1.0, 1.029, [1.0, 1.029], 0.03) == ()


def test_a_change_between_two_readings_is_named() -> None:
    assert bracket_noise(1.0, 1.1, [1.0, 1.05, 1.1], 0.03) == ("the reference changed by 10.0% meanwhile",)


def test_a_machine_that_became_slow_and_stays_slow_is_no_longer_the_same() -> None:
    (reason,) = bracket_noise(1.2, 1.2, [1.0, 1.0, 1.0, 1.2, 1.2], 0.03)
    assert "20.0% away from its median" in reason
