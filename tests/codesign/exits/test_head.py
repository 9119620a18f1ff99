from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from codesign.exits.head import ElasticHead, Head, pool_factor, pooled


@pytest.mark.parametrize(
    ("side", "factor"), [(1, 1), (3, 1), (4, 1), (7, 1), (8, 2), (12, 3), (16, 4), (32, 8), (33, 8)]
)
def test_feature_maps_are_pooled_to_about_four_pixels_never_below(side: int, factor: int) -> None:
    assert pool_factor(side) == factor
    assert pooled(torch.zeros(2, 3, side, side)).shape[-1] == side // factor
    assert side < 4 or side // factor >= 4


def test_pooling_averages_and_small_maps_are_left_alone() -> None:
    features = torch.randn(2, 3, 8, 8)
    by_hand = features.reshape(2, 3, 4, 2, 4, 2).mean(dim=(3, 5))
    torch.testing.assert_close(pooled(features), by_hand)
    small = torch.randn(2, 3, 5, 5)
    assert pooled(small) is small


def test_a_head_answers_one_logit_per_class() -> None:
    assert Head(6, 10, width=8)(torch.randn(5, 6, 4, 4)).shape == (5, 10)


@pytest.mark.parametrize("channels", [3, 5, 8])
def test_a_head_cut_out_computes_what_the_shared_one_does_on_batch_statistics(channels: int) -> None:
    torch.manual_seed(0)
    elastic = ElasticHead(8, 4, width=16)
    with torch.no_grad():
        elastic.full.norm.weight.normal_()
        elastic.full.norm.bias.normal_()
    features = torch.randn(6, channels, 4, 4)
    torch.testing.assert_close(elastic.sliced(channels).train()(features), elastic(features), rtol=1e-4, atol=1e-5)


def test_a_head_cut_out_owns_its_weights() -> None:
    elastic = ElasticHead(8, 4)
    head = elastic.sliced(5)
    before = [parameter.clone() for parameter in head.parameters()]
    with torch.no_grad():
        for parameter in elastic.parameters():
            parameter.add_(1)
    assert all(torch.equal(a, b) for a, b in zip(before, head.parameters(), strict=True))


def test_a_shared_head_reads_the_first_channels_of_the_widest() -> None:
    torch.manual_seed(0)
    elastic, features = ElasticHead(8, 4), torch.randn(6, 5, 4, 4)
    before = elastic(features)
    with torch.no_grad():
        elastic.full.depthwise.weight[5:] += 1
        elastic.full.pointwise.weight[:, 5:] += 1
    assert torch.equal(elastic(features), before)
    bias = elastic.full.depthwise.bias
    assert bias is not None
    by_hand = functional.conv2d(features, elastic.full.depthwise.weight[:5], bias[:5], padding=1, groups=5)
    by_hand = functional.conv2d(by_hand, elastic.full.pointwise.weight[:, :5])
    by_hand = functional.relu(functional.batch_norm(by_hand, None, None, training=True))
    torch.testing.assert_close(before, elastic.full.classifier(by_hand.mean(dim=(2, 3))))


def test_a_shared_head_normalises_by_the_batch_even_in_eval_mode() -> None:
    elastic, features = ElasticHead(8, 4), torch.randn(6, 8, 4, 4)
    assert torch.equal(elastic.train()(features), elastic.eval()(features))
