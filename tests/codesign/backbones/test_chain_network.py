from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest

from codesign.backbones.chain_network import GRAPH_INPUT, GRAPH_OUTPUT, chain_input, chain_network
from codesign.backbones.onnx_work import works_of
from codesign.space.chain_file import chain_names, load_chain_space
from codesign.space.chain_layers import layers_of, work_of
from codesign.space.chain_sampling import ChainSampler
from codesign.space.chain_space import ChainSpace
from runtime.contract.errors import ConfigError
from runtime.contract.work import total
from tests.codesign.chains import SPACES

PUBLISHED = tuple(load_chain_space(name) for name in chain_names())


def some(space: ChainSpace, seed: int = 0) -> np.ndarray:
    return ChainSampler(space).draw(np.random.default_rng(seed))


@pytest.mark.parametrize("space", [*SPACES, *PUBLISHED], ids=lambda space: space.name)
def test_the_graph_is_valid_and_its_work_is_that_of_its_layers(space: ChainSpace) -> None:
    genome = some(space)
    model = chain_network(space, genome)
    onnx.checker.check_model(model, full_check=True)
    layers = layers_of(space, genome)
    (counted,) = works_of(model, [GRAPH_OUTPUT])
    assert counted == total(work_of(layer, layers, space.side) for layer in layers)


@pytest.mark.parametrize("space", [*SPACES, *PUBLISHED], ids=lambda space: space.name)
def test_the_largest_network_computes_numbers_that_neither_vanish_nor_overflow(space: ChainSpace) -> None:
    genome = ChainSampler(space).draw_of_depth(space.depths[1], np.random.default_rng(0))
    session = onnxruntime.InferenceSession(chain_network(space, genome).SerializeToString())
    image = np.random.default_rng(0).normal(size=(1, 3, space.side, space.side)).astype(np.float32)
    (answer,) = session.run([GRAPH_OUTPUT], {GRAPH_INPUT: image})
    assert answer.shape == (1, space.classes)
    assert 1e-6 < float(np.abs(answer).mean()) < 1e12


def test_the_same_network_has_the_same_bytes_and_another_seed_other_weights() -> None:
    space = SPACES[0]
    first, again, other = (chain_network(space, some(space), seed).SerializeToString() for seed in (0, 0, 1))
    assert first == again
    assert first != other


def test_the_input_is_an_image_of_the_spaces_size() -> None:
    spec = chain_input(SPACES[0])
    assert (spec.height, spec.width) == (8, 8)


def test_a_genome_of_another_space_makes_no_network() -> None:
    with pytest.raises(ConfigError, match="genes"):
        chain_network(SPACES[2], some(SPACES[0]))
