from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.space.chain_layers import ADD, CONCAT, CONV, HARD_SWISH, IMAGE, layers_of, work_of
from codesign.space.chain_sampling import ChainSampler
from codesign.space.chain_space import BOTTLENECK, DENSE, INVERTED, BlockChoice
from runtime.contract.errors import ConfigError
from runtime.contract.work import total
from tests.codesign.chains import small_space


def network(block: str, kernel: int = 3, expansion: int | None = 6) -> np.ndarray:
    choice = BlockChoice(kernel, None if block == DENSE else expansion)
    return small_space(block).encode(((choice, choice), (choice,)))


def macs(block: str, kernel: int = 3, expansion: int | None = 6) -> float:
    space = small_space(block)
    layers = layers_of(space, network(block, kernel, expansion))
    return total(work_of(layer, layers, space.side) for layer in layers).macs


def test_a_block_that_keeps_its_shape_adds_what_enters_it_and_one_that_does_not_cannot() -> None:
    kinds = [layer.kind for layer in layers_of(small_space(INVERTED), network(INVERTED))]
    assert kinds.count(ADD) == 2  # both blocks of the first unit; the second unit halves the side
    assert [layer.kind for layer in layers_of(small_space(), network(BOTTLENECK))].count(ADD) == 3  # by a projection


def test_dense_blocks_add_their_channels_to_those_that_enter_and_transitions_halve_them() -> None:
    layers = layers_of(small_space(DENSE), network(DENSE))
    assert [layer.channels for layer in layers if layer.kind == CONCAT] == [12, 18, 9 + 8]


def test_only_the_second_half_of_an_inverted_network_uses_hard_swish() -> None:
    layers = layers_of(small_space(INVERTED), network(INVERTED))
    assert {layer.side for layer in layers if layer.kind == HARD_SWISH} == {8, 4}
    assert sum(layer.kind == HARD_SWISH for layer in layers) == 2


def test_the_stem_reads_the_image_and_nothing_else_does() -> None:
    layers = layers_of(small_space(), network(BOTTLENECK))
    assert [layer.kind for layer in layers if IMAGE in layer.reads] == [CONV]


@pytest.mark.parametrize("block", [BOTTLENECK, INVERTED, DENSE])
def test_a_larger_kernel_is_more_work(block: str) -> None:
    assert macs(block, kernel=5) > macs(block, kernel=3)


@pytest.mark.parametrize("block", [BOTTLENECK, INVERTED])
def test_a_wider_block_is_more_work(block: str) -> None:
    assert macs(block, expansion=6) > macs(block, expansion=3)


@given(st.sampled_from([BOTTLENECK, INVERTED, DENSE]), st.integers(0, 2**32))
def test_layers_read_only_what_comes_before_them(block: str, seed: int) -> None:
    space = small_space(block)
    for number, layer in enumerate(layers_of(space, ChainSampler(space).draw(np.random.default_rng(seed)))):
        assert all(read < number for read in layer.reads)


def test_a_genome_of_another_space_has_no_layers() -> None:
    with pytest.raises(ConfigError, match="genes"):
        layers_of(small_space(DENSE), network(BOTTLENECK))
