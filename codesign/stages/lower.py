"""A network with exits in another number format, stage by stage, each calibrated on what the stage before hands it."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import onnx

from codesign.backbones.slice_onnx import IMAGE, LOGITS
from codesign.exits.answers import onnx_session
from codesign.exits.names import exit_logits
from runtime.contract.arrays import FloatArray

from .calibrate import BATCH, Ranges, activation_ranges
from .cut import cut_into_stages
from .entropy_apart import with_entropy, without_entropy
from .half import in_float16
from .join import joined
from .kept_float import kept_in_float
from .layers import weighed_layers
from .quantise import quantised


def in_half_precision(model: onnx.ModelProto, cuts: Sequence[str]) -> onnx.ModelProto:
    """The graph with every stage between exits in float16.

    Args:
        model: a graph that `exits.attach.with_exits` made, with an exit at each of `cuts`, in their order.
    """
    return joined([in_float16(stage) for stage in cut_into_stages(model, cuts)], cuts)


def in_integers(
    model: onnx.ModelProto,
    cuts: Sequence[str],
    layers: Collection[str],
    images: FloatArray,
    *,
    for_tensorrt: bool = False,
) -> onnx.ModelProto:
    """The graph with some of its layers in 8-bit integers.

    Where stages meet there is float32; the stage that hands a tensor on and the one that takes it round it alike, so
    that a graph cut at any of its exits computes what it computed uncut.

    Args:
        model: as above.
        layers: names as `weighed_layers` gives them for `model`.
        images: (n, ...), preprocessed; ranges come from them, so they should be images that training has seen.
        for_tensorrt: see `quantised`.
    """
    feeds: dict[str, FloatArray] = {IMAGE: images}
    handed: Ranges = {}  # the range by which the stage before rounds what it hands on
    stages = []
    for stage, cut in zip(cut_into_stages(model, cuts), [*cuts, None], strict=True):
        own = {LOGITS if cut is not None and name == exit_logits(cut) else name for name in layers}
        if cut is not None and LOGITS in own and exit_logits(cut) not in layers:
            own.remove(LOGITS)  # that of the last stage, which bears the same name in the whole graph
        bare = without_entropy(stage)
        ranges = activation_ranges(bare, feeds) | handed
        here = set(weighed_layers(bare))
        lowered = quantised(bare, ranges, own & here, for_tensorrt=for_tensorrt)
        if layers:
            # For TensorRT all of them: else ONNX Runtime, which judges it, would make integer kernels where nobody but
            # the next layer reads what a layer makes, and a graph would answer otherwise where it is cut.
            lowered = kept_in_float(lowered, here if for_tensorrt else here - own)
        if cut is not None:
            handed, feeds = {cut: ranges[cut]}, {cut: _run(lowered, feeds, cut)}
        stages.append(with_entropy(lowered))
    return joined(stages, cuts)


def _run(stage: onnx.ModelProto, feeds: dict[str, FloatArray], output: str) -> FloatArray:
    session, count = onnx_session(stage, 2), len(next(iter(feeds.values())))
    return np.concatenate(
        [
            session.run([output], {name: values[start : start + BATCH] for name, values in feeds.items()})[0]
            for start in range(0, count, BATCH)
        ]
    )
