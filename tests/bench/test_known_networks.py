"""The networks that boards are fitted on have the operation counts their papers print."""

from __future__ import annotations

import pytest

from runtime.contract.work import Work, total
from tests.bench.known_networks import inception_v3, mobilenet_v2, vit_small, xception


@pytest.mark.parametrize(
    ("works", "published_macs", "weight_layers"),
    [
        (mobilenet_v2(), 300e6, 53),
        (vit_small(), 4.6e9, 74),
        (inception_v3(299), 5.7e9, 91),  # 95, four pairs of which are counted as one layer of the same work
        (xception(299), 8.4e9, 75),
    ],
    ids=["MobileNetV2", "ViT-Small/16", "InceptionV3", "Xception"],
)
def test_operations_are_counted_as_published(works: list[Work], published_macs: float, weight_layers: int) -> None:
    assert total(works).macs == pytest.approx(published_macs, rel=0.01)
    assert sum(work.macs > 0 for work in works) == weight_layers


def test_what_is_not_fused_moves_more_and_computes_no_more() -> None:
    fused, apart = total(xception(299)), total(xception(299, fused=False))
    assert apart.macs == fused.macs
    assert apart.kernels > 2 * fused.kernels
    assert apart.traffic_bytes > 2 * fused.traffic_bytes
