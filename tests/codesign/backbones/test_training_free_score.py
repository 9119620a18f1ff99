from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from codesign.backbones.slice import BackboneSlice
from codesign.backbones.supernet import activate, resize
from codesign.backbones.training_free_score import genome_scores, naswot_score, untrained
from codesign.space.backbone_space import BackboneDesign
from runtime.contract.errors import ShapeError
from tests.codesign.small_networks import SPACE, random_batch, small_supernet


def codes(network: BackboneSlice, images: Tensor) -> Tensor:
    """(batch, units): which units are on, taken from the network's parts one by one."""
    on = []
    x = network.stem(resize(images, network.design.resolution))
    on.append(x > 0)
    x = activate(x, network.activation)
    for block in network.blocks_in_order:
        expanded = block.expand(x)
        on.append(expanded > 0)
        inner = block.depthwise(activate(expanded, network.activation))
        on.append(inner > 0)
        out = block.project(activate(inner, network.activation))
        x = x + out if block.residual else out
    on.append(network.last(x) > 0)
    return torch.cat([one.flatten(1) for one in on], dim=1)


@pytest.mark.parametrize("design", [SPACE.smallest(), SPACE.largest()], ids=["smallest", "largest"])
@pytest.mark.parametrize("activation", ["relu", "hardswish"])
def test_it_is_the_log_determinant_of_how_many_units_two_images_agree_on(
    design: BackboneDesign, activation: str
) -> None:
    supernet, images = small_supernet(3, activation), random_batch()
    with torch.no_grad():
        on = codes(BackboneSlice(supernet, design).train(), images).numpy()
    agree = np.array([[(one == other).sum() for other in on] for one in on], dtype=float)
    assert naswot_score(supernet, design, images) == pytest.approx(np.linalg.slogdet(agree)[1], rel=1e-9)


def test_two_images_that_are_treated_alike_score_minus_infinity() -> None:
    images = random_batch()
    images[1] = images[0]
    assert naswot_score(small_supernet(), SPACE.largest(), images) == -math.inf


def test_labels_weights_and_the_network_are_left_as_they_were() -> None:
    supernet, images = small_supernet(), random_batch()
    before = {name: value.clone() for name, value in supernet.state_dict().items()}
    kept = images.clone()
    naswot_score(supernet, SPACE.largest(), images)
    assert all(torch.equal(value, before[name]) for name, value in supernet.state_dict().items())
    assert torch.equal(images, kept)


def test_an_untrained_supernet_is_the_same_for_the_same_seed_and_moves_no_generator() -> None:
    torch.manual_seed(3)
    expected = torch.random.get_rng_state()
    one, other, third = (untrained(SPACE, 3, seed) for seed in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), expected)
    assert torch.equal(one.stem.weight, other.stem.weight)
    assert not torch.equal(one.stem.weight, third.stem.weight)


def test_genomes_are_scored_one_by_one_at_the_same_random_weights() -> None:
    images = random_batch()
    genomes = np.array([[len(values) - 1 for values in SPACE.gene_choices], [0] * len(SPACE.gene_choices)])
    found = genome_scores(SPACE, 3, images, seed=1)(genomes)
    network = untrained(SPACE, 3, 1)
    assert found.tolist() == [naswot_score(network, design, images) for design in (SPACE.largest(), SPACE.smallest())]


@pytest.mark.parametrize("shape", [(1, 3, 16, 16), (3, 16, 16)])
def test_one_image_tells_nothing_apart(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeError, match="the score needs two images or more"):
        naswot_score(small_supernet(), SPACE.largest(), torch.zeros(shape))
