from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from codesign.backbones.slice import BackboneSlice, recalibrate
from codesign.space.backbone_space import BackboneDesign
from tests.codesign.small_networks import SPACE, design, random_batch, small_supernet

DESIGNS = st.tuples(*(st.integers(0, len(values) - 1) for values in SPACE.gene_choices)).map(
    lambda genome: SPACE.decode(np.asarray(genome))
)


@settings(max_examples=25, deadline=None)
@given(DESIGNS, st.sampled_from(["relu", "hardswish"]))
def test_a_slice_on_batch_statistics_computes_what_the_supernet_computes(of: BackboneDesign, activation: str) -> None:
    supernet, images = small_supernet(3, activation), random_batch()
    features, logits = supernet.features(images, of)
    sliced_features, sliced_logits = BackboneSlice(supernet, of).train().features(images)
    assert features.keys() == sliced_features.keys()
    for position, tensor in features.items():
        torch.testing.assert_close(sliced_features[position], tensor, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(sliced_logits, logits, rtol=1e-4, atol=1e-5)


def test_a_slice_owns_its_weights() -> None:
    supernet = small_supernet()
    network, before = BackboneSlice(supernet, SPACE.largest()), random_batch()
    expected = network(before)
    with torch.no_grad():
        for parameter in supernet.parameters():
            parameter.zero_()
    assert torch.equal(network(before), expected)


def test_a_slice_has_only_the_weights_of_its_own_shape() -> None:
    network = BackboneSlice(small_supernet(), design(0, 0, 0, 0, 1, 0, 0, 1, 0))
    block = network.blocks_in_order[1]
    assert tuple(network.blocks_in_order[0].expand.conv.weight.shape) == (16, 8, 1, 1)
    assert tuple(block.depthwise.conv.weight.shape) == (16, 1, 5, 5)
    assert tuple(block.project.conv.weight.shape) == (12, 16, 1, 1)
    assert network.positions == [(0, 0), (1, 0)]


def test_a_block_is_residual_where_it_keeps_width_and_stride_one() -> None:
    wide, narrow = (BackboneSlice(small_supernet(), design(0, w, 1, 0, 0, 0, 1, 0, 0)) for w in (1, 0))
    # Stage 0 is entered 8 wide with stride 1; stage 1 with stride 2.
    assert [block.residual for block in narrow.blocks_in_order] == [True, True, False, True]
    assert [block.residual for block in wide.blocks_in_order] == [False, True, False, True]


def test_recalibration_gives_the_mean_statistics_of_the_batches() -> None:
    network = BackboneSlice(small_supernet(), SPACE.smallest())
    batches = [random_batch(seed=seed, side=12) for seed in (1, 2, 3)]
    recalibrate(network, batches)
    inputs = [network.stem.conv(batch) for batch in batches]
    norm = network.stem.norm
    assert norm.running_mean is not None
    assert norm.running_var is not None
    mean = torch.stack([x.mean(dim=(0, 2, 3)) for x in inputs]).mean(dim=0)
    variance = torch.stack([x.var(dim=(0, 2, 3)) for x in inputs]).mean(dim=0)
    torch.testing.assert_close(norm.running_mean, mean, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(norm.running_var, variance, rtol=1e-4, atol=1e-6)


def test_recalibration_forgets_what_was_before_and_leaves_eval_mode() -> None:
    once, twice = (BackboneSlice(small_supernet(), SPACE.smallest()) for _ in range(2))
    recalibrate(once, [random_batch(seed=2)])
    recalibrate(twice, [100 + 9 * random_batch(seed=1)])
    recalibrate(twice, [random_batch(seed=2)])
    assert not any(module.training for module in twice.modules())
    assert torch.equal(once(random_batch(seed=5)), twice(random_batch(seed=5)))


def test_recalibration_changes_no_weight() -> None:
    network = BackboneSlice(small_supernet(), SPACE.largest())
    before = [parameter.clone() for parameter in network.parameters()]
    recalibrate(network, [random_batch()])
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert all(parameter.grad is None for parameter in network.parameters())


def test_recalibration_on_one_batch_comes_close_to_the_supernet_and_without_it_one_is_far_off() -> None:
    supernet, images, of = small_supernet(), random_batch(64), SPACE.largest()
    wanted, network = supernet(images, of), BackboneSlice(supernet, of)
    far = (network.eval()(images) - wanted).abs().max()
    recalibrate(network, [images])
    assert (network(images) - wanted).abs().max() < 0.02 < far


def test_recalibration_needs_images() -> None:
    with pytest.raises(ValueError, match="cannot be recalibrated on no images"):
        recalibrate(nn.BatchNorm2d(3), [])
