from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn import functional

from codesign.backbones.supernet import ElasticBlock, ElasticConvolution, Supernet, activate, resize
from tests.codesign.small_networks import CLASSES, SPACE, design, random_batch, small_supernet


def test_a_narrower_convolution_uses_the_first_channels_and_the_middle_of_the_kernel() -> None:
    torch.manual_seed(0)
    convolution = ElasticConvolution(6, 8, 5)
    with torch.no_grad():
        convolution.scale.normal_()
        convolution.shift.normal_()
    features = torch.randn(4, 3, 9, 9)
    expected = functional.conv2d(features, convolution.weight[:5, :3, 1:4, 1:4], padding=1)
    mean, variance = expected.mean(dim=(0, 2, 3), keepdim=True), expected.var(dim=(0, 2, 3), keepdim=True, correction=0)
    normalised = (expected - mean) / torch.sqrt(variance + 1e-5)
    by_hand = normalised * convolution.scale[:5, None, None] + convolution.shift[:5, None, None]
    torch.testing.assert_close(convolution(features, 5, 3), by_hand, rtol=1e-4, atol=1e-5)


def test_a_depthwise_convolution_keeps_channels_apart() -> None:
    convolution = ElasticConvolution(4, 4, 3, depthwise=True)
    features = torch.randn(2, 4, 6, 6)
    changed = features.clone()
    changed[:, 2] += torch.randn(2, 6, 6)
    differs = (convolution(features, 4, 3) != convolution(changed, 4, 3)).flatten(2).any(dim=2).any(dim=0)
    assert differs.tolist() == [False, False, True, False]


def test_weights_outside_a_slice_do_not_reach_it() -> None:
    smallest, images = SPACE.smallest(), random_batch()
    supernet = small_supernet()
    before = supernet(images, smallest)
    with torch.no_grad():
        block = supernet.block(0, 0)
        block.expand.weight[8:] += 1  # the smallest expands 8 channels to 8
        block.depthwise.weight[:, :, 0] += 1  # outside the middle of the 5×5 kernel
        for parameter in supernet.block(0, 1).parameters():  # the smallest is one block deep
            parameter.add_(1)
        for parameter in supernet.block(1, 1).parameters():
            parameter.add_(1)
    assert torch.equal(before, supernet(images, smallest))
    assert not torch.equal(before, supernet(images, SPACE.largest()))


@pytest.mark.parametrize(
    ("channels", "width", "stride", "side", "added"),
    [(8, 8, 1, 4, True), (8, 6, 1, 4, False), (8, 8, 2, 4, False), (8, 8, 2, 1, False)],
)
def test_a_residual_is_added_where_width_and_stride_keep_the_shape(
    channels: int, width: int, stride: int, side: int, added: bool
) -> None:
    torch.manual_seed(0)
    block = ElasticBlock(8, 8, 2, 3, stride)
    with torch.no_grad():
        block.project.scale.zero_()  # the block itself answers nothing: what is left is the residual
    features = torch.randn(3, channels, side, side)
    out = block(features, width, 3, 2, "relu")
    assert torch.equal(out, features if added else torch.zeros_like(out))


def test_features_are_given_for_every_block_that_the_backbone_has_and_for_no_other() -> None:
    features, logits = small_supernet().features(random_batch(5), design(1, 1, 1, 0, 0, 0, 0, 0, 0))
    assert {position: tuple(tensor.shape) for position, tensor in features.items()} == {
        (0, 0): (5, 12, 16, 16),
        (0, 1): (5, 12, 16, 16),
        (1, 0): (5, 12, 8, 8),
    }
    assert logits.shape == (5, CLASSES)


def test_the_image_is_resized_inside_the_network() -> None:
    supernet, images = small_supernet(), random_batch(side=20)
    assert supernet.features(images, design(0, *[0] * 8))[0][0, 0].shape[-2:] == (12, 12)
    torch.testing.assert_close(
        supernet(images, SPACE.smallest()), supernet(resize(images, 12), SPACE.smallest()), rtol=0, atol=0
    )


def test_resizing_to_the_same_size_touches_nothing() -> None:
    images = random_batch()
    assert resize(images, images.shape[-1]) is images


def test_the_activation_is_the_spaces() -> None:
    values = torch.tensor([-4.0, -1.0, 0.0, 1.0, 4.0])
    assert activate(values.clone(), "relu").tolist() == [0, 0, 0, 1, 4]
    torch.testing.assert_close(activate(values.clone(), "hardswish"), values * (values + 3).clamp(0, 6) / 6)
    smallest = SPACE.smallest()
    relu, hardswish = small_supernet(0, "relu"), small_supernet(0, "hardswish")
    assert not torch.allclose(relu(random_batch(), smallest), hardswish(random_batch(), smallest))


def test_a_stem_stride_halves_the_features() -> None:
    supernet = Supernet(replace(SPACE, stem_stride=2), CLASSES)
    assert supernet.features(random_batch(), SPACE.largest())[0][0, 0].shape[-1] == 8
