"""Work counted from an ONNX graph: multiply-accumulates, bytes moved, kernels launched, for one image.

Element-wise operations count as fused into the kernel that feeds them, as TensorRT and ONNX Runtime do; what they read
besides that kernel's output (the other arm of a residual) still counts as traffic.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import onnx
from onnx import shape_inference

from runtime.contract.errors import ConfigError
from runtime.contract.work import NO_WORK, Work

BYTES_PER_VALUE = 4  # FP32
FREE = frozenset({"Constant", "Dropout", "Flatten", "Identity", "Reshape", "Shape", "Squeeze", "Unsqueeze"})
FUSED = frozenset(
    {"Add", "BatchNormalization", "Cast", "Clip", "Div", "Elu", "Exp", "HardSigmoid", "HardSwish", "LeakyRelu"}
    | {"Log", "Mul", "Neg", "Relu", "Sigmoid", "Sqrt", "Sub", "Tanh"}
)

Shapes = dict[str, tuple[int, ...]]


def infer_shapes(model: onnx.ModelProto) -> Shapes:
    """Shape of every tensor with the batch set to one. Raises ConfigError where another dimension is not known."""
    single = onnx.ModelProto()
    single.CopyFrom(model)
    for value in single.graph.input:
        value.type.tensor_type.shape.dim[0].dim_value = 1
    inferred = shape_inference.infer_shapes(single, strict_mode=True, data_prop=True)
    shapes: Shapes = {weight.name: tuple(weight.dims) for weight in inferred.graph.initializer}
    for value in (*inferred.graph.input, *inferred.graph.value_info):
        dims = value.type.tensor_type.shape.dim
        shapes[value.name] = tuple(dim.dim_value for dim in dims)
    for value in inferred.graph.output:
        dims = value.type.tensor_type.shape.dim
        shapes.setdefault(value.name, tuple([1] + [dim.dim_value for dim in dims[1:]]))
    for name, shape in shapes.items():
        if any(size < 1 for size in shape[1:]):
            raise ConfigError(
                f"the shape of tensor {name!r} is not known: {shape}",
                to_do="export the network with fixed sizes (only the batch may vary), or fold its constants first",
            )
    return shapes


def node_work(node: onnx.NodeProto, shapes: Shapes) -> Work:
    """Work of one node. Raises ConfigError where the shape of its output could not be inferred."""
    if node.op_type in FREE:
        return NO_WORK
    if node.output[0] not in shapes:
        raise ConfigError(f"the output shape of node {node.name!r} ({node.op_type}) is not known")
    elements = [int(np.prod(shapes[name])) for name in node.input if name in shapes]
    out = int(np.prod(shapes[node.output[0]]))
    if node.op_type in FUSED:
        return Work(traffic_bytes=BYTES_PER_VALUE * sum(elements[1:]))
    macs = 0.0
    if node.op_type == "Conv":
        macs = out * float(np.prod(shapes[node.input[1]][1:]))
    elif node.op_type in ("Gemm", "MatMul"):
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        macs = out * float(shapes[node.input[0]][0 if transposed else -1])
    return Work(macs, BYTES_PER_VALUE * (sum(elements) + out), kernels=1.0)


def works_of(model: onnx.ModelProto, targets: Sequence[str]) -> tuple[Work, ...]:
    """Work that each target tensor needs beyond what the targets before it needed, in the order given.

    With every cut point in order and the logits last, these are the blocks of a network; their sum is the work of the
    whole graph, wherever the cuts lie. Raises ConfigError on a target that is no tensor of the graph.
    """
    shapes = infer_shapes(model)
    producer = {output: node for node in model.graph.node for output in node.output}
    counted: set[str] = set()
    works = []
    for target in targets:
        if target not in producer:
            raise ConfigError(f"the graph has no tensor {target!r} to cut at")
        work, waiting = NO_WORK, [target]
        while waiting:
            node = producer.get(waiting.pop())
            if node is not None and node.output[0] not in counted:
                counted.add(node.output[0])
                work = work + node_work(node, shapes)
                waiting.extend(node.input)
        works.append(work)
    return tuple(works)
