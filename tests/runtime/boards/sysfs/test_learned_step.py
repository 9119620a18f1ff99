"""Steps of sensors, learned."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.sysfs.learned_step import LearnedStep

STEPS = (0.04, 0.02, 0.04 / 3, 0.008, 0.004, 0.002)  # amperes: 40 µV over 1 to 20 mΩ


def test_at_first_the_coarsest_step_is_assumed_and_readings_refine_it() -> None:
    step = LearnedStep(STEPS, 1e-3)
    assert step.snap(0.080) == pytest.approx((0.080, 0.04))
    assert step.snap(0.088) == pytest.approx((0.088, 0.008))
    assert step.snap(0.080) == pytest.approx((0.080, 0.008))


def test_the_drivers_rounding_is_undone() -> None:
    """13.33 mA is printed as 13 mA."""
    step = LearnedStep([0.04 / 3], 1e-3)
    assert step.snap(0.013) == pytest.approx((0.04 / 3, 0.04 / 3))


def test_a_value_off_every_step_has_the_resolution_of_its_file() -> None:
    assert LearnedStep([0.008], 1e-3).snap(0.0130) == pytest.approx((0.013, 1e-3))


@given(st.sampled_from((1, 2, 3, 5, 10, 20)), st.lists(st.integers(-5, 4000), min_size=1, max_size=40), st.booleans())
def test_a_snapped_value_is_a_multiple_of_its_step_and_off_by_half_the_resolution_at_most(
    milliohm: int, counts: list[int], known: bool
) -> None:
    true_a = 40e-3 / milliohm
    step = LearnedStep([true_a] if known else STEPS, 1e-3)
    for count in counts:
        printed_a = round(count * true_a * 1e3) * 1e-3
        value_a, step_a = step.snap(printed_a)
        assert value_a / step_a == pytest.approx(round(value_a / step_a), abs=1e-9)
        assert abs(value_a - printed_a) <= 0.5e-3 * (1 + 1e-6)
        assert step_a >= true_a * (1 - 1e-9) or step_a >= 0.5e-3
