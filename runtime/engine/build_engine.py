"""Builds one engine in this process, which is there for nothing else: `python -m runtime.engine.build_engine ORDER`.

TensorRT's builder takes hundreds of megabytes, keeps some of them, and may be killed for them: so it does not run where
images are answered. The order is a JSON file; what the builder said goes to stdout as one JSON object at the end.

The precision is the graph's own: a strongly typed network where TensorRT has them (10 on); before that the formats that
the graph is in are allowed, as quantised or float16 weights say. TF32 is off: it answers otherwise than was certified.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from runtime.contract.durable import write_file
from runtime.contract.errors import EngineError
from runtime.contract.precision import FP16, INT8, MIXED

from .native_tensorrt import NativeTensorRt, native_tensorrt, version_of

STRONG_FROM, EXPLICIT_BEFORE = (10, 0), (10, 0)
NOT_BUILT = 3  # exit status: the answer on stdout says why


@dataclass(frozen=True, slots=True)
class Order:
    """One engine to be built."""

    model: str  # path of the ONNX file
    plan: str  # path of the engine to write
    precision: str
    most_images: int  # batches from one image to so many
    workspace_bytes: int  # that the builder may take for one layer's scratch memory
    timing_cache: str | None = None  # path; what layers took before, which later stages share


def main(argv: Sequence[str]) -> int:
    """Carry out the order in a file; the exit status."""
    order = Order(**json.loads(Path(argv[0]).read_text(encoding="utf-8")))
    try:
        said = build(order, native_tensorrt())
    except EngineError as error:
        print(json.dumps({"error": error.what}), flush=True)
        return NOT_BUILT
    print(json.dumps({"said": said}), flush=True)
    return 0


def order_text(order: Order) -> str:
    """As `main` reads it."""
    return json.dumps(asdict(order))


def build(order: Order, native: NativeTensorRt) -> str:
    """Write the engine; what the builder warned of.

    Raises EngineError with the parser's or the builder's own words.
    """
    trt = native.tensorrt
    builder = trt.Builder(native.logger)
    network = builder.create_network(_network_flags(trt))
    parser = trt.OnnxParser(network, native.logger)
    if not parser.parse(Path(order.model).read_bytes()):
        words = "; ".join(str(parser.get_error(index)) for index in range(parser.num_errors))
        raise EngineError(f"TensorRT {native.version} cannot read the graph: {words or native.messages.taken()}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, order.workspace_bytes)
    config.clear_flag(trt.BuilderFlag.TF32)
    if version_of(trt) < STRONG_FROM:
        if order.precision == FP16:
            config.set_flag(trt.BuilderFlag.FP16)
        elif order.precision in (INT8, MIXED):
            config.set_flag(trt.BuilderFlag.INT8)
    config.add_optimization_profile(_profile(builder, network, order.most_images))
    keep_timing = _timing(config, order.timing_cache)
    built = builder.build_serialized_network(network, config)
    if built is None:
        raise EngineError(f"TensorRT {native.version} built no engine: {native.messages.taken()}")
    write_file(Path(order.plan), bytes(built))
    keep_timing()
    return native.messages.taken(otherwise="")


def _network_flags(trt: Any) -> int:
    flags = trt.NetworkDefinitionCreationFlag
    if version_of(trt) < EXPLICIT_BEFORE:
        return 1 << int(flags.EXPLICIT_BATCH)
    strong = getattr(flags, "STRONGLY_TYPED", None)  # should a later version drop it: networks are so anyway from 11 on
    return 0 if strong is None else 1 << int(strong)


def _profile(builder: Any, network: Any, most_images: int) -> Any:
    profile = builder.create_optimization_profile()
    for index in range(network.num_inputs):
        tensor = network.get_input(index)
        batch, *inner = tuple(tensor.shape)
        if batch >= 0 or min(inner, default=0) < 0:
            raise EngineError(
                f"the input {tensor.name!r} is {tuple(tensor.shape)}: engines are built for stages of which the number"
                " of images, and nothing else, is open"
            )
        one, most = (1, *inner), (most_images, *inner)
        profile.set_shape(tensor.name, one, one, most)  # batch one is what boards serve: it is tuned for that
    return profile


def _timing(config: Any, path: str | None) -> Callable[[], None]:
    """Have the builder start from what was timed before; the function that keeps what it has timed."""
    if path is None:
        return lambda: None
    file, before = Path(path), b""
    with suppress(OSError):
        before = file.read_bytes()
    known = config.create_timing_cache(before)
    if known is None or not config.set_timing_cache(known, False):  # of another version: it begins anew
        config.set_timing_cache(config.create_timing_cache(b""), False)

    def keep() -> None:
        with suppress(OSError):  # who serves may not be allowed to write there: the engine is built all the same
            write_file(file, bytes(config.get_timing_cache().serialize()))

    return keep


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
