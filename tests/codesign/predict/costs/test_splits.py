"""codesign/predict/costs/splits.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.costs.splits import HELP, PROTOCOLS, training_and_test
from runtime.contract.errors import ConfigError, DataError


@settings(deadline=None)
@given(
    group=st.lists(st.integers(0, 9), min_size=12, max_size=60).filter(lambda group: len(set(group)) > 4),
    seed=st.integers(0, 99),
)
def test_no_network_is_on_both_sides(group: list[int], seed: int) -> None:
    groups = np.array(group)
    split = training_and_test(groups, np.ones(len(groups)), 3, np.random.default_rng(seed))
    assert len(split.training) == 3
    assert len(set(groups[split.training])) == 3
    assert not set(groups[split.training]) & set(groups[split.test])
    assert set(groups[split.training]) | set(groups[split.test]) == set(group)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_same_seed_draws_the_same_and_another_another(protocol: str) -> None:
    group, costs = np.arange(200), np.random.default_rng(0).uniform(1, 2, 200)
    first, again, other = (
        training_and_test(group, costs, 20, np.random.default_rng(seed), protocol) for seed in (1, 1, 2)
    )
    assert first.training.tolist() == again.training.tolist()
    assert first.test.tolist() == again.test.tolist()
    assert first.training.tolist() != other.training.tolist()


def test_help_leaves_out_the_fastest_and_the_slowest_tenth() -> None:
    costs = np.random.default_rng(0).permutation(np.arange(100.0)) + 1
    split = training_and_test(np.arange(100), costs, 20, np.random.default_rng(0), HELP)
    rows = np.concatenate([split.training, split.test])
    assert sorted(costs[rows].tolist()) == list(range(11, 91))
    assert len(split.test) == 60


def test_what_was_not_measured_is_on_neither_side() -> None:
    costs = np.where(np.arange(50) % 2, np.nan, 1.0)
    split = training_and_test(np.arange(50), costs, 5, np.random.default_rng(0))
    assert not np.isnan(costs[split.training]).any()
    assert len(split.test) == 20


def test_rows_are_drawn_evenly_so_that_samples_are_like_the_space() -> None:
    group = np.array([0] * 8 + [1, 2])
    drawn = [
        int(row)
        for seed in range(400)
        for row in training_and_test(group, np.ones(10), 1, np.random.default_rng(seed)).training
    ]
    assert set(drawn) == set(range(10))
    assert 0.7 < np.mean(group[drawn] == 0) < 0.9


def test_a_split_that_leaves_nothing_to_judge_by_is_refused() -> None:
    with pytest.raises(DataError, match=r"3 networks to fit on leave none to judge by: the board has 3\n.*at most 2"):
        training_and_test(np.array([0, 0, 1, 2]), np.ones(4), 3, np.random.default_rng(0))
    with pytest.raises(DataError, match=r"2 networks to fit on leave 1 design to judge by\n  to do: ask for fewer"):
        training_and_test(np.arange(3), np.ones(3), 2, np.random.default_rng(0))
    with pytest.raises(ConfigError, match="cannot fit on 0 samples"):
        training_and_test(np.arange(4), np.ones(4), 0, np.random.default_rng(0))
    with pytest.raises(ConfigError, match="there is no protocol 'nasflat'\n  to do: choose one of plain, help"):
        training_and_test(np.arange(4), np.ones(4), 2, np.random.default_rng(0), "nasflat")
