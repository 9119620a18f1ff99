from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from codesign.backbones.slice import BackboneSlice
from codesign.exits.head import pooled
from codesign.exits.shared_heads import ExitedSlice, SharedHeads
from codesign.space.backbone_space import BackboneDesign, exit_positions
from tests.codesign.small_networks import CLASSES, SPACE, design, random_batch, small_exited_slice, small_supernet


def test_there_is_a_head_for_every_exit_of_every_backbone() -> None:
    heads, supernet = SharedHeads(SPACE, CLASSES), small_supernet()
    for genome in np.ndindex(*(len(values) for values in SPACE.gene_choices)):
        if genome[0] or any(genome[3:5]):
            continue  # resolution, kernel and expansion change no position
        of = design(*genome)
        features, _ = supernet.features(random_batch(2), of)
        logits = heads({position: features[position] for position in exit_positions(SPACE, of)})
        assert set(logits) == set(exit_positions(SPACE, of))
        assert {tensor.shape for tensor in logits.values()} == {(2, CLASSES)}


@pytest.mark.parametrize("of", [SPACE.smallest(), SPACE.largest()])
def test_a_slice_with_heads_answers_what_supernet_and_shared_heads_answer(of: BackboneDesign) -> None:
    supernet, images = small_supernet(), random_batch(6)
    torch.manual_seed(1)
    heads = SharedHeads(SPACE, CLASSES)
    network = ExitedSlice(BackboneSlice(supernet, of), heads).train()
    features, final = supernet.features(images, of)
    wanted = heads({position: features[position] for position in exit_positions(SPACE, of)})
    torch.testing.assert_close(network(images), torch.stack([*wanted.values(), final]), rtol=1e-4, atol=1e-4)


def test_the_final_answer_comes_last_and_heads_are_as_wide_as_their_block() -> None:
    network = small_exited_slice(design(1, 1, 1, 0, 0, 0, 0, 0, 0))
    images = random_batch(3)
    assert network.positions == ((0, 0), (0, 1))
    assert [head.depthwise.in_channels for head in network.heads_in_order] == [12, 12]
    assert torch.equal(network(images)[-1], network.backbone(images))
    assert network(images).shape == (3, 3, CLASSES)


def test_pooled_features_are_what_the_heads_look_at() -> None:
    network = small_exited_slice(SPACE.largest())
    images = random_batch(3)
    seen, final = network.pooled_features(images)
    exits = [head(features) for head, features in zip(network.heads_in_order, seen, strict=True)]
    assert torch.equal(torch.stack([*exits, final]), network(images))
    assert [tuple(features.shape[1:]) for features in seen] == [(12, 4, 4), (12, 4, 4), (16, 4, 4)]
    assert torch.equal(seen[0], pooled(network.backbone.features(images)[0][0, 0]))
    assert not any(features.requires_grad for features in [*seen, final])


def test_a_position_that_holds_no_head_is_told() -> None:
    heads = SharedHeads(SPACE, CLASSES)
    heads.heads["0_0"] = nn.Identity()
    with pytest.raises(TypeError, match=r"position \(0, 0\) holds a Identity"):
        heads.head_for((0, 0), 8)
