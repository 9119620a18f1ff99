"""Layers of a graph in 8-bit integers, by ONNX Runtime's static quantiser: QuantizeLinear and DequantizeLinear pairs.

Weights are signed and symmetric, one scale per output channel; activations unsigned with a zero point, so that a ReLU
costs nothing; products of matrices hand on float32, since logits in 256 steps would be no scores. Around the layers
that are named, everything stays in float32. The graph says where the integers are; an engine without integer kernels
computes the same numbers, rounded, in floating point.

TensorRT reads such graphs only where all zero points are 0, weights come in float32 and are rounded in the graph, and
no bias is an integer; and it makes one kernel of a layer and its ReLU where nothing is rounded between them. So graphs
for it round what layers read, signed and symmetric, and not what they make.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import onnx
from onnxruntime.quantization import CalibrationMethod, QuantType
from onnxruntime.quantization.calibrate import TensorsData
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer

from .calibrate import Ranges
from .layers import CLAMPS, WEIGHED

FLOAT_OUTPUTS = ("Gemm", "MatMul")
FOR_TENSORRT = {
    "ActivationSymmetric": True,
    "QuantizeBias": False,
    "AddQDQPairToWeight": True,
    "OpTypesToExcludeOutputQuantization": list(WEIGHED),
}


def quantised(
    model: onnx.ModelProto, ranges: Ranges, layers: Collection[str], *, for_tensorrt: bool = False
) -> onnx.ModelProto:
    """The graph with these layers in 8 bits, its inputs and outputs still float32.

    Args:
        model: a float32 graph of opset 13 or later.
        ranges: of every activation that the layers read or make.
        layers: names as `weighed_layers` gives them; none of them: the graph as it is.
        for_tensorrt: as TensorRT reads them; ONNX Runtime does, too, and on a CPU is slower with it.
    """
    copy = onnx.shape_inference.infer_shapes(model)
    if not layers:
        return copy
    for node in copy.graph.node:
        node.name = node.output[0]  # the quantiser goes by names, and not every graph has them
    makers = {node.output[0]: node for node in copy.graph.node}
    chosen = [name for name in makers if name in layers]
    vanishing = [  # with unsigned numbers: the range of what they follow ends where theirs does
        name
        for name, node in makers.items()
        if node.op_type in CLAMPS and node.input[0] in layers and makers[node.input[0]].op_type == "Conv"
    ]
    data = {name: (np.float32(least), np.float32(greatest)) for name, (least, greatest) in ranges.items()}
    quantiser = QDQQuantizer(
        copy,
        per_channel=True,
        reduce_range=False,
        weight_qType=QuantType.QInt8,
        activation_qType=QuantType.QInt8 if for_tensorrt else QuantType.QUInt8,
        tensors_range=TensorsData(CalibrationMethod.MinMax, data),
        nodes_to_quantize=chosen if for_tensorrt else [*chosen, *vanishing],
        nodes_to_exclude=[],
        op_types_to_quantize=[*WEIGHED, *CLAMPS],
        extra_options=FOR_TENSORRT if for_tensorrt else {"OpTypesToExcludeOutputQuantization": list(FLOAT_OUTPUTS)},
    )
    found: onnx.ModelProto = quantiser.quantize_model()
    return found
