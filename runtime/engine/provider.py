"""What runs a stage: TensorRT itself, or one of ONNX Runtime's execution providers, and how each of those is set up.

A provider that was asked for by name is used or it is an error; `auto` takes the best that works, and says which. Parts
of a graph that a GPU's provider has no kernels for run on the next in its list, as ONNX Runtime decides.

Options: ONNX Runtime's pages on the CUDA and TensorRT execution providers. Not yet run on a board.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import onnxruntime

from runtime.contract.errors import ConfigError
from runtime.contract.precision import FP16, FP32, INT8, MIXED

from .engine_builder import Builder
from .engine_key import BuildSite, engine_key
from .engine_store import onnx_runtimes_folder

CPU, CUDA, TENSORRT, AUTO = "cpu", "cuda", "tensorrt", "auto"
NATIVE = "tensorrt-native"  # without ONNX Runtime: see open_stages.py
CHOICES = (CPU, CUDA, TENSORRT, NATIVE, AUTO)
NAMES = {  # of ONNX Runtime, the best first
    TENSORRT: "TensorrtExecutionProvider",
    CUDA: "CUDAExecutionProvider",
    CPU: "CPUExecutionProvider",
}
SHORT = {name: short for short, name in NAMES.items()}
MOST_IMAGES = 64  # TensorRT builds for batches up to this; a larger one makes it build again

# TF32 rounds float32 to 10 bits: another answer than the one that was certified. FP16 and INT8 are in the graph.
CUDA_OPTIONS = {"use_tf32": "0"}


@dataclass(frozen=True, slots=True)
class Provider:
    """What was asked for, and what TensorRT needs to know besides."""

    name: str = CPU
    precision: str = FP32  # of the design that is loaded
    engines: Path | None = None  # where built engines are kept, one folder per key; None: built anew at every start
    site: BuildSite | None = None
    builder: Builder | None = None  # of engines for TensorRT itself; None: one with its defaults


ON_CPU = Provider()


def candidates(asked: str, available: Sequence[str]) -> tuple[str, ...]:
    """What to try, in this order.

    Args:
        asked: one of CHOICES.
        available: names of the providers that this ONNX Runtime was built with.
    Raises:
        ConfigError: no such choice, or this ONNX Runtime was built without it.
    """
    if asked == AUTO:
        return tuple(short for short, name in NAMES.items() if name in available or short == CPU)
    if asked not in NAMES:
        raise ConfigError(f"there is no provider {asked!r}", to_do=f"use one of {', '.join(CHOICES)}")
    if asked != CPU and NAMES[asked] not in available:
        raise ConfigError(
            f"this ONNX Runtime was built without {asked}: it has {', '.join(available)}",
            to_do="install the onnxruntime-gpu wheel made for this JetPack in place of onnxruntime, or use"
            f" --provider {AUTO} or {CPU}",
        )
    return (asked,)


def set_up(short: str, provider: Provider, model: bytes, inputs: Mapping[str, Sequence[object]]) -> list[object]:
    """The `providers` argument of a session for one candidate: what is not the CPU goes with its options.

    Args:
        short: what `candidates` said.
        inputs: the model's inputs with their declared shapes; a dimension that is no number is open.
    Raises OSError where the folder for engines cannot be made.
    """
    if short == CPU:
        return [NAMES[CPU]]
    cuda = (NAMES[CUDA], dict(CUDA_OPTIONS))
    if short == CUDA:
        return [cuda, NAMES[CPU]]
    return [(NAMES[TENSORRT], _tensorrt_options(provider, model, inputs)), cuda, NAMES[CPU]]


def profile_of(inputs: Mapping[str, Sequence[object]], images: int) -> str:
    """Shapes at a batch of `images` in the words of TensorRT's provider; nothing where more than the batch is open."""
    shapes = []
    for name, declared in inputs.items():
        inner = declared[1:]
        if not declared or not all(isinstance(length, int) for length in inner):
            return ""
        shapes.append(f"{name}:{'x'.join(str(length) for length in (images, *inner))}")
    return ",".join(shapes)


def _tensorrt_options(provider: Provider, model: bytes, inputs: Mapping[str, Sequence[object]]) -> dict[str, str]:
    options = {
        "trt_fp16_enable": str(provider.precision == FP16),
        "trt_int8_enable": str(provider.precision in (INT8, MIXED)),
    }
    smallest, largest = profile_of(inputs, 1), profile_of(inputs, MOST_IMAGES)
    if smallest:
        options |= {
            "trt_profile_min_shapes": smallest,
            "trt_profile_opt_shapes": smallest,
            "trt_profile_max_shapes": largest,
        }
    site = provider.site
    if provider.engines is not None and site is not None and site.tensorrt is not None:
        shapes = {"min": smallest, "max": largest}
        builder = f"ONNX Runtime {onnxruntime.__version__}"
        key = engine_key(model, provider.precision, site, builder=builder, shapes=shapes)
        folder = onnx_runtimes_folder(provider.engines, key)
        options |= {
            "trt_engine_cache_enable": "True",
            "trt_engine_cache_path": str(folder),
            "trt_timing_cache_enable": "True",
            "trt_timing_cache_path": str(folder),
        }
    return options
