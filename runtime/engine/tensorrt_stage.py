"""One stage of a design as a callable over a TensorRT engine, its features left on the GPU for the next one.

Of what a stage computes only the entropy is copied back, four bytes an image: the policy needs it to decide. Features
stay in the buffer they were written to, which is the next stage's input; logits are fetched when an image leaves.

Named tensors and execute_async_v3 (TensorRT 8.5 to 11). Not yet run on a board.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import EngineError

from .cuda import Cuda
from .device_memory import DevicePool, DeviceTensor
from .native_tensorrt import NativeTensorRt
from .provider import NATIVE
from .stage import ENTROPY, IMAGE, LOGITS, RANKS

PROFILE = 0  # engines are built with one


class TensorRtStage:
    """See `AnyStage`. Every thread that is inside has an execution context and a stream of its own."""

    __slots__ = (
        "_engine",
        "_idle",
        "_most",
        "_native",
        "_pool",
        "_runtime",
        "hands_on",
        "inputs",
        "on_device",
        "outputs",
        "provider",
        "where",
        "why_not",
    )

    def __init__(self, plan: bytes, native: NativeTensorRt, pool: DevicePool, *, where: str) -> None:
        """Load an engine.

        Args:
            plan: the engine as it was built. It is code: give only what this machine built or a trusted key signed.
            pool: of buffers, shared with the stages it exchanges features with.
        Raises:
            EngineError: TensorRT refuses it, or it is no stage's engine.
        """
        trt = native.tensorrt
        self.where, self.provider = where, NATIVE
        self.why_not: tuple[str, ...] = ()  # nothing is better
        self.on_device = True  # where features stay; to be False where what comes next runs elsewhere
        self._native, self._pool = native, pool
        self._runtime = trt.Runtime(native.logger)
        self._engine = engine = self._runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise EngineError(
                f"TensorRT {native.version} refuses an engine: {native.messages.taken()}",
                where=where,
                to_do="build it again: edge-runtime engines build --again",
            )
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        taken_in = {name for name in names if engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT}
        shapes = {name: tuple(engine.get_tensor_shape(name)) for name in names}
        for name, rank in RANKS.items():
            if name not in shapes or name in taken_in or len(shapes[name]) != rank:
                raise _no_stage(where, f"an output {name!r} of rank {rank}", shapes)
        if any(engine.get_tensor_dtype(name) != trt.float32 for name in names):
            raise _no_stage(where, "float32 inputs and outputs", shapes)
        self.inputs = tuple(name for name in names if name in taken_in)
        self.hands_on = tuple(name for name in names if name not in taken_in and name not in RANKS)
        self.outputs = (*self.hands_on, LOGITS, ENTROPY)
        self._most = min(engine.get_tensor_profile_shape(name, PROFILE)[-1][0] for name in self.inputs)  # the largest
        self._idle: list[_Seat] = []

    @property
    def starts_fresh(self) -> bool:
        """Whether it needs nothing of the stage before."""
        return self.inputs == (IMAGE,)

    def __call__(self, feeds: Mapping[str, Any]) -> Sequence[Any]:
        """Outputs in the order of `outputs`, the entropy alone on the host. Raises EngineError where TensorRT fails."""
        try:
            seat = self._idle.pop()
        except IndexError:
            seat = self._new_seat()
        outputs = self._run(seat, feeds)
        self._idle.append(seat)  # not after a failure: nobody knows what that has left on the stream
        return outputs

    def _run(self, seat: _Seat, feeds: Mapping[str, Any]) -> list[Any]:
        cuda, context = self._pool.cuda, seat.context
        # Both until the stream was waited for: arrays that are copied from, and buffers that must not be lent again.
        arriving: list[FloatArray] = []
        held: dict[str, DeviceTensor] = {}
        outputs: list[DeviceTensor] = []
        try:
            for name in self.inputs:
                held[name] = self._on_gpu(feeds[name], arriving, seat.stream)
            batch = self._batch(held, feeds)
            for start in range(0, batch, self._most):  # so many rows of float32 keep addresses aligned
                rows = min(self._most, batch - start)
                self._feed(seat, held, start, rows, feeds)
                if not outputs:
                    outputs = [self._pool.lend((batch, *self._inner(seat, name, feeds))) for name in self.outputs]
                for name, tensor in zip(self.outputs, outputs, strict=True):
                    self._place(context, name, tensor.address + start * tensor.row_bytes, feeds)
                self._launch(context, seat.stream, feeds)
            entropy: FloatArray = np.empty(batch, np.float32)
            cuda.copy_out(entropy, outputs[-1].address, seat.stream)
        except BaseException:
            with suppress(EngineError):  # the first reason is the one to tell
                cuda.wait(seat.stream)
            raise
        cuda.wait(seat.stream)
        features = outputs[:-2] if self.on_device else [np.asarray(tensor) for tensor in outputs[:-2]]
        return [*features, outputs[-2], entropy]

    def _on_gpu(self, feed: Any, arriving: list[FloatArray], stream: int) -> DeviceTensor:
        if isinstance(feed, DeviceTensor):
            return feed
        array = np.asarray(feed)
        if array.dtype != np.float32:
            raise EngineError(
                f"a stage takes float32, got {array.dtype}", where=self.where, to_do="preprocess the image first"
            )
        tensor = self._pool.lend(array.shape)
        array = np.ascontiguousarray(array)
        arriving.append(array)
        self._pool.cuda.copy_in(tensor.address, array, stream)
        return tensor

    def _feed(
        self, seat: _Seat, held: Mapping[str, DeviceTensor], start: int, rows: int, feeds: Mapping[str, Any]
    ) -> None:
        for name, tensor in held.items():
            shape = (rows, *tensor.shape[1:])
            if seat.shapes.get(name) != shape:  # TensorRT works everything out anew where a shape changes
                if not seat.context.set_input_shape(name, shape):
                    raise self._failed(feeds, self._native.messages.taken())
                seat.shapes[name] = shape
            self._place(seat.context, name, tensor.address + start * tensor.row_bytes, feeds)

    def _batch(self, held: Mapping[str, DeviceTensor], feeds: Mapping[str, Any]) -> int:
        batches = {len(tensor) for tensor in held.values()}
        if len(batches) != 1 or 0 in batches:
            raise self._failed(feeds, "it takes as many images in one input as in the other, and one at least")
        return batches.pop()

    def _launch(self, context: Any, stream: int, feeds: Mapping[str, Any]) -> None:
        if not context.execute_async_v3(stream):
            raise self._failed(feeds, self._native.messages.taken())

    def _inner(self, seat: _Seat, name: str, feeds: Mapping[str, Any]) -> tuple[int, ...]:
        inner = tuple(seat.context.get_tensor_shape(name))[1:]
        if min(inner, default=0) < 0:
            raise self._failed(feeds, f"the shape of {name!r} does not follow from its inputs: (batch, {inner})")
        return inner

    def _place(self, context: Any, name: str, address: int, feeds: Mapping[str, Any]) -> None:
        if not context.set_tensor_address(name, address):
            raise self._failed(feeds, self._native.messages.taken())

    def _new_seat(self) -> _Seat:
        context = self._engine.create_execution_context()
        if context is None:
            raise EngineError(
                f"TensorRT gives no execution context: {self._native.messages.taken()}",
                where=self.where,
                to_do="see that the GPU has memory left: fewer --inference-threads, or a smaller --memory-budget",
            )
        return _Seat(context, self._pool.cuda)

    def _failed(self, feeds: Mapping[str, Any], why: str) -> EngineError:
        shapes = {name: getattr(tensor, "shape", None) for name, tensor in feeds.items()}
        return EngineError(
            f"a stage failed on inputs {shapes}: {why}",
            where=self.where,
            to_do="run `edge-runtime status`: it checks the installed bundle",
        )


class _Seat:
    """What one thread at a time runs an engine with."""

    __slots__ = ("__weakref__", "context", "shapes", "stream")

    def __init__(self, context: Any, cuda: Cuda) -> None:
        self.context, self.stream = context, cuda.stream()
        self.shapes: dict[str, tuple[int, ...]] = {}  # of its inputs, as they were set last
        weakref.finalize(self, _end, cuda, self.stream).atexit = False


def _end(cuda: Cuda, stream: int) -> None:
    with suppress(EngineError):  # after a fault CUDA refuses everything; the process is to be restarted
        cuda.end_stream(stream)


def _no_stage(where: str, wanted: str, found: Mapping[str, Sequence[int]]) -> EngineError:
    return EngineError(
        f"a stage needs {wanted}; this engine has {dict(found)}", where=where, to_do="build it again, or compile again"
    )
