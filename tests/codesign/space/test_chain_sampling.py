from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.space.chain_file import load_chain_space
from codesign.space.chain_sampling import ChainSampler
from codesign.space.chain_space import ChainSpace
from runtime.contract.errors import ConfigError
from tests.codesign.chains import SPACES


@given(st.sampled_from(SPACES), st.integers(0, 2**32))
def test_every_draw_is_a_network_of_the_space(space: ChainSpace, seed: int) -> None:
    space.decode(ChainSampler(space).draw(np.random.default_rng(seed)))


@given(st.sampled_from(SPACES), st.integers(2, 6), st.integers(0, 2**32))
def test_a_draw_of_a_depth_has_that_depth(space: ChainSpace, depth: int, seed: int) -> None:
    sampler = ChainSampler(space)
    design = sampler.draw_of_depth(depth, np.random.default_rng(seed))
    space.decode(design)
    assert sampler.depth(design[None]).tolist() == [depth]


def test_every_way_to_spread_blocks_over_units_is_equally_likely() -> None:
    sampler, rng = ChainSampler(SPACES[0]), np.random.default_rng(0)
    found = Counter(tuple(sampler.draw_of_depth(4, rng)[-2:].tolist()) for _ in range(3000))
    assert set(found) == {(1, 3), (2, 2), (3, 1)}
    assert all(abs(count - 1000) < 120 for count in found.values())  # 4.6 standard deviations


def test_random_draws_of_resnet_hardly_ever_have_few_or_many_blocks() -> None:
    sampler, rng = ChainSampler(load_chain_space("resnet")), np.random.default_rng(0)
    depths = sampler.depth(np.stack([sampler.draw(rng) for _ in range(2000)]))
    assert abs(depths.mean() - 16.0) < 0.5
    assert np.mean(depths <= 8) == pytest.approx(70 / 7**4, abs=0.015)


@pytest.mark.parametrize("depth", [-1, 1, 7, 99])
def test_a_depth_that_no_network_has_is_refused(depth: int) -> None:
    with pytest.raises(ConfigError, match=f"has {depth} blocks"):
        ChainSampler(SPACES[0]).draw_of_depth(depth, np.random.default_rng(0))


def test_the_same_seed_draws_the_same_network() -> None:
    sampler = ChainSampler(SPACES[1])
    draws = [sampler.draw_of_depth(4, np.random.default_rng(5)).tolist() for _ in range(2)]
    assert draws[0] == draws[1]
