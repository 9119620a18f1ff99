"""Fold what an exporter left to be worked out at run time: constants, and shapes that follow from the batch alone.

A graph in which `Shape`, `Gather` and `Concat` rebuild a shape cannot be cut (their paths bypass every tensor) nor
counted. Weights of layers are not touched: only nodes without any weight of the network are evaluated, with the
reference implementation of ONNX.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError

PROBE_BATCHES = (2, 3)  # a shape that follows the batch differs between these in the same way
SHAPE_READERS = frozenset({"Shape", "Size"})
RESHAPES = {"Reshape": 1}  # operation -> which input is a shape in which 0 means "as it comes in"


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same network with constants folded and dead nodes gone; inputs that are weights are no inputs any more.

    Raises:
        ConfigError: a shape depends on something else than the batch, or on the batch in a way that cannot be written
            down (the batch in the middle of a Reshape, say); names the node.
    """
    result = onnx.ModelProto()
    result.CopyFrom(model)
    weights = {weight.name for weight in result.graph.initializer}
    kept_inputs = [value for value in result.graph.input if value.name not in weights]
    del result.graph.input[:]
    result.graph.input.extend(kept_inputs)
    _fold_constants(result)
    if any(node.op_type in SHAPE_READERS for node in result.graph.node):
        _fold_shapes(result)
        _fold_constants(result)
    _drop_dead(result)
    return result


def _fold_constants(model: onnx.ModelProto) -> None:
    """Replace nodes that read only what other such nodes made from attributes; weights stay where they are."""
    known: dict[str, IntArray] = {}
    initial = {weight.name: weight for weight in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        read = [name for name in node.input if name]
        # A node on float weights alone (a transposed matrix, say) is the network's own arithmetic: left to the engine.
        foldable = all(name in known or (name in initial and _is_index(initial[name])) for name in read)
        if not foldable or node.op_type.startswith("Random") or _has_subgraph(node):
            nodes.append(node)
            continue
        values = {name: known[name] if name in known else numpy_helper.to_array(initial[name]) for name in read}
        known |= zip(node.output, _evaluated(model, node, values), strict=False)
    needed = {name for node in nodes for name in node.input} | {value.name for value in model.graph.output}
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in known.items() if name in needed
    )


def _fold_shapes(model: onnx.ModelProto) -> None:
    """Replace tensors made from shapes by constants; the batch becomes 0 where a Reshape reads it."""
    probes = [_shape_values(model, batch) for batch in PROBE_BATCHES]
    initial = {weight.name for weight in model.graph.initializer}
    for node in model.graph.node:
        if all(output in probes[0] for output in node.output):
            continue  # itself part of a shape: dead once its readers are folded
        for position, name in enumerate(node.input):
            if name not in probes[0] or name in initial:
                continue
            small, large = probes[0][name], probes[1][name]
            if not np.array_equal(small, large):
                small = _with_batch_as_it_comes(node, position, small, large)
            constant = f"{name}@{node.output[0]}"
            node.input[position] = constant
            model.graph.initializer.append(numpy_helper.from_array(small, constant))


def _with_batch_as_it_comes(node: onnx.NodeProto, position: int, small: IntArray, large: IntArray) -> IntArray:
    follows = np.flatnonzero(small != large) if small.shape == large.shape else np.asarray([-1])
    if RESHAPES.get(node.op_type) == position and follows.tolist() == [0] and (small[0], large[0]) == PROBE_BATCHES:
        zero_first = small.copy()
        zero_first[0] = 0
        return zero_first
    raise ConfigError(
        f"input {position} of node {node.name!r} ({node.op_type}) follows the batch in a way that cannot be folded",
        where=f"tensor {node.input[position]!r}",
        to_do="export the network with a fixed shape there; only the first axis of a Reshape may be the batch",
    )


def _shape_values(model: onnx.ModelProto, batch: int) -> dict[str, IntArray]:
    """Every tensor that follows from shapes and constants alone, for a batch of this size."""
    shapes = infer_shapes_with_batch(model, batch)
    initial = {weight.name: weight for weight in model.graph.initializer}
    values: dict[str, IntArray] = {}
    for node in model.graph.node:
        read = [name for name in node.input if name]
        if node.op_type == "Shape":
            if read[0] not in shapes:
                raise ConfigError(
                    f"the shape of tensor {read[0]!r} at node {node.name!r} (Shape) is not known",
                    to_do="export the network with fixed sizes; only the batch may vary",
                )
            whole = np.asarray(shapes[read[0]], dtype=np.int64)
            attributes = {attribute.name: attribute.i for attribute in node.attribute}
            values[node.output[0]] = whole[attributes.get("start", 0) : attributes.get("end", len(whole))]
        elif read and any(name in values for name in read):
            if not all(name in values or (name in initial and _is_index(initial[name])) for name in read):
                continue  # mixes a shape with data: whoever reads the shape is looked at above
            given = {name: values[name] if name in values else numpy_helper.to_array(initial[name]) for name in read}
            values |= zip(node.output, _evaluated(model, node, given), strict=False)
    return values


def infer_shapes_with_batch(model: onnx.ModelProto, batch: int) -> dict[str, tuple[int, ...]]:
    """Shape of every tensor for a batch of this size, as far as inference gets before shapes are folded."""
    probe = onnx.ModelProto()
    probe.CopyFrom(model)
    for value in probe.graph.input:
        value.type.tensor_type.shape.dim[0].dim_value = batch
    for value in probe.graph.output:
        value.type.tensor_type.ClearField("shape")
    del probe.graph.value_info[:]
    inferred = onnx.shape_inference.infer_shapes(probe, data_prop=True)
    found = {}
    for value in (*inferred.graph.input, *inferred.graph.value_info, *inferred.graph.output):
        dims = [dim.dim_value for dim in value.type.tensor_type.shape.dim]
        if value.type.tensor_type.HasField("shape") and all(size > 0 for size in dims):
            found[value.name] = tuple(dims)
    return found


def _evaluated(model: onnx.ModelProto, node: onnx.NodeProto, values: dict[str, IntArray]) -> list[IntArray]:
    alone = onnx.helper.make_model(
        onnx.helper.make_graph(
            [node],
            "one node",
            [
                onnx.helper.make_tensor_value_info(name, onnx.helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
                for name, value in values.items()
            ],
            [onnx.helper.make_empty_tensor_value_info(name) for name in node.output if name],
        ),
        opset_imports=model.opset_import,
        ir_version=model.ir_version,
    )
    found: list[IntArray] = ReferenceEvaluator(alone).run(None, values)  # type: ignore[assignment]
    return found


def _drop_dead(model: onnx.ModelProto) -> None:
    """Remove nodes and initialisers that lead to no output."""
    needed = {value.name for value in model.graph.output}
    nodes = []
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            nodes.append(node)
            needed |= set(node.input)
    weights = [weight for weight in model.graph.initializer if weight.name in needed]
    del model.graph.node[:]
    model.graph.node.extend(reversed(nodes))
    del model.graph.initializer[:]
    model.graph.initializer.extend(weights)
    del model.graph.value_info[:]


def _is_index(weight: onnx.TensorProto) -> bool:
    """Whole numbers and truth values make shapes; floats are the network's."""
    return weight.data_type in (onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.BOOL)


def _has_subgraph(node: onnx.NodeProto) -> bool:
    return any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)
