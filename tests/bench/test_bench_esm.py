"""Counting of the comparison of sampling strategies, and the pool that it replays."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.fitting.journal import Round
from codesign.space.chain_sampling import ChainSampler
from codesign.walk.fit_networks import ChainNetworks
from runtime.contract.errors import DataError
from tests.bench.bench_esm import middle, needed, row
from tests.bench.esm_mlp import EsmMlp
from tests.bench.esm_pool import PoolSource, pool_designs
from tests.codesign.chains import small_space

SPACE = small_space()
ROUNDS = [Round(0, 50, 50, (25, 25), (0.9, 0.8), 0.1), Round(1, 75, 75, (30, 45), (0.9, 0.95), 0.1)]


def test_a_run_needed_what_was_measured_when_every_bin_first_passed() -> None:
    assert needed(ROUNDS, 0.8) == 50
    assert needed(ROUNDS, 0.9) == 75
    assert needed(ROUNDS, 0.93) is None


def test_what_never_passed_counts_as_more_than_anything() -> None:
    assert middle([50, None, 75]) == 75
    assert middle([None, None, 75]) is None
    assert middle([None, 50]) is None


def test_the_ratio_is_an_upper_bound_where_random_sampling_never_passed() -> None:
    both = row(0.9, [50, 75, 75], [400, 300, 300], None)
    assert (both["ratio"], both["ratio_is_upper_bound"], both["meets_goal"]) == (0.25, False, True)
    bound = row(0.9, [50, 75, 75], [None, None, 300], 500)
    assert (bound["ratio"], bound["ratio_is_upper_bound"]) == (0.15, True)
    assert row(0.9, [None, None, 75], [None, None, 75], 500)["ratio"] is None


def test_a_pool_gives_every_design_once_and_the_nearest_depth_when_one_is_used_up() -> None:
    designs = np.stack([ChainSampler(SPACE).draw_of_depth(depth, np.random.default_rng(9)) for depth in (4, 5)])
    source, rng = PoolSource(SPACE, designs, seed=0), np.random.default_rng(0)
    found = [source.draw_of_depth(4, rng) for _ in range(2)]
    assert source.depth(np.stack(found)).tolist() == [4, 5]
    with pytest.raises(DataError, match="no more designs of about 4 blocks"):
        source.draw_of_depth(4, rng)


def test_a_pool_has_at_least_so_many_designs_of_every_depth_and_none_twice() -> None:
    designs = pool_designs(SPACE, natural=30, least=8, seed=0)
    assert len(np.unique(designs, axis=0)) == len(designs)
    assert np.bincount(SPACE.depth(designs))[3:].min() >= 7  # a few of those drawn may be the same


def test_the_network_of_the_benchmark_learns_a_sum() -> None:
    designs = pool_designs(SPACE, natural=200, least=8, seed=0)
    costs = 1.0 + designs.sum(axis=1)
    fitted = EsmMlp(ChainNetworks(SPACE).genes).fit(designs[:100], costs[:100], np.random.default_rng(0))
    assert np.abs(fitted.predict(designs[100:]).mean / costs[100:] - 1.0).mean() < 0.03
