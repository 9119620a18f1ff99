"""An alarm makes a mode cautious, expected answers make it trust again: by simulation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from runtime.contract.errors import ConfigError
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.telemetry.drift import DriftMonitor
from runtime.telemetry.drift_guard import LEAST_RECOVER, SOON, DriftGuard, GuardRules, Step

REFERENCE = ExpectedAnswers(((0.05, 0.2), (0.3,)), ((0.3, 0.25, 0.15), (0.2, 0.1)), 1500)
ANSWERS = [(0, 0.01), (0, 0.1), (0, 0.5), (1, 0.1), (1, 0.9)]  # one in each cell
SHARES = np.array([0.3, 0.25, 0.15, 0.2, 0.1])
SHIFTED = SHARES + np.array([-0.12, 0.0, 0.0, 0.04, 0.08])


def fed(guard: DriftGuard, shares: Any, images: int, rng: np.random.Generator) -> list[tuple[int, Step]]:
    """After how many images what happened."""
    cells: Sequence[int] = rng.choice(len(shares), size=images, p=shares).tolist()
    steps = ((k + 1, guard.answered(*ANSWERS[cell])) for k, cell in enumerate(cells))
    return [(images, step) for images, step in steps if step is not None]


@pytest.mark.parametrize("seed", range(3))
def test_a_mode_whose_images_are_as_expected_is_trusted(seed: int) -> None:
    guard = DriftGuard(REFERENCE, 2)
    assert fed(guard, SHARES, 20_000, np.random.default_rng(seed)) == []
    assert (guard.level, guard.alarms) == (0, 0)
    assert guard.statistic < 1


@pytest.mark.parametrize("seed", range(6))
def test_a_shift_is_caught_within_two_thousand_images_and_leads_to_full_depth_if_it_stays(seed: int) -> None:
    guard = DriftGuard(REFERENCE, 2)
    (first, one), (second, two) = fed(guard, SHIFTED, 6000, np.random.default_rng(seed))
    assert (one, two, guard.level, guard.alarms) == (Step.ALARMED, Step.ALARMED, 2, 2)
    assert first <= 2000
    assert second - first <= 2000
    assert guard.alarm is not None


@pytest.mark.parametrize("seed", range(6))
def test_trust_returns_once_enough_images_in_a_row_are_as_expected(seed: int) -> None:
    rng, guard = np.random.default_rng(seed), DriftGuard(REFERENCE, 2)
    fed(guard, SHIFTED, 5000, rng)
    assert guard.level == 2
    (recovered,) = fed(guard, SHARES, 10_000, rng)
    assert recovered[1] is Step.RECOVERED
    # The last 2,000 may still hold some of the shifted ones, as long as all together lie within the band.
    assert LEAST_RECOVER / 2 <= recovered[0] <= 2 * LEAST_RECOVER
    assert (guard.level, guard.alarm) == (0, None)


def test_trust_returns_after_a_number_of_images_that_is_no_whole_number_of_batches() -> None:
    rng, guard = np.random.default_rng(0), DriftGuard(REFERENCE, 2, GuardRules(recover_images=LEAST_RECOVER + 25))
    fed(guard, SHIFTED, 5000, rng)
    ((_, step),) = fed(guard, SHARES, 10_000, rng)
    assert step is Step.RECOVERED


def test_what_comes_back_soon_is_trusted_later_each_time() -> None:
    rng, guard = np.random.default_rng(0), DriftGuard(REFERENCE, 2)
    needed = []
    for _ in range(7):
        fed(guard, SHIFTED, 3000, rng)
        needed.append(guard.recover_images)
        ((_, step),) = fed(guard, SHARES, 40_000, rng)
        assert step is Step.RECOVERED
        guard._since_recovery = 0  # as if it had just recovered
    assert needed == [2000, 4000, 8000, 16_000, 32_000, 32_000, 32_000]


def test_an_alarm_long_after_the_last_one_starts_anew() -> None:
    rng, guard = np.random.default_rng(1), DriftGuard(REFERENCE, 2)
    fed(guard, SHIFTED, 3000, rng)
    fed(guard, SHARES, 10_000, rng)
    assert guard._since_recovery is not None
    guard._since_recovery += SOON * LEAST_RECOVER  # as if so many more had been as expected
    fed(guard, SHIFTED, 3000, rng)
    assert (guard.level, guard.recover_images) == (2, LEAST_RECOVER)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("beyond", [0.0, 0.01, 0.03])
def test_a_share_at_the_edge_of_the_band_does_not_flap(seed: int, beyond: float) -> None:
    first = DriftMonitor(REFERENCE).scores[0]
    edge = SHARES + (first.high - first.mean + beyond) * np.array([1.0, -1.0, 0.0, 0.0, 0.0])
    guard = DriftGuard(REFERENCE, 2)
    steps = fed(guard, edge, 30_000, np.random.default_rng(seed))
    assert sum(step is Step.RECOVERED for _, step in steps) <= 1


def test_a_mode_that_always_goes_deep_alarms_once_and_has_no_level_to_take() -> None:
    guard = DriftGuard(REFERENCE, 0)
    steps = fed(guard, SHIFTED, 10_000, np.random.default_rng(0))
    assert [step for _, step in steps] == [Step.ALARMED]
    assert (guard.level, guard.alarms) == (0, 1)


def test_fewer_images_than_shares_need_are_refused() -> None:
    with pytest.raises(ConfigError, match="say too little about shares"):
        GuardRules(recover_images=LEAST_RECOVER - 1)
