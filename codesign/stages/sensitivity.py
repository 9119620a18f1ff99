"""How much each layer's 8 bits alone change what the exits answer: the separable surrogate of mixed precision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnx
from scipy.special import log_softmax

from codesign.backbones.slice_onnx import IMAGE
from codesign.exits.answers import onnx_session
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ShapeError

from .calibrate import activation_ranges
from .quantise import quantised

BATCH = 64


def divergence_nats(reference: FloatArray, other: FloatArray) -> float:
    """Mean Kullback-Leibler divergence of softmax(other) from softmax(reference), over exits and images.

    Args:
        reference, other: logits (exits, images, classes).
    """
    if reference.shape != other.shape or reference.ndim != 3:
        raise ShapeError(f"logits must be (exits, images, classes) alike, got {reference.shape} and {other.shape}")
    ln_p, ln_q = log_softmax(reference, axis=2), log_softmax(other, axis=2)
    # Where the two agree to rounding, the sum of terms of both signs may come out just below 0.
    return max(float((np.exp(ln_p) * (ln_p - ln_q)).sum(axis=2).mean()), 0.0)


def changed_answers(reference: FloatArray, other: FloatArray) -> float:
    """Share of answers, over exits and images, that name another class. Shapes as above."""
    return float((reference.argmax(axis=2) != other.argmax(axis=2)).mean())


def layer_sensitivities(
    model: onnx.ModelProto,
    outputs: Sequence[str],
    layers: Sequence[str],
    calibration: FloatArray,
    images: FloatArray,
    tick: Callable[[int, int, str], None],
    *,
    for_tensorrt: bool = False,
) -> FloatArray:
    """(layers,) in nats: the divergence when one layer is quantised and all others are not.

    What layers do together is not the sum of what each does alone; a sum of these is a surrogate for it.

    Args:
        model: a float32 graph with exits.
        outputs: the logits to watch.
        calibration: (n, ...), preprocessed, for the ranges of activations.
        images: (m, ...), on which the divergence is taken.
        tick: told how many layers are done.
        for_tensorrt: see `quantised`.
    """
    ranges = activation_ranges(model, {IMAGE: calibration})
    reference = logits_of(model, outputs, images)
    found = np.zeros(len(layers))
    for number, layer in enumerate(layers):
        tick(number, len(layers), layer)
        alone = quantised(model, ranges, [layer], for_tensorrt=for_tensorrt)
        found[number] = divergence_nats(reference, logits_of(alone, outputs, images))
    return found


def logits_of(model: onnx.ModelProto, outputs: Sequence[str], images: FloatArray) -> FloatArray:
    """(outputs, images, classes) of preprocessed images."""
    session = onnx_session(model, 2)
    batches = [session.run(list(outputs), {IMAGE: images[k : k + BATCH]}) for k in range(0, len(images), BATCH)]
    return np.stack([np.concatenate(found) for found in zip(*batches, strict=True)])
