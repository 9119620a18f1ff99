"""codesign/policy/selection.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.policy.selection import policy_of, selected_candidates
from runtime.contract.errors import ConfigError, ShapeError


@pytest.mark.parametrize(("mask", "kept"), [(0, [3]), (0b1, [0, 3]), (0b110, [1, 2, 3]), (0b111, [0, 1, 2, 3])])
def test_the_last_candidate_is_always_kept(mask: int, kept: list[int]) -> None:
    assert selected_candidates(mask, 4).tolist() == kept


@pytest.mark.parametrize("mask", [0b1000, -1])
def test_a_mask_beyond_the_early_candidates_is_refused(mask: int) -> None:
    with pytest.raises(ConfigError, match="beyond the 3 early candidates"):
        selected_candidates(mask, 4)


def test_a_policy_takes_the_thresholds_of_the_kept_exits_in_order() -> None:
    assert policy_of(0b101, np.array([0.1, 0.2, 0.3])).thresholds_nats == (0.1, 0.3)


def test_thresholds_of_all_levels_at_once_are_refused() -> None:
    with pytest.raises(ShapeError, match="thresholds must be"):
        policy_of(0b1, np.zeros((2, 3)))
