"""A stage in 16-bit floating point: weights and features inside, float32 where stages meet.

What an engine makes of that is its own affair. ONNX Runtime on a processor without float16 kernels rounds the weights
and computes in float32; a device with float16 arithmetic rounds after every operation, and is a little less exact.
"""

from __future__ import annotations

import warnings

import onnx
from onnxruntime.transformers.float16 import convert_float_to_float16

from .entropy_apart import with_entropy, without_entropy


def in_float16(stage: onnx.ModelProto) -> onnx.ModelProto:
    """The same stage with everything but its inputs, outputs and entropy in float16.

    Weights too small for float16 become its smallest numbers; operations that ONNX Runtime has in float32 alone are
    left in it, with casts around them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # one per tensor with a weight below 6e-8
        lowered = convert_float_to_float16(without_entropy(stage), keep_io_types=True)
    return with_entropy(lowered)
