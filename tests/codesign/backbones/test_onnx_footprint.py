"""codesign/backbones/onnx_footprint.py"""

from __future__ import annotations

import numpy as np
import pytest

from codesign.backbones.onnx_footprint import PartFootprint, part_footprints
from codesign.backbones.slice_onnx import LOGITS
from runtime.contract.errors import ConfigError
from tests.codesign.backbones.test_onnx_work import graph, node
from tests.codesign.small_networks import backbone_graph, blocks_of, design, graph_of, small_exited_slice

IMAGE_BYTES = 4 * 3 * 8 * 8


def test_weights_and_activations_of_a_convolution_are_counted() -> None:
    (part,) = part_footprints(graph([node("Conv", "x", "w", pads=[1] * 4)], {"w": (5, 3, 3, 3)}), ["out"])
    assert part.weight_bytes == 4 * 5 * 27
    assert part.alive_bytes == IMAGE_BYTES + 4 * 5 * 64
    assert part.weight_bytes < part.file_bytes < part.weight_bytes + 150


def test_what_a_later_node_still_reads_stays_alive() -> None:
    chain = [node("Relu", "x", out="a"), node("Relu", "a", out="b"), node("Relu", "b")]
    (alone,) = part_footprints(graph(chain, {}), ["out"])
    assert alone.alive_bytes == 2 * IMAGE_BYTES
    residual = [node("Relu", "x", out="a"), node("Relu", "a", out="b"), node("Add", "b", "x")]
    (kept,) = part_footprints(graph(residual, {}), ["out"])
    assert kept.alive_bytes == 3 * IMAGE_BYTES


def test_parts_share_nothing_and_a_shared_weight_counts_once() -> None:
    nodes = [node("Conv", "x", "w", pads=[1] * 4, out="a"), node("Conv", "a", "w", pads=[1] * 4)]
    model = graph(nodes, {"w": (3, 3, 3, 3)}, outputs=("a", "out"))
    first, second = part_footprints(model, ["a", "out"])
    assert (first.weight_bytes, second.weight_bytes) == (4 * 81, 0)
    both = first.beside(second)
    assert both == PartFootprint(4 * 81, first.file_bytes + second.file_bytes, 2 * IMAGE_BYTES)


def test_the_parts_of_a_network_hold_all_of_its_weights() -> None:
    network = small_exited_slice(design(1, 1, 1, 0, 1, 0, 1, 1, 0))
    model = backbone_graph(network)
    parts = part_footprints(model, [*blocks_of(network), LOGITS])
    weights = sum(4 * int(np.prod(weight.dims)) for weight in model.graph.initializer)
    assert sum(part.weight_bytes for part in parts) == weights
    whole = len(graph_of(network).SerializeToString())
    assert sum(part.file_bytes for part in parts) < whole


def test_a_part_that_ends_nowhere_is_refused() -> None:
    with pytest.raises(ConfigError, match="no tensor 'nowhere' to cut at"):
        part_footprints(graph([node("Relu", "x")], {}), ["nowhere"])
