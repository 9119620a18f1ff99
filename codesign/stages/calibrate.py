"""The range of every activation of a graph on some images: what 8 bits will have to cover."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx

from codesign.backbones.slice_onnx import LOGITS
from codesign.exits.answers import onnx_session
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError, EngineError

BATCH = 32  # every activation of a batch is in memory at once

Ranges = dict[str, tuple[float, float]]  # least and greatest value by tensor


def activation_ranges(model: onnx.ModelProto, feeds: Mapping[str, FloatArray], threads: int = 2) -> Ranges:
    """Least and greatest value of each tensor that a layer reads or makes, and of the graph's inputs and outputs.

    The same minimum and maximum that ONNX Runtime's MinMax calibrator takes, without its files.

    Args:
        model: a graph in float32.
        feeds: input name -> (images, ...) float32.
    Raises:
        ConfigError: no images.
        EngineError: an activation that is not finite.
    """
    count = min((len(values) for values in feeds.values()), default=0)
    if count == 0:
        raise ConfigError("calibration needs at least one image", to_do="give some of the training images")
    watched = [name for name in _floats(model) if name not in feeds]
    session = onnx_session(_with_outputs(model, watched), threads)
    least = {name: float(values.min()) for name, values in feeds.items()}
    greatest = {name: float(values.max()) for name, values in feeds.items()}
    for start in range(0, count, BATCH):
        batch = {name: values[start : start + BATCH] for name, values in feeds.items()}
        for name, found in zip(watched, session.run(watched, batch), strict=True):
            least[name] = min(least.get(name, np.inf), float(found.min()))
            greatest[name] = max(greatest.get(name, -np.inf), float(found.max()))
    for name in least:
        if not np.isfinite([least[name], greatest[name]]).all():
            raise EngineError(
                f"activation {name!r} is not finite on the calibration images",
                to_do="check the network's weights and the preprocessing (mean, std) it was trained with",
            )
    return {name: (least[name], greatest[name]) for name in least}


def _floats(model: onnx.ModelProto) -> list[str]:
    """Float32 tensors that nodes make, as far as inference knows; the logits among them."""
    inferred = onnx.shape_inference.infer_shapes(model)
    known = {
        value.name
        for value in (*inferred.graph.value_info, *inferred.graph.output)
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT
    }
    return [name for node in model.graph.node for name in node.output if name in known or name == LOGITS]


def _with_outputs(model: onnx.ModelProto, names: list[str]) -> onnx.ModelProto:
    watching = onnx.ModelProto()
    watching.CopyFrom(model)
    there = {value.name for value in model.graph.output}
    for name in names:
        if name not in there:
            watching.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None))
    return watching
