"""codesign/search/inner_counts.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.policy.exit_log import ExitLog
from codesign.policy.levels import threshold_levels
from codesign.policy.replay import replay
from codesign.policy.selection import policy_of, selected_candidates
from codesign.search import inner_counts
from codesign.search.exit_sets import FewExitSets
from codesign.search.inner_counts import level_counts, masks_up_to
from runtime.contract.errors import ConfigError, ShapeError
from tests.codesign.policy.logs import exit_logs, plausible_log


@settings(deadline=None, max_examples=50)
@given(exit_logs(), st.integers(0, 2**31), st.booleans())
def test_counts_are_those_of_a_replay_sample_by_sample(log: ExitLog, seed: int, in_small_tables: bool) -> None:
    thresholds = np.random.default_rng(seed).choice([-np.inf, 0.0, 0.1, 0.4, 2.0], (3, log.candidates - 1))
    masks = masks_up_to(log.candidates - 1, None)
    with pytest.MonkeyPatch.context() as patch:
        if in_small_tables:
            patch.setattr(inner_counts, "TABLE_ENTRIES", 1)
        all_counts = list(level_counts(log, thresholds, masks))
    assert [counts.level for counts in all_counts] == [0, 1, 2]
    for counts in all_counts:
        for mask in masks.tolist():
            outcome = replay(log, mask, policy_of(mask, thresholds[counts.level]))
            last_stage = selected_candidates(mask, log.candidates).size - 1
            assert counts.right[mask] / log.samples == outcome.accuracy
            assert counts.passing[mask] == (outcome.exits_taken == last_stage).sum()


def test_an_exit_has_changed_where_it_takes_other_samples() -> None:
    log = plausible_log(3, 50, seed=0)
    low, high = np.quantile(log.entropy_nats[:2], [0.2, 0.8], axis=1)
    nothing_between = high + 1e-12
    thresholds = np.array([high, [high[0], low[1]], [nothing_between[0], low[1]], low])
    assert [c.changed for c in level_counts(log, thresholds, masks_up_to(2, None))] == [0b11, 0b10, 0b00, 0b01]


def test_the_grid_holds_every_mask_of_so_many_exits_once() -> None:
    masks = masks_up_to(5, 2).tolist()
    assert masks == sorted(m for m in range(32) if m.bit_count() <= 2)
    assert masks_up_to(3, None).tolist() == list(range(8))
    assert masks_up_to(4, 0).tolist() == [0]
    assert masks_up_to(0, None).tolist() == [0]


@pytest.mark.parametrize(("early", "most"), [(12, 2), (21, 3)])
def test_few_exits_of_many_are_counted_as_all_sets_would_be(early: int, most: int) -> None:
    log = plausible_log(early + 1, 70, seed=early)
    thresholds = threshold_levels(log, 5)
    masks = masks_up_to(early, most)
    for counts in level_counts(log, thresholds, masks, FewExitSets(early, most)):
        for row in range(0, masks.size, 41):
            mask = int(masks[row])
            outcome = replay(log, mask, policy_of(mask, thresholds[counts.level]))
            assert counts.right[row] == round(outcome.accuracy * log.samples)
            assert counts.passing[row] == (outcome.exits_taken == mask.bit_count()).sum()


def test_what_cannot_be_counted_is_refused() -> None:
    log = plausible_log(3, 10, seed=0)
    with pytest.raises(ConfigError, match="21 early candidates are too many sets"):
        masks_up_to(21, None)
    with pytest.raises(ConfigError, match="cannot be negative"):
        masks_up_to(3, -1)
    for thresholds in (np.zeros((1, 3)), np.zeros(2), np.zeros((0, 2))):
        with pytest.raises(ShapeError, match="2 early candidates"):
            list(level_counts(log, thresholds, masks_up_to(2, None)))
    with pytest.raises(ShapeError, match="not a number"):
        list(level_counts(log, np.full((1, 2), np.nan), masks_up_to(2, None)))
