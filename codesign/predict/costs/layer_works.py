"""The work of every layer of many designs at once, per image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from runtime.contract.arrays import BoolArray, FloatArray, IntArray

CONV, POINTWISE, DEPTHWISE, LINEAR = "conv", "pointwise", "depthwise", "linear"
POOL, ADD, FILL, SQUEEZE = "pool", "add", "fill", "squeeze-excite"
ENDS = -1  # the unit of layers before the first stage and after the last
Number = int | npt.NDArray[np.integer]  # the same for all designs, or (n,)
Times = Number | BoolArray


@dataclass(frozen=True, slots=True)
class Layer:
    """The work of one run of a layer, and how often a design runs it: 0 where it does without."""

    kind: str
    unit: int  # the stage of the network
    macs: Number = 0
    input_values: Number = 0  # weights apart
    output_values: Number = 0
    weights: Number = 0
    times: Times = 1


@dataclass(frozen=True, slots=True)
class LayerWorks:
    """Work of l layers in n designs; where a design does without a layer, all of its numbers are 0."""

    kinds: tuple[str, ...]  # (l,)
    units: tuple[int, ...]  # (l,): the stage of the network; -1 before the first and after the last
    times: IntArray  # (n, l): how often the layer is run
    macs: FloatArray  # (n, l): multiply-accumulates, of all its runs together
    input_values: FloatArray  # (n, l): numbers read, weights apart
    output_values: FloatArray  # (n, l): numbers written
    weights: FloatArray  # (n, l): numbers read that are the same for every image


def convolution(
    unit: int,
    channels: tuple[Number, Number],
    sizes: tuple[Number, Number],
    kernel: Number = 1,
    *,
    groups: Number = 1,
    depthwise: bool = False,
    times: Times = 1,
) -> Layer:
    """A convolution of square images.

    Args:
        unit: the stage of the network.
        channels: in, out.
        sizes: side of the input and of the output.
        kernel: side.
        groups: into which the channels are divided.
        depthwise: a group for each channel.
        times: how often it is run, 0 where a design does without.
    """
    into, out = channels
    weights = out * kernel**2 if depthwise else into * out * kernel**2 // groups
    spatial = isinstance(kernel, np.ndarray) or kernel > 1
    return Layer(
        DEPTHWISE if depthwise else CONV if spatial else POINTWISE,
        unit,
        macs=weights * sizes[1] ** 2,
        input_values=into * sizes[0] ** 2,
        output_values=out * sizes[1] ** 2,
        weights=weights,
        times=times,
    )


def addition(unit: int, values: Number, times: Times = 1) -> Layer:
    """The sum of two tensors of so many values."""
    return Layer(ADD, unit, input_values=2 * values, output_values=values, times=times)


def classifier(inputs: int, outputs: int) -> Layer:
    """A linear layer at the end."""
    weights = inputs * outputs
    return Layer(LINEAR, ENDS, macs=weights, input_values=inputs, output_values=outputs, weights=weights)


def halved(size: Number) -> Number:
    """The side of an image after a stride of 2 with padding."""
    return (size + 1) // 2


def works_of(layers: Iterable[Layer], designs: int) -> LayerWorks:
    """The works of a network's layers in so many designs."""
    rows = tuple(layers)
    times: FloatArray = np.empty((len(rows), designs))
    works: FloatArray = np.empty((4, len(rows), designs))
    for at, row in enumerate(rows):
        times[at] = row.times
        for work, number in zip(works, (row.macs, row.input_values, row.output_values, row.weights), strict=True):
            work[at] = number
    works *= times
    macs, input_values, output_values, weights = (work.T for work in works)
    return LayerWorks(
        kinds=tuple(row.kind for row in rows),
        units=tuple(row.unit for row in rows),
        times=times.T.astype(np.int64),
        macs=macs,
        input_values=input_values,
        output_values=output_values,
        weights=weights,
    )
