"""One stage of a design as a callable over ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError, EngineError

IMAGE, LOGITS, ENTROPY = "image", "logits", "entropy"
RANKS = {LOGITS: 2, ENTROPY: 1}  # (batch, classes) and (batch,)

# What ONNX Runtime raises: its own exceptions share no base below Exception, and later versions add some.
ORT_ERRORS: tuple[type[Exception], ...] = (
    *(value for value in vars(ort_state).values() if isinstance(value, type) and issubclass(value, Exception)),
    RuntimeError,
    ValueError,
)


def open_session(model: bytes, *, where: str, threads: int = 1) -> Any:
    """An ONNX Runtime session on the CPU, one operator after the other.

    Args:
        model: a serialised ONNX model without external data: what was hashed is what runs.
        where: names the model in error messages.
        threads: within one operator. One is the least energy for small networks, and leaves no pool spinning.
    Raises:
        ConfigError: fewer than one thread.
        EngineError: ONNX Runtime refuses the model.
    """
    if threads < 1:
        raise ConfigError(f"a stage cannot run on {threads} threads", to_do="give 1 or more")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what matters is raised; its own log repeats that on stderr
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except ORT_ERRORS as error:
        raise EngineError(
            f"ONNX Runtime {onnxruntime.__version__} cannot load a stage: {error}",
            where=where,
            to_do="copy the bundle again; if that does not help, compile it with an older opset",
        ) from error


class Stage:
    """`stage(feeds)` runs it: feeds by input name, each (batch, ...) float32; safe to call from several threads.

    Inputs are `image`, or what the stage before hands on. Outputs come as a list in the order of `outputs`: the tensors
    handed on, then logits (batch, classes), then entropy (batch,) in nats.
    """

    __slots__ = ("_output_names", "_run", "hands_on", "inputs", "outputs", "session", "where")

    def __init__(self, model: bytes, *, where: str, threads: int = 1) -> None:
        """Load `model`. Raises EngineError where it cannot be loaded or is not a stage; ConfigError on threads < 1."""
        session = open_session(model, where=where, threads=threads)
        declared = {output.name: output for output in session.get_outputs()}
        for name, rank in RANKS.items():
            if name not in declared or len(declared[name].shape) != rank:
                found = {output.name: output.shape for output in declared.values()}
                raise EngineError(
                    f"a stage needs an output {name!r} of rank {rank}; this one has {found}",
                    where=where,
                    to_do="compile the bundle again",
                )
        for tensor in (*session.get_inputs(), *session.get_outputs()):
            if tensor.type != "tensor(float)":
                raise EngineError(
                    f"{tensor.name!r} is a {tensor.type}; stages exchange tensor(float)",
                    where=where,
                    to_do="compile the bundle again; lower precision belongs inside a stage",
                )
        self.where, self.session = where, session
        self.inputs: tuple[str, ...] = tuple(tensor.name for tensor in session.get_inputs())
        self.hands_on: tuple[str, ...] = tuple(name for name in declared if name not in RANKS)
        self.outputs: tuple[str, ...] = (*self.hands_on, LOGITS, ENTROPY)
        self._output_names = list(self.outputs)  # built once: run() wants a list
        self._run = session.run

    @property
    def starts_fresh(self) -> bool:
        """Whether it needs nothing of the stage before."""
        return self.inputs == (IMAGE,)

    def __call__(self, feeds: Mapping[str, FloatArray]) -> list[FloatArray]:
        """Outputs in the order of `outputs`. Raises EngineError where ONNX Runtime does."""
        try:
            outputs: list[FloatArray] = self._run(self._output_names, feeds)
        except ORT_ERRORS as error:
            shapes = {name: getattr(tensor, "shape", None) for name, tensor in feeds.items()}
            raise EngineError(
                f"a stage failed on inputs {shapes}: {error}",
                where=self.where,
                to_do="run `edge-runtime status`: it checks the installed bundle",
            ) from error
        return outputs
