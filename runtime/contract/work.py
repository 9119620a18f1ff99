"""How much there is to do in a piece of a network, counted from its ONNX graph."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Work:
    """Work of one image through a block, a head, or any sum of such."""

    macs: float = 0.0  # multiply-accumulates
    traffic_bytes: float = 0.0  # weights read + activations read + activations written
    kernels: float = 0.0  # launches, after the usual fusion of activations into what precedes them
    fp16_macs: float = 0.0  # those of `macs` that are done on 16-bit floating-point numbers
    int8_macs: float = 0.0  # likewise on 8-bit integers; all others are float32

    def __add__(self, other: Work) -> Work:
        return Work(
            self.macs + other.macs,
            self.traffic_bytes + other.traffic_bytes,
            self.kernels + other.kernels,
            self.fp16_macs + other.fp16_macs,
            self.int8_macs + other.int8_macs,
        )


NO_WORK = Work()


def total(works: Iterable[Work]) -> Work:
    """The sum; no work at all for none."""
    result = NO_WORK
    for work in works:
        result = result + work
    return result
