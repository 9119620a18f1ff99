from __future__ import annotations

import pytest

from codesign.backbones.onnx_work import works_of
from codesign.backbones.slice_onnx import LOGITS
from codesign.exits.attach import with_exits
from codesign.exits.exited_backbone import exited_backbone
from codesign.exits.head import Head
from codesign.exits.names import ENTROPY, exit_entropy, exit_logits
from runtime.contract.errors import ConfigError
from runtime.contract.work import Work, total
from tests.codesign.small_networks import (
    CLASSES,
    SPACE,
    backbone_graph,
    blocks_of,
    cuts_of,
    exited_of,
    graph_of,
    small_exited_slice,
)

NETWORK = small_exited_slice(SPACE.largest())
GRAPH, BLOCKS, CUTS = graph_of(NETWORK), blocks_of(NETWORK), cuts_of(NETWORK)
EXITED = exited_of(NETWORK)


def assert_same_work(left: Work, right: Work) -> None:
    assert (left.macs, left.traffic_bytes, left.kernels) == pytest.approx(
        (right.macs, right.traffic_bytes, right.kernels), rel=1e-12
    )


def test_work_in_another_format_is_counted_where_the_layers_are() -> None:
    formats = {node.output[0]: "int8" for node in GRAPH.graph.node if node.op_type == "Conv"}
    narrow = exited_backbone(GRAPH, BLOCKS, CUTS, formats)
    for before, after in zip([*EXITED.static, *EXITED.heads], [*narrow.static, *narrow.heads], strict=True):
        assert after.macs == before.macs
        assert after.int8_macs <= after.macs
    assert total(narrow.static).int8_macs > 0.9 * total(narrow.static).macs
    assert total(narrow.static).traffic_bytes < 0.5 * total(EXITED.static).traffic_bytes


def test_segments_and_heads_together_are_the_work_of_the_whole_graph() -> None:
    outputs = [value.name for value in GRAPH.graph.output]
    parts = [work for segment in EXITED.segments for work in segment] + list(EXITED.heads)
    assert_same_work(total(parts), total(works_of(GRAPH, outputs)))


def test_the_static_network_is_the_backbone_without_any_head_or_entropy() -> None:
    assert_same_work(total(EXITED.static), total(works_of(backbone_graph(NETWORK), [LOGITS])))
    assert EXITED.static[:-1] == works_of(backbone_graph(NETWORK), BLOCKS)


def test_a_segment_holds_the_blocks_from_the_cut_before_and_the_last_also_the_end() -> None:
    assert (BLOCKS[:-1], len(BLOCKS)) == (CUTS, 4)
    assert [len(segment) for segment in EXITED.segments] == [1, 1, 1, 3]  # a block; block, logits and entropy


def test_a_head_costs_what_its_layers_cost() -> None:
    # At 12 channels and 16 px, pooled to 4×4: depthwise 3×3, pointwise to 64, classifier.
    assert EXITED.heads[0].macs == 16 * 12 * 9 + 16 * 12 * 64 + 64 * CLASSES
    assert EXITED.heads[0] == EXITED.heads[1]


def test_outputs_are_named_in_the_order_of_the_exits_with_the_end_last() -> None:
    assert EXITED.outputs == (*(exit_logits(cut) for cut in CUTS), LOGITS)


def test_fewer_exits_leave_longer_segments_and_the_same_total() -> None:
    fewer = exited_backbone(GRAPH, BLOCKS, CUTS[1:2])
    assert [len(segment) for segment in fewer.segments] == [2, 4]
    assert fewer.heads == EXITED.heads[1:2]
    flat = [work for segment in fewer.segments for work in segment]
    assert_same_work(total(flat), total(work for segment in EXITED.segments for work in segment))


def test_an_exit_after_the_last_block_leaves_only_the_end_to_its_last_segment() -> None:
    head = Head(16, CLASSES)
    graph = with_exits(backbone_graph(NETWORK), {BLOCKS[-1]: head})
    exited = exited_backbone(graph, BLOCKS, BLOCKS[-1:])
    assert [len(segment) for segment in exited.segments] == [4, 2]
    assert_same_work(
        total([work for segment in exited.segments for work in segment] + list(exited.heads)),
        total(works_of(graph, [exit_entropy(BLOCKS[-1]), ENTROPY])),
    )


@pytest.mark.parametrize("cuts", [CUTS[::-1], (*CUTS, "features_9_9"), (CUTS[0], CUTS[0])])
def test_exits_that_are_not_some_blocks_in_order_are_refused(cuts: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError, match="are not some of the blocks"):
        exited_backbone(GRAPH, BLOCKS, cuts)


def test_an_exit_without_a_head_in_the_graph_is_refused() -> None:
    with pytest.raises(ConfigError, match="the graph has no tensor 'entropy@features_0_0' to cut at"):
        exited_backbone(backbone_graph(NETWORK), BLOCKS, CUTS[:1])
