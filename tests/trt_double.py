"""TensorRT's Python package as far as stages use it, computing with ONNX Runtime on the same graph.

Refuses what versions 8.6 and 10 refuse, as they do it: a wrong argument raises, what fails inside is logged and
answered with False or None. Where the two versions differ it goes by its own. One thing is stricter than the original:
10 ignores the flag for explicit batches, and here it is gone, as it may be one day.

Sources: NVIDIA's pages on the Python API of 8.6.1 and 10; JETSON.md for what changed between them; issue 2774 of
NVIDIA/TensorRT for what its parser says of zero points. What no page says is marked as assumed.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto

from runtime.contract.errors import EngineError
from runtime.engine import build_engine, engine_builder, native_tensorrt
from runtime.engine.build_engine import Order
from runtime.engine.cuda import Cuda
from runtime.engine.engine_builder import Builder as EngineBuilder
from tests.cuda_double import ILLEGAL_ADDRESS, CudaDouble
from tests.trt_builder_double import Builder, OnnxParser
from tests.trt_kinds_double import MAGIC, OPEN, BuilderFlag, ILogger, MemoryPoolType, Severity, TensorIOMode, dims

LEAST_ALIGNMENT = 256
HERE = ("in this process",)
V8, V10 = "8.6.2", "10.3.0"


class TensorRtDouble:
    """Stands for the module `tensorrt`. `module` is what stages import."""

    def __init__(self, version: str = V10, cuda: CudaDouble | None = None) -> None:
        self.version, self.cuda = version, cuda or CudaDouble()
        self.major = int(version.split(".")[0])
        self.logger: Any = None
        self.engines = 0  # that were loaded
        flags = {"STRONGLY_TYPED": 1} if self.major >= 10 else {"EXPLICIT_BATCH": 0}
        self.module = ModuleType("tensorrt")
        vars(self.module).update(
            __version__=version,
            ILogger=ILogger,
            TensorIOMode=TensorIOMode,
            BuilderFlag=BuilderFlag,
            MemoryPoolType=MemoryPoolType,
            NetworkDefinitionCreationFlag=IntEnum("NetworkDefinitionCreationFlag", flags),
            float32="DataType.FLOAT",
            float16="DataType.HALF",
            Builder=lambda logger: Builder(self.heard_by(logger)),
            OnnxParser=lambda network, logger: OnnxParser(network, self.heard_by(logger)),
            Runtime=lambda logger: Runtime(self.heard_by(logger)),
        )

    def heard_by(self, logger: Any) -> TensorRtDouble:
        if not isinstance(logger, ILogger) or not getattr(logger, "ready", False):
            raise TypeError("incompatible function arguments: not an ILogger, or its __init__ was not called")
        if self.logger is None:
            self.logger = logger
        elif self.logger is not logger:
            self.say(Severity.WARNING, "The logger passed in differs from one already registered: it is ignored.")
        return self

    def say(self, severity: Severity, message: str) -> None:
        self.logger.log(severity, message)

    def error(self, message: str) -> None:
        self.say(Severity.ERROR, message)


class Runtime:
    def __init__(self, double: TensorRtDouble) -> None:
        self._double = double

    def deserialize_cuda_engine(self, plan: bytes) -> Engine | None:
        double, content = self._double, bytes(memoryview(plan))
        if not content.startswith(MAGIC):
            double.error("Error Code 1: Serialization (Serialization assertion magicTagRead == kMAGIC_TAG failed.)")
            return None
        size = int.from_bytes(content[4:8], "little")
        header = json.loads(content[8 : 8 + size])
        if header["version"] != double.version:
            double.error("Error Code 1: Serialization (assertion stdVersionRead failed. Version tag does not match.)")
            return None
        if header["gpu"] != double.cuda.kind_of_gpu:
            double.say(Severity.WARNING, "Using an engine plan across different models of devices is not recommended")
        double.engines += 1
        return Engine(double, header, content[8 + size :])


class Engine:
    def __init__(self, double: TensorRtDouble, header: Mapping[str, Any], content: bytes) -> None:
        self._double, self.profile = double, header["profile"]
        model = onnx.load_from_string(content)
        self.taken_in = [value.name for value in model.graph.input]
        self.shapes = {value.name: dims(value) for value in (*model.graph.input, *model.graph.output)}
        self._types = {v.name: v.type.tensor_type.elem_type for v in (*model.graph.input, *model.graph.output)}
        self.session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
        self.device_memory_size = 1 << 16

    @property
    def num_io_tensors(self) -> int:
        return len(self.shapes)

    def get_tensor_name(self, index: int) -> str:
        return list(self.shapes)[index]

    def get_tensor_mode(self, name: str) -> TensorIOMode:
        if name not in self.shapes:
            return TensorIOMode.NONE
        return TensorIOMode.INPUT if name in self.taken_in else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> str:
        names = {TensorProto.FLOAT: "DataType.FLOAT", TensorProto.FLOAT16: "DataType.HALF"}
        return names.get(self._types[name], "DataType.INT32")

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        return self.shapes[name]

    def get_tensor_profile_shape(self, name: str, index: int) -> list[tuple[int, ...]]:
        if index or name not in self.taken_in:
            raise RuntimeError("no such profile, or no input")
        return [tuple(shape) for shape in self.profile[name]]

    def create_execution_context(self) -> Context | None:
        return Context(self._double, self)


class Context:
    def __init__(self, double: TensorRtDouble, engine: Engine) -> None:
        self._double, self._engine = double, engine
        self._shapes: dict[str, tuple[int, ...]] = {n: s for n, s in engine.shapes.items() if n in engine.taken_in}
        self._addresses: dict[str, int] = {}
        self._known: dict[tuple[Any, ...], dict[str, tuple[int, ...]]] = {}
        self._busy: set[int] = set()  # streams on which it has yet to run

    def set_input_shape(self, name: str, shape: Sequence[int]) -> bool:
        if name not in self._engine.taken_in:
            self._double.error(f"setInputShape: {name} is not an input tensor")
            return False
        least, _, most = self._engine.profile[name]
        if len(shape) != len(least) or any(not a <= d <= b for a, d, b in zip(least, shape, most, strict=True)):
            self._double.error(
                f"setInputShape: Error Code 3: API Usage Error (supplied dimensions {list(shape)} of "
                f"{name} do not satisfy the profile's range {least} to {most})"
            )
            return False
        self._shapes[name] = tuple(shape)
        return True

    def get_tensor_shape(self, name: str) -> tuple[int, ...]:
        if name in self._shapes:
            return self._shapes[name]
        if any(OPEN in shape for shape in self._shapes.values()):
            return self._engine.shapes[name]
        return self._outputs()[name]

    def set_tensor_address(self, name: str, address: int) -> bool:
        if name not in self._engine.shapes:
            self._double.error(f"setTensorAddress given invalid tensor name: {name}")
            return False
        if address % LEAST_ALIGNMENT:
            self._double.error(f"setTensorAddress: the address of {name} must be aligned to {LEAST_ALIGNMENT} bytes")
            return False
        self._addresses[name] = address
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        double = self._double
        for name, shape in self._shapes.items():
            if OPEN in shape:
                double.error(f"IExecutionContext::enqueueV3: Error Code 3: the shape of {name} has not been specified")
                return False
        for name in self._engine.shapes:
            if not self._addresses.get(name):
                double.error(f"IExecutionContext::enqueueV3: Error Code 3: no address has been set for tensor {name}")
                return False
        if self._busy - {stream_handle}:
            double.error("one execution context runs on two streams at once: undefined behaviour")
            return False
        outputs, shapes, addresses = self._outputs(), dict(self._shapes), dict(self._addresses)
        self._busy.add(stream_handle)

        def kernel() -> int:
            self._busy.discard(stream_handle)
            feeds = {}
            for name, shape in shapes.items():
                content = double.cuda.read(addresses[name], 4 * math.prod(shape))
                if content is None:
                    return ILLEGAL_ADDRESS
                feeds[name] = np.frombuffer(content, np.float32).reshape(shape)
            for name, array in zip(outputs, self._engine.session.run(list(outputs), feeds), strict=True):
                if array.shape != outputs[name] or not double.cuda.write(addresses[name], array.tobytes()):
                    return ILLEGAL_ADDRESS
            return 0

        return double.cuda.launch(stream_handle, kernel)

    def _outputs(self) -> dict[str, tuple[int, ...]]:
        key = tuple(self._shapes.items())
        if key not in self._known:
            names = [name for name in self._engine.shapes if name not in self._engine.taken_in]
            zeros = {name: np.zeros(shape, np.float32) for name, shape in self._shapes.items()}
            arrays = self._engine.session.run(names, zeros)
            self._known[key] = {name: array.shape for name, array in zip(names, arrays, strict=True)}
        return self._known[key]


def use(monkeypatch: pytest.MonkeyPatch, double: TensorRtDouble) -> TensorRtDouble:
    """Have stages of this process find the double."""
    monkeypatch.setitem(sys.modules, "tensorrt", double.module)
    monkeypatch.setattr(native_tensorrt, "open_cuda", lambda: Cuda(double.cuda))
    return double


def builds_with(version: str = V10, capability: Sequence[int] = (8, 7, 8)) -> tuple[str, ...]:
    """A program for `Builder`: a builder's process that finds the double."""
    repository = str(Path(__file__).parents[1])  # a builder starts elsewhere
    code = (
        f"import sys; sys.path.insert(0, {repository!r}); from tests.trt_double import install;"
        "from runtime.engine.build_engine import main;"
        f"install({version!r}, {tuple(capability)!r}); sys.exit(main(sys.argv[1:]))"
    )
    return (sys.executable, "-c", code)


def builds_here(monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """The same without a process of its own, where a test is about something else: with the double in use."""
    really = engine_builder.Builder.build

    def build(builder: EngineBuilder, model: bytes, precision: str, most: int, **how: Any) -> bytes:
        if tuple(builder.program) != HERE:
            return really(builder, model, precision, most, **how)
        with TemporaryDirectory() as name:
            onnx_file, plan, cache = Path(name) / "stage.onnx", Path(name) / "plan", how.get("timing_cache")
            onnx_file.write_bytes(model)
            limit = builder.limits.workspace_bytes
            order = Order(str(onnx_file), str(plan), precision, most, limit, None if cache is None else str(cache))
            try:
                build_engine.build(order, native_tensorrt.native_tensorrt())
            except EngineError as error:
                raise EngineError(f"no engine for a stage: {error.what}", where=how["where"]) from error
            return plan.read_bytes()

    monkeypatch.setattr(engine_builder.Builder, "build", build)
    return HERE


def install(version: str, capability: tuple[int, int, int]) -> None:
    """For a process that is there for nothing else."""
    double = TensorRtDouble(version, CudaDouble(capability=capability))
    sys.modules["tensorrt"] = double.module
    native_tensorrt.open_cuda = lambda: Cuda(double.cuda)
