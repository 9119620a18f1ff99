"""Tidy what an exporter left: constants to be worked out, nodes that lead nowhere or come in another order.

Weights of layers are not touched: only nodes without any weight of the network are evaluated, with the reference
implementation of ONNX. Shapes that follow the batch are `open_batch`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator

from runtime.contract.errors import ConfigError

SHORT = 8  # numbers; longer arrays of floats are the network's own
Values = dict[str, np.ndarray[Any, Any]]


def fold_constants(model: onnx.ModelProto) -> None:
    """Replace nodes that read only what other such nodes made from attributes; weights stay where they are.

    Raises:
        ConfigError: a node that cannot be evaluated; names it.
    """
    known: Values = {}
    held: Values = {}  # weights in Constant nodes
    initial = {weight.name: weight for weight in model.graph.initializer}
    nodes = []
    for node in model.graph.node:
        read = [name for name in node.input if name]
        # A node on float weights alone (a transposed matrix, say) is the network's own arithmetic: left to the engine.
        foldable = all(name in known or (name in initial and is_index(initial[name])) for name in read)
        if not foldable or node.op_type.startswith("Random") or _has_subgraph(node):
            nodes.append(node)
            continue
        values = {name: known[name] if name in known else numpy_helper.to_array(initial[name]) for name in read}
        found = evaluated(model, node, values)
        weight = all(value.dtype.kind == "f" and value.size > SHORT for value in found.values())
        (held if weight else known).update(found)
    needed = {name for node in nodes for name in node.input} | {value.name for value in model.graph.output}
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(
        numpy_helper.from_array(np.asarray(value), name) for name, value in (known | held).items() if name in needed
    )


def evaluated(model: onnx.ModelProto, node: onnx.NodeProto, values: Mapping[str, np.ndarray[Any, Any]]) -> Values:
    """What one node makes of these inputs. Raises ConfigError where the reference implementation has no answer."""
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
    try:
        found = ReferenceEvaluator(alone).run(None, dict(values))
    except (NotImplementedError, RuntimeError, TypeError, ValueError, LookupError, AttributeError) as error:
        raise ConfigError(
            f"node {node.name!r} ({node.op_type}) reads constants only, but cannot be evaluated: {error}",
            to_do="export the network with its constants folded",
        ) from error
    return dict(zip((name for name in node.output if name), map(np.asarray, found), strict=True))


def drop_dead(model: onnx.ModelProto) -> None:
    """Remove nodes and initialisers that lead to no output, and shapes that speak of another batch."""
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


def sort_nodes(model: onnx.ModelProto) -> None:
    """Every node after those it reads, otherwise in the order they came. Raises ConfigError where one reads nothing."""
    made = {value.name for value in model.graph.input} | {weight.name for weight in model.graph.initializer} | {""}
    waiting, ordered = list(model.graph.node), []
    while waiting:
        at = next((k for k, node in enumerate(waiting) if made.issuperset(node.input)), None)
        if at is None:
            raise ConfigError(f"node {waiting[0].name!r} reads what no node makes", to_do="export the network again")
        made |= set(waiting[at].output)
        ordered.append(waiting.pop(at))
    del model.graph.node[:]
    model.graph.node.extend(ordered)


def weights_are_no_inputs(model: onnx.ModelProto) -> None:
    """Old exporters list every weight as an input too."""
    weights = {weight.name for weight in model.graph.initializer}
    kept = [value for value in model.graph.input if value.name not in weights]
    del model.graph.input[:]
    model.graph.input.extend(kept)


def is_index(weight: onnx.TensorProto) -> bool:
    """Whole numbers and truth values make shapes; floats are the network's."""
    return weight.data_type in (onnx.TensorProto.INT64, onnx.TensorProto.INT32, onnx.TensorProto.BOOL)


def _has_subgraph(node: onnx.NodeProto) -> bool:
    return any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)
