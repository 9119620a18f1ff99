"""Operations that no network brought by a user may have: each refused with its node and the way out."""

from __future__ import annotations

import onnx
from onnx import TensorProto, numpy_helper

from runtime.contract.errors import ConfigError

CONTROL_FLOW = frozenset({"If", "Loop", "Scan"})
QUANTISED = frozenset(
    {"ConvInteger", "DequantizeLinear", "DynamicQuantizeLinear", "MatMulInteger", "QLinearConv", "QLinearMatMul"}
    | {"QuantizeLinear"}
)
RANDOM = frozenset({"Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform"}) | {
    "RandomUniformLike"
}
OTHER_FLOATS = frozenset({TensorProto.FLOAT16, TensorProto.BFLOAT16, TensorProto.DOUBLE})


def check_operations(model: onnx.ModelProto) -> None:
    """Raise ConfigError on control flow, foreign, quantised or random operations, and on other floats than float32."""
    true = {weight.name for weight in model.graph.initializer if _is_true(weight)}
    for node in model.graph.node:
        if node.op_type in CONTROL_FLOW:
            raise ConfigError(
                f"control flow cannot be cut into stages: node {node.name!r} ({node.op_type})",
                to_do="export the network traced, without branches or loops that depend on the data",
            )
        if node.op_type in QUANTISED:
            raise ConfigError(
                f"the network is quantised already: node {node.name!r} ({node.op_type})",
                to_do="bring the float32 network it was made from: heads are trained on its features",
            )
        if node.domain not in ("", "ai.onnx"):
            raise ConfigError(
                f"node {node.name!r} uses {node.op_type} of {node.domain!r}, which is no standard operation",
                to_do="export the network with standard ONNX operations, before any engine has optimised it",
            )
        if node.op_type in RANDOM:
            raise ConfigError(
                f"node {node.name!r} ({node.op_type}) answers differently every time",
                to_do="export the network in evaluation mode",
            )
        true |= {node.output[0] for attribute in node.attribute if node.op_type == "Constant" and _is_true(attribute.t)}
        training = any(attribute.name == "training_mode" and attribute.i for attribute in node.attribute)
        if training or (node.op_type == "Dropout" and true & set(node.input[2:])):
            raise ConfigError(
                f"node {node.name!r} ({node.op_type}) is in training mode",
                to_do="export the network in evaluation mode (model.eval())",
            )
        for attribute in node.attribute:
            kind = attribute.t.data_type if attribute.HasField("t") and attribute.t.dims else 0
            if node.op_type == "Cast" and attribute.name == "to":
                kind = attribute.i
            # Exporters work out the scale of attention in double before they cast it back: shapes, not features.
            if kind in OTHER_FLOATS and not (kind == TensorProto.DOUBLE and node.op_type == "Cast"):
                raise _not_float32(kind, f"node {node.name!r} ({node.op_type})")
    for weight in model.graph.initializer:
        if weight.data_type in OTHER_FLOATS and weight.dims:
            raise _not_float32(weight.data_type, f"weight {weight.name!r}")


def _is_true(value: onnx.TensorProto) -> bool:
    return value.data_type == TensorProto.BOOL and not value.dims and bool(numpy_helper.to_array(value))


def _not_float32(kind: int, what: str) -> ConfigError:
    return ConfigError(
        f"{what} is {TensorProto.DataType.Name(kind)}; features and weights must be float32",
        to_do="export the network in float32 (model.float()); the precision on the board is chosen by the compiler",
    )
