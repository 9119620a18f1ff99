"""Work counted from an ONNX graph: multiply-accumulates, bytes moved, kernels launched, for one image.

Element-wise operations count as fused into the kernel that feeds them, as TensorRT and ONNX Runtime do; what they read
besides that kernel's output (the other arm of a residual) still counts as traffic. An operation whose
multiply-accumulates are not known here is refused rather than counted as none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
import onnx
from onnx import shape_inference

from runtime.contract.errors import ConfigError
from runtime.contract.precision import BYTES, FP16, FP32, INT8
from runtime.contract.work import NO_WORK, Work

BYTES_PER_VALUE = BYTES[FP32]
ALL_FP32: Mapping[str, str] = MappingProxyType({})
FREE = frozenset({"Constant", "Dropout", "Flatten", "Identity", "Reshape", "Shape", "Squeeze", "Unsqueeze"})
FUSED = frozenset(
    {"Abs", "Add", "BatchNormalization", "Cast", "Celu", "Clip", "Div", "Elu", "Erf", "Exp", "Gelu", "HardSigmoid"}
    | {"HardSwish", "LeakyRelu", "Log", "Max", "Min", "Mish", "Mul", "Neg", "PRelu", "Pow", "Reciprocal", "Relu"}
    | {"Selu", "Sigmoid", "Softplus", "Softsign", "Sqrt", "Sub", "Tanh", "ThresholdedRelu", "Where"}
)
PICKING = frozenset({"Gather", "Slice"})  # read only what they hand on
SHAPE_MAKING = frozenset({"Concat", *PICKING})  # on vectors: no tensor of an image has a single axis
# Operations that multiply, or run graphs of their own: without a rule for them their work would count as zero.
UNCOUNTED = frozenset(
    {"Attention", "ConvInteger", "DeformConv", "GRU", "If", "LSTM", "Loop", "MatMulInteger", "QLinearConv"}
    | {"QLinearMatMul", "RNN", "Scan"}
)
FIXED_SIZES = "export the network with fixed sizes (only the batch may vary), or fold its constants first"

Shapes = dict[str, tuple[int, ...]]


def infer_shapes(model: onnx.ModelProto, batch: int = 1) -> Shapes:
    """Shape of every tensor for a batch of this size.

    Raises:
        ConfigError: a dimension other than the batch is not known, or the graph contradicts itself.
    """
    single = onnx.ModelProto()
    single.CopyFrom(model)
    weights: Shapes = {weight.name: tuple(weight.dims) for weight in single.graph.initializer}
    for value in single.graph.input:
        if value.name not in weights:  # files of old list their weights as inputs too
            value.type.tensor_type.shape.dim[0].dim_value = batch
    del single.graph.value_info[:]  # these and the outputs' shapes may speak of another batch
    for value in single.graph.output:
        value.type.tensor_type.ClearField("shape")
    try:
        inferred = shape_inference.infer_shapes(single, strict_mode=True, data_prop=True)
    except shape_inference.InferenceError as error:
        raise ConfigError(f"the shapes of the graph do not fit together: {error}", to_do=FIXED_SIZES) from error
    shapes: Shapes = {}
    for value in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output):
        if value.type.tensor_type.HasField("shape"):
            shapes[value.name] = tuple(dim.dim_value for dim in value.type.tensor_type.shape.dim)
    for name, shape in shapes.items():
        if any(size < 1 for size in shape):
            raise ConfigError(f"the shape of tensor {name!r} is not known: {shape}", to_do=FIXED_SIZES)
    return shapes | weights


def node_work(node: onnx.NodeProto, shapes: Shapes) -> Work:
    """Work of one node.

    Raises:
        ConfigError: the shape of something it reads or writes could not be inferred, or it is of a kind whose
            multiply-accumulates are not counted here.
    """
    if node.op_type in FREE:
        return NO_WORK
    if node.op_type in UNCOUNTED:
        raise ConfigError(
            f"the work of operation {node.op_type} (node {node.name!r}) cannot be counted",
            to_do="export the network with convolutions and matrix products instead",
        )
    read = [name for name in node.input if name]  # an optional input left out has no name
    if unknown := [name for name in (*read, node.output[0]) if name not in shapes]:
        raise ConfigError(
            f"the shape of tensor {unknown[0]!r} at node {node.name!r} ({node.op_type}) is not known", to_do=FIXED_SIZES
        )
    elements = [int(np.prod(shapes[name])) for name in read]
    out = int(np.prod(shapes[node.output[0]]))
    if node.op_type in SHAPE_MAKING and len(shapes[node.output[0]]) < 2:
        return NO_WORK
    if node.op_type in PICKING:
        return Work(traffic_bytes=BYTES_PER_VALUE * 2 * out, kernels=1.0)
    if node.op_type in FUSED:
        return Work(traffic_bytes=BYTES_PER_VALUE * (sum(elements) - max(elements)))
    macs = 0.0
    if node.op_type == "Conv":
        macs = out * float(np.prod(shapes[node.input[1]][1:]))
    elif node.op_type == "ConvTranspose":
        macs = elements[0] * float(np.prod(shapes[node.input[1]][1:]))
    elif node.op_type in ("Gemm", "MatMul"):
        transposed = any(attribute.name == "transA" and attribute.i for attribute in node.attribute)
        macs = out * float(shapes[node.input[0]][0 if transposed else -1])
    elif node.op_type == "Einsum":
        macs = _einsum_macs(node, shapes)
    made = sum(int(np.prod(shapes[name])) for name in node.output if name in shapes)
    return Work(macs, BYTES_PER_VALUE * (sum(elements) + made), kernels=1.0)


def _einsum_macs(node: onnx.NodeProto, shapes: Shapes) -> float:
    """One per combination of the indices, and per operand beyond two."""
    equation = next(attribute.s.decode() for attribute in node.attribute if attribute.name == "equation")
    operands = equation.replace(" ", "").split("->")[0].split(",")
    if "." in equation:
        raise ConfigError(
            f"the work of Einsum {equation!r} (node {node.name!r}) cannot be counted",
            to_do="export the network with every index of the equation named, or with matrix products",
        )
    sizes = {
        index: size
        for operand, name in zip(operands, node.input, strict=True)
        for index, size in zip(operand, shapes[name], strict=True)
    }
    return float(np.prod(list(sizes.values()))) * max(1, len(operands) - 1)


def in_format(work: Work, number_format: str) -> Work:
    """Work counted in float32, done on other numbers: as many products, and every value read or written is as wide."""
    return Work(
        work.macs,
        work.traffic_bytes * BYTES[number_format] / BYTES[FP32],
        work.kernels,
        fp16_macs=work.macs if number_format == FP16 else 0.0,
        int8_macs=work.macs if number_format == INT8 else 0.0,
    )


def works_of(model: onnx.ModelProto, targets: Sequence[str], formats: Mapping[str, str] = ALL_FP32) -> tuple[Work, ...]:
    """Work that each target tensor needs beyond what the targets before it needed, in the order given.

    With every cut point in order and the logits last, these are the blocks of a network; their sum is the work of the
    whole graph, wherever the cuts lie. Raises ConfigError on a target that is no tensor of the graph.

    Args:
        model: a float32 graph.
        formats: of nodes that compute on other numbers, by their first output.
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
                work = work + in_format(node_work(node, shapes), formats.get(node.output[0], FP32))
                waiting.extend(node.input)
        works.append(work)
    return tuple(works)
