"""codesign/search/inner_grid.py"""

from __future__ import annotations

import pytest

from codesign.search.inner_grid import InnerLimits, grid_of
from runtime.contract.errors import ConfigError, InfeasibleError
from tests.codesign.search.chains import random_case

CASE = random_case(2, (3, 2), per_axis=3)


def test_masks_that_are_too_slow_everywhere_are_left_out_and_no_others() -> None:
    limit_s = float(CASE.costs.stage_costs(0b0101).latency_s.sum(axis=0).min()) * 1.0001
    grid = grid_of(
        CASE.costs, 40, InnerLimits(max_worst_latency_s=limit_s), served=False, latency_is_an_objective=False
    )
    fast = [m for m in range(16) if CASE.costs.stage_costs(m).latency_s.sum(axis=0).min() <= limit_s]
    assert grid.masks.tolist() == fast
    assert 0 < len(fast) < 16


def test_a_limit_that_no_mask_meets_is_refused() -> None:
    with pytest.raises(InfeasibleError, match="no choice of exits answers within 1e-09 s"):
        grid_of(CASE.costs, 40, InnerLimits(max_worst_latency_s=1e-9), served=False, latency_is_an_objective=False)


def test_served_energy_needs_a_rate() -> None:
    with pytest.raises(ConfigError, match="needs a request rate"):
        grid_of(CASE.costs, 40, InnerLimits(), served=True, latency_is_an_objective=False)


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        ({"max_worst_latency_s": 0.0}, "max_worst_latency_s must be above zero"),
        ({"requests_per_s": -1.0}, "requests_per_s must be above zero"),
        ({"min_accuracy": 1.5}, "between 0 and 1"),
    ],
)
def test_limits_that_mean_nothing_are_refused(limits: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        InnerLimits(**limits)  # type: ignore[arg-type]
