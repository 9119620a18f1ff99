from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from codesign.space.backbone_sampling import BackboneSampler
from codesign.space.preset import load_preset
from runtime.contract.errors import ConfigError

SPACE = load_preset("tiny").space
SAMPLER = BackboneSampler(SPACE)


def test_every_draw_is_a_backbone_of_the_space_by_the_values_of_its_genes() -> None:
    rng = np.random.default_rng(0)
    for design in [SAMPLER.draw(rng), SAMPLER.draw_of_depth(5, rng)] * 20:
        assert all(value in values for value, values in zip(design.tolist(), SPACE.gene_choices, strict=True))


def test_depths_reach_from_the_smallest_to_the_largest_backbone() -> None:
    assert SAMPLER.depths == (SPACE.smallest().blocks, SPACE.largest().blocks)


def test_a_backbone_of_each_depth_has_so_many_blocks_and_every_way_is_equally_likely() -> None:
    rng = np.random.default_rng(0)
    fewest, most = SAMPLER.depths
    for depth in range(fewest, most + 1):
        designs = np.stack([SAMPLER.draw_of_depth(depth, rng) for _ in range(5)])
        assert (SAMPLER.depth(designs) == depth).all()
    ways = [way for way in product(*(stage.depths for stage in SPACE.stages)) if sum(way) == 5]
    drawn = [tuple(SAMPLER.draw_of_depth(5, rng)[[2, 6, 10]].tolist()) for _ in range(1500)]
    assert sorted(set(drawn)) == sorted(ways)
    assert np.std([drawn.count(way) for way in ways]) < 0.15 * 1500 / len(ways)


@pytest.mark.parametrize("depth", [-1, 0, 2, 99])
def test_a_depth_that_no_backbone_has_is_refused(depth: int) -> None:
    with pytest.raises(ConfigError, match=f"no backbone of space 'tiny' has {depth} blocks"):
        SAMPLER.draw_of_depth(depth, np.random.default_rng(0))
