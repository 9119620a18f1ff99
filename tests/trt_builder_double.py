"""The half of TensorRT's double that reads graphs and builds engines: see trt_double.py."""

from __future__ import annotations

import json
from collections.abc import Sequence
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from tests.trt_kinds_double import MAGIC, OPEN, BuilderFlag, MemoryPoolType, dims

if TYPE_CHECKING:
    from tests.trt_double import TensorRtDouble


class Network:
    def __init__(self, double: TensorRtDouble, flags: int) -> None:
        kinds = double.module.NetworkDefinitionCreationFlag
        self.strong = double.major >= 10 and bool(flags >> int(kinds.STRONGLY_TYPED) & 1)
        self.explicit = double.major >= 10 or bool(flags >> int(kinds.EXPLICIT_BATCH) & 1)
        self.model: onnx.ModelProto | None = None

    @property
    def num_inputs(self) -> int:
        return 0 if self.model is None else len(self.model.graph.input)

    def get_input(self, index: int) -> Any:
        assert self.model is not None
        value = self.model.graph.input[index]
        return SimpleNamespace(name=value.name, shape=dims(value))


class Builder:
    def __init__(self, double: TensorRtDouble) -> None:
        self._double = double

    def create_network(self, flags: int = 0) -> Network:
        return Network(self._double, flags)

    def create_builder_config(self) -> Config:
        return Config(self._double)

    def create_optimization_profile(self) -> Profile:
        return Profile()

    def build_serialized_network(self, network: Network, config: Config) -> memoryview | None:
        double, model = self._double, network.model
        if model is None:
            double.error("Network must have at least one output")  # of an empty network
            return None
        if network.strong and config.flags & {BuilderFlag.FP16, BuilderFlag.INT8}:
            double.error("Error Code 3: precision flags must not be set when the network is strongly typed")
            return None
        if not network.strong and _has_halves(model) and BuilderFlag.FP16 not in config.flags:
            double.error("Error Code 4: FP16 is in the network, but not configured in the builder")  # assumed words
            return None
        if not network.strong and _quantised(model) and BuilderFlag.INT8 not in config.flags:
            double.error("Error Code 4: Int8 precision has been set for a layer, but int8 is not configured")
            return None
        shapes: dict[str, list[list[int]]] = {}
        for value in model.graph.input:
            own = dims(value)
            if OPEN not in own:
                shapes[value.name] = [list(own)] * 3
                continue
            given = [profile.shapes[value.name] for profile in config.profiles if value.name in profile.shapes]
            if not given:
                double.error("Network has dynamic or shape inputs, but no optimization profile has been defined.")
                return None
            least, _, most = given[0]
            if any(d != OPEN and (d, d) != (a, b) for d, a, b in zip(own, least, most, strict=True)):
                double.error(f"Error Code 4: {value.name}: the profile differs from the network's own dimensions")
                return None
            shapes[value.name] = [list(shape) for shape in given[0]]
        header = {
            "version": double.version,
            "gpu": double.cuda.kind_of_gpu,
            "profile": shapes,
            "tf32": BuilderFlag.TF32 in config.flags,
        }
        if config.timing is not None:
            config.timing.content += b"."
        text = json.dumps(header).encode()
        return memoryview(MAGIC + len(text).to_bytes(4, "little") + text + model.SerializeToString())


class Config:
    def __init__(self, double: TensorRtDouble) -> None:
        self._double = double
        self.flags = {BuilderFlag.TF32}  # on unless cleared
        self.profiles: list[Profile] = []
        self.timing: TimingCache | None = None
        self.pools: dict[MemoryPoolType, int] = {}

    def set_memory_pool_limit(self, pool: MemoryPoolType, size: int) -> None:
        self.pools[pool] = size

    def set_flag(self, flag: BuilderFlag) -> None:
        self.flags.add(flag)

    def clear_flag(self, flag: BuilderFlag) -> None:
        self.flags.discard(flag)

    def add_optimization_profile(self, profile: Profile) -> int:
        self.profiles.append(profile)
        return len(self.profiles) - 1

    def create_timing_cache(self, content: bytes) -> TimingCache | None:
        memoryview(content)
        return TimingCache(self._double.version.encode(), content)

    def set_timing_cache(self, cache: TimingCache, ignore_mismatch: bool) -> bool:
        if cache.content and not cache.content.startswith(cache.version) and not ignore_mismatch:
            self._double.error("The timing cache was made by another version")  # assumed words
            return False
        self.timing = cache
        return True

    def get_timing_cache(self) -> TimingCache | None:
        return self.timing


class TimingCache:
    def __init__(self, version: bytes, content: bytes) -> None:
        self.version, self.content = version, content

    def serialize(self) -> memoryview:
        return memoryview(self.content if self.content.startswith(self.version) else self.version + self.content)


class Profile:
    def __init__(self) -> None:
        self.shapes: dict[str, tuple[tuple[int, ...], ...]] = {}

    def set_shape(self, name: str, least: Sequence[int], usual: Sequence[int], most: Sequence[int]) -> None:
        if any(not low <= middle <= high for low, middle, high in zip(least, usual, most, strict=True)):
            raise RuntimeError("Shape provided for opt is inconsistent with other shapes.")
        self.shapes[name] = (tuple(least), tuple(usual), tuple(most))


class OnnxParser:
    def __init__(self, network: Network, double: TensorRtDouble) -> None:
        self._network, self._double = network, double
        self._errors: list[str] = []

    @property
    def num_errors(self) -> int:
        return len(self._errors)

    def get_error(self, index: int) -> str:
        return self._errors[index]

    def parse(self, content: bytes) -> bool:
        if not self._network.explicit:
            return self._fail(
                "This version of the ONNX parser only supports networks with an explicit batch dimension."
            )
        try:
            model = onnx.load_from_string(content)
            onnx.checker.check_model(model)
        except Exception:  # noqa: BLE001 (protobuf's own and ONNX's share no base)
            return self._fail("Failed to parse the ONNX model: its bytes are no model")
        constants = {tensor.name: tensor for tensor in model.graph.initializer}
        for index, node in enumerate(model.graph.node):
            if node.op_type == "DequantizeLinear" and node.input[0] in constants:
                kind = constants[node.input[0]].data_type
                if kind == TensorProto.INT32:  # a bias: issue 14229 of microsoft/onnxruntime
                    return self._fail(f"In node {index}: only activation types allowed as input to this layer.")
                if (
                    kind == TensorProto.INT8 and self._double.major < 10
                ):  # issue 16 of megvii-research/Sparsebit, at 8.2
                    return self._fail(f"In node {index}: invalid weights type of Int8")
            if node.op_type in ("QuantizeLinear", "DequantizeLinear") and len(node.input) > 2:
                zero = constants.get(node.input[2])
                if zero is not None and (zero.data_type == TensorProto.UINT8 or np.any(numpy_helper.to_array(zero))):
                    return self._fail(
                        f"In node {index} (import{node.op_type}): Assertion failed: shiftIsAllZeros(zeroPoint): TRT "
                        "only supports symmetric quantization - zeroPt must be all zeros"
                    )
        self._network.model = model
        return True

    def _fail(self, why: str) -> bool:
        self._errors.append(why)
        self._double.error(why)
        return False


def _has_halves(model: onnx.ModelProto) -> bool:
    return any(tensor.data_type == TensorProto.FLOAT16 for tensor in model.graph.initializer)


def _quantised(model: onnx.ModelProto) -> bool:
    return any(node.op_type == "QuantizeLinear" for node in model.graph.node)
