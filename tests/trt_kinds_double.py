"""Names and numbers of TensorRT's Python package that both halves of its double use."""

from __future__ import annotations

from enum import Enum, IntEnum

import onnx

MAGIC = b"PLAN"
OPEN = -1


class Severity(IntEnum):
    INTERNAL_ERROR, ERROR, WARNING, INFO, VERBOSE = range(5)


class ILogger:
    Severity = Severity

    def __init__(self) -> None:
        self.ready = True

    def log(self, severity: Severity, message: str) -> None:
        raise NotImplementedError


class TensorIOMode(Enum):
    NONE, INPUT, OUTPUT = range(3)


class BuilderFlag(IntEnum):
    FP16, INT8, TF32 = 0, 1, 6


class MemoryPoolType(Enum):
    WORKSPACE = 0


def dims(value: onnx.ValueInfoProto) -> tuple[int, ...]:
    return tuple(d.dim_value if d.HasField("dim_value") else OPEN for d in value.type.tensor_type.shape.dim)
