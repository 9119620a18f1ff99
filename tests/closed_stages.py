"""Stages of which the number of images, and nothing else, is open: as `codesign compile` writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from runtime.contract.arrays import FloatArray
from runtime.contract.manifest import Manifest
from tests.tiny_cascade import SPEC, fresh_stage, mode, promise, trunk_stages, write_tiny_bundle


def closed(models: Sequence[bytes], image_shape: Sequence[int]) -> list[bytes]:
    """The same stages with all dimensions but the first as they come out for an image of (channels, height, width)."""
    image: FloatArray = np.zeros((1, *image_shape), np.float32)
    known: dict[str, FloatArray] = {"image": image}
    done = []
    for content in models:
        session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        names = [output.name for output in session.get_outputs()]
        known |= dict(
            zip(names, session.run(names, {i.name: known[i.name] for i in session.get_inputs()}), strict=True)
        )
        done.append(_with_shapes(content, {name: array.shape[1:] for name, array in known.items()}))
    return done


def write_closed_bundle(out: Path) -> Manifest:
    """A bundle of two designs, three stages in all: TensorRT can build every one."""
    shape = (3, SPEC.height, SPEC.width)
    pair, alone = closed(trunk_stages()[:2], shape), closed([fresh_stage()], shape)
    modes = [mode("balanced", "pair", (1.2,)), mode("thorough", "pair", (-np.inf,)), mode("one-shot", "lone", ())]
    return write_tiny_bundle(
        out,
        modes=modes,
        stage_models={"pair": pair, "lone": alone},
        promises={m.name: promise(m.policy.stages) for m in modes},
    )


def _with_shapes(content: bytes, inner: Mapping[str, Sequence[int]]) -> bytes:
    model = onnx.load_from_string(content)
    for value in (*model.graph.input, *model.graph.output):
        dims = value.type.tensor_type.shape.dim
        for dim, length in zip(list(dims)[1:], inner[value.name], strict=True):
            dim.dim_value = length
    return bytes(model.SerializeToString())
