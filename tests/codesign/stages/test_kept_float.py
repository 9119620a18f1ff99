"""codesign/stages/kept_float.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from codesign.exits.answers import onnx_session
from codesign.stages.calibrate import activation_ranges
from codesign.stages.kept_float import kept_in_float
from codesign.stages.layers import weighed_layers
from codesign.stages.quantise import quantised
from tests.codesign.user_networks import residual_network

MODEL = residual_network(blocks=2, width=8, exporter_tail=False)
IMAGES = np.random.default_rng(0).normal(size=(16, 3, 16, 16)).astype(np.float32)
KEPT = ("c0", "c1")  # each between a quantised layer and another
MIXED = quantised(
    MODEL, activation_ranges(MODEL, {"x": IMAGES}), [name for name in weighed_layers(MODEL) if name not in KEPT]
)


def loaded(model: onnx.ModelProto, folder: Path) -> list[str]:
    """Operations of the graph as the engine runs it."""
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(folder / "loaded.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return [node.op_type for node in onnx.load(folder / "loaded.onnx").graph.node]


def test_the_engine_computes_a_kept_layer_in_float(tmp_path: Path) -> None:
    assert loaded(kept_in_float(MIXED, KEPT), tmp_path).count("QLinearConv") == 3  # the stem and one in each block


def test_a_guard_changes_no_answer_of_a_float_network() -> None:
    guarded = kept_in_float(MODEL, weighed_layers(MODEL))
    found, expected = (onnx_session(model, 1).run(["scores"], {"x": IMAGES})[0] for model in (guarded, MODEL))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)  # the engine fuses less


def test_a_guard_stands_behind_the_relu_where_nothing_else_reads_the_layer() -> None:
    nodes = {node.output[0]: node for node in kept_in_float(MODEL, ("c0", "d0")).graph.node}
    assert nodes["r0"].op_type == "Max"
    assert nodes["r0@float"].op_type == "Relu"
    assert nodes["d0"].op_type == "Max"  # a sum reads it, no ReLU
