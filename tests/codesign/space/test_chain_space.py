from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from codesign.space.chain_file import load_chain_space
from codesign.space.chain_space import DENSE, BlockChoice, ChainUnit
from runtime.contract.errors import ConfigError
from tests.codesign.chains import small_space

SPACE = small_space()
NETWORK = ((BlockChoice(3, 6),), (BlockChoice(5, 3), BlockChoice(3, 3)))


def test_a_genome_holds_kernels_then_expansions_then_depths_and_zeros_for_absent_blocks() -> None:
    genome = SPACE.encode(NETWORK)
    assert genome.tolist() == [3, 0, 0, 5, 3, 0, 6, 0, 0, 3, 3, 0, 1, 2]
    assert SPACE.decode(genome) == NETWORK
    assert SPACE.gene_names[:2] + SPACE.gene_names[-2:] == ("kernel_0", "kernel_1", "depth_0", "depth_1")
    assert SPACE.depth(genome[None]).tolist() == [3]


def test_a_gene_can_be_zero_only_where_its_block_may_be_absent() -> None:
    values = dict(zip(SPACE.gene_names, SPACE.gene_values, strict=True))
    assert (values["kernel_0"], values["kernel_1"]) == ((3, 5), (0, 3, 5))
    assert (values["expand_3"], values["expand_5"], values["depth_1"]) == ((3, 6), (0, 3, 6), (1, 2, 3))


def test_the_published_spaces_have_the_sizes_that_their_tables_imply() -> None:
    per_unit = sum(9**depth for depth in range(1, 8))
    assert load_chain_space("resnet").size == load_chain_space("mobilenetv3").size == per_unit**4
    assert load_chain_space("densenet").size == (5 * 7) ** 5
    assert math.isclose(load_chain_space("resnet").size, 8.4e26, rel_tol=0.01)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, 7, r"kernel_0=7 is not in space 'small-bottleneck', which offers \(3, 5\) there"),
        (2, 3, r"kernel_2=3 is not in space 'small-bottleneck', which offers \(0,\) there"),
        (6, 4, r"expand_0=4 is not in space"),
        (-1, 4, r"depth_1=4 is not in space 'small-bottleneck': 1 to 3"),
    ],
)
def test_a_genome_of_another_space_is_refused(place: int, value: int, message: str) -> None:
    genome = SPACE.encode(NETWORK)
    genome[place] = value
    with pytest.raises(ConfigError, match=message):
        SPACE.decode(genome)


def test_a_genome_of_another_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="has 14 genes, got"):
        SPACE.decode(np.zeros(3, dtype=np.int64))


def test_a_unit_of_shared_kernels_refuses_two() -> None:
    mixed = ((BlockChoice(3, None), BlockChoice(5, None)), (BlockChoice(3, None),))
    with pytest.raises(ConfigError, match="unit 0 mixes kernels"):
        small_space(DENSE).encode(mixed)


def test_too_many_units_or_blocks_are_refused() -> None:
    with pytest.raises(ConfigError, match="has 2 units of at most 3 blocks"):
        SPACE.encode((NETWORK[0] * 4, NETWORK[1]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"block": "transformer"}, "unknown block 'transformer'"),
        ({"units": ()}, "has no units"),
        ({"blocks": (0, 3)}, "the fewest and the most"),
        ({"kernels": (5, 3)}, "kernels must be ascending"),
        ({"kernels": (2,)}, "kernels must be odd"),
        ({"expansions": ()}, "bottleneck blocks take some expansions"),
        ({"block": DENSE}, "dense blocks take no expansions"),
        ({"classes": 0}, "classes must be at least 1"),
        ({"units": (ChainUnit(0, 1),)}, r"units\[0\]: width and stride"),
    ],
)
def test_a_space_that_cannot_be_built_is_refused(change: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        replace(SPACE, **change)  # type: ignore[arg-type]
