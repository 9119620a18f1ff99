"""What the parts of an ONNX graph take up: bytes of weights, bytes as a file, bytes of activations alive at once.

Activations are counted for one image, node by node in the order of the graph: what a later node of the same part still
reads stays alive. Engines reuse memory at least as well where they fuse or work in place, so the count is from above.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper

from runtime.contract.errors import ConfigError

from .onnx_work import Shapes, infer_shapes

REFERENCE_BYTES = 4  # tag and length of a node or weight in its file
VALUE_BYTES = 4  # of an activation whose type the graph does not state


@dataclass(frozen=True, slots=True)
class PartFootprint:
    """One part of a graph."""

    weight_bytes: float
    file_bytes: float  # weights and nodes
    alive_bytes: float  # activations, of one image

    def beside(self, other: PartFootprint) -> PartFootprint:
        """Both parts, run one after the other."""
        return PartFootprint(
            self.weight_bytes + other.weight_bytes,
            self.file_bytes + other.file_bytes,
            max(self.alive_bytes, other.alive_bytes),
        )


def part_footprints(model: onnx.ModelProto, targets: Sequence[str]) -> tuple[PartFootprint, ...]:
    """What it takes to compute each target tensor beyond what the targets before it took, in the order given.

    A weight that several parts read counts with the first. Raises ConfigError on a target that is no tensor.
    """
    shapes = infer_shapes(model)
    widths = _value_bytes(model)
    weights = {weight.name: weight for weight in model.graph.initializer}
    producer = {output: number for number, node in enumerate(model.graph.node) for output in node.output}
    counted: set[int] = set()
    stored: set[str] = set()
    found = []
    for target in targets:
        if target not in producer:
            raise ConfigError(f"the graph has no tensor {target!r} to cut at")
        part, waiting = set(), [target]
        while waiting:
            number = producer.get(waiting.pop())
            if number is not None and number not in counted:
                counted.add(number)
                part.add(number)
                waiting.extend(model.graph.node[number].input)
        nodes = [model.graph.node[number] for number in sorted(part)]
        own = {name for node in nodes for name in node.input if name in weights} - stored
        stored |= own
        weight_bytes = float(sum(numpy_helper.to_array(weights[name]).nbytes for name in own))
        file_bytes = sum(weights[name].ByteSize() + REFERENCE_BYTES for name in own)
        file_bytes += sum(node.ByteSize() + REFERENCE_BYTES for node in nodes)
        alive_bytes = _alive_bytes(nodes, target, weights, shapes, widths)
        found.append(PartFootprint(weight_bytes, float(file_bytes), alive_bytes))
    return tuple(found)


def _alive_bytes(
    nodes: Sequence[onnx.NodeProto],
    target: str,
    weights: dict[str, onnx.TensorProto],
    shapes: Shapes,
    widths: dict[str, int],
) -> float:
    """The most that is alive while any of the nodes runs: all it reads and writes, and all that is still to be read."""

    def size(name: str) -> float:
        return float(np.prod(shapes.get(name, ()))) * widths.get(name, VALUE_BYTES)

    last_read = {name: index for index, node in enumerate(nodes) for name in node.input}
    last_read[target] = len(nodes)
    made = {name for node in nodes for name in node.output}
    alive = {name for name in last_read if name and name not in weights and name not in made}  # handed to this part
    most = 0.0
    for index, node in enumerate(nodes):
        alive |= {name for name in node.output if name}
        most = max(most, sum(size(name) for name in alive))
        alive = {name for name in alive if last_read.get(name, -1) > index}
    return most


def _value_bytes(model: onnx.ModelProto) -> dict[str, int]:
    """Bytes of one value of each tensor whose type the graph states."""
    graph = model.graph
    stated = [*graph.input, *graph.output, *graph.value_info]
    return {
        value.name: helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type).itemsize
        for value in stated
        if value.type.tensor_type.elem_type
    }
