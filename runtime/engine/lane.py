"""The tensors that one image passes through, laid out once: each stage reads where the stage before has written.

With ONNX Runtime's I/O binding nothing is allocated, converted or copied between stages on a CPU. A lane serves one
image at a time; `Lanes` lends one to each thread that asks.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import onnxruntime

from runtime.contract.arrays import FloatArray

from .stage import ORT_ERRORS, Stage

FROM_IMAGE = -1  # a feed that comes from the image, not from an output of the stage before
ALIGNED_BYTES = 64  # a line of the cache, and the widest vector

Sources = tuple[tuple[str, int], ...]  # of one stage: input name, and the output of the stage before that feeds it


class _Bound(NamedTuple):
    """A stage with its inputs and outputs in the lane's tensors."""

    session: Any
    binding: Any
    outputs: list[FloatArray]  # what a run writes, in the order of `Stage.outputs`
    values: list[Any]  # the same memory, as ONNX Runtime knows it


class Lane:
    """Tensors for one image. What a stage leaves in them is there until the next image: copy what is to be kept."""

    __slots__ = ("_bound", "_image_value", "_plan", "image")

    def __init__(self, plan: Sequence[tuple[Stage, Sources]], shape: tuple[int, ...]) -> None:
        """For images (1, ...) of that shape."""
        self._plan = plan
        self._bound: list[_Bound] = []
        self.image = _aligned(shape)
        self._image_value = onnxruntime.OrtValue.ortvalue_from_numpy(self.image)

    def run(self, index: int) -> list[FloatArray]:
        """Outputs of a stage, in the order of `Stage.outputs`; for stage 0 `image` must be filled, for others the stage
        before have run.

        Raises EngineError where ONNX Runtime fails.
        """
        if index == len(self._bound):
            return self._first_run(index)
        bound = self._bound[index]
        try:
            bound.session.run_with_iobinding(bound.binding)
        except ORT_ERRORS as error:
            raise self._plan[index][0].failed(error, self._feeds(index)) from error
        return bound.outputs

    def _first_run(self, index: int) -> list[FloatArray]:
        """The shapes of its outputs are known once a stage has run, so it runs unbound; late stages may never."""
        stage, sources = self._plan[index]
        outputs = stage(self._feeds(index))
        own = [_aligned(tensor.shape) for tensor in outputs]
        for tensor, found in zip(own, outputs, strict=True):
            tensor[...] = found
        binding, values = stage.session.io_binding(), [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in own]
        before = self._bound[index - 1].values if index else []
        for name, source in sources:
            binding.bind_ortvalue_input(name, self._image_value if source == FROM_IMAGE else before[source])
        for name, value in zip(stage.outputs, values, strict=True):
            binding.bind_ortvalue_output(name, value)
        self._bound.append(_Bound(stage.session, binding, own, values))
        return own

    def _feeds(self, index: int) -> dict[str, FloatArray]:
        before = self._bound[index - 1].outputs if index else []
        return {name: self.image if source == FROM_IMAGE else before[source] for name, source in self._plan[index][1]}


class Lanes:
    """As many lanes as threads have asked for at once; safe to call from several."""

    __slots__ = ("_free", "_plan")

    def __init__(self, plan: Sequence[tuple[Stage, Sources]]) -> None:
        self._plan, self._free = tuple(plan), deque[Lane]()

    def take(self, image: FloatArray) -> Lane:
        """A lane with that image (1, ...) of float32 in it, nobody else's until it is given back."""
        try:
            lane = self._free.pop()
        except IndexError:
            lane = Lane(self._plan, image.shape)
        if lane.image.shape != image.shape:
            lane = Lane(self._plan, image.shape)
        np.copyto(lane.image, image)
        return lane

    def give_back(self, lane: Lane) -> None:
        """Lend it again. One that is not given back, say since a stage failed, is simply gone."""
        self._free.append(lane)


def _aligned(shape: tuple[int, ...]) -> FloatArray:
    """An empty float32 tensor that begins at the start of a cache line; numpy promises 16 bytes only."""
    count = int(np.prod(shape))
    spare = np.empty(count + ALIGNED_BYTES // 4, dtype=np.float32)
    start = -spare.ctypes.data % ALIGNED_BYTES // 4
    tensor: FloatArray = spare[start : start + count].reshape(shape)
    return tensor
