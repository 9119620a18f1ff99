"""One stage of a design as a callable over ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as ort_state

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError, EngineError

from .provider import CPU, NAMES, ON_CPU, SHORT, Provider, candidates, set_up

IMAGE, LOGITS, ENTROPY = "image", "logits", "entropy"
RANKS = {LOGITS: 2, ENTROPY: 1}  # (batch, classes) and (batch,)

# What ONNX Runtime raises: its own exceptions share no base below Exception, and later versions add some.
ORT_ERRORS: tuple[type[Exception], ...] = (
    *(value for value in vars(ort_state).values() if isinstance(value, type) and issubclass(value, Exception)),
    RuntimeError,
    ValueError,
)
OPENING_ERRORS: tuple[type[Exception], ...] = (*ORT_ERRORS, OSError)  # a folder for engines that cannot be made


def open_session(
    model: bytes, *, where: str, threads: int = 1, provider: Provider = ON_CPU, why_not: list[str] | None = None
) -> Any:
    """An ONNX Runtime session, one operator after the other.

    Args:
        model: a serialised ONNX model without external data: what was hashed is what runs.
        where: names the model in error messages.
        threads: within one operator. One is the least energy for small networks, and leaves no pool spinning.
        provider: what it runs on.
        why_not: is told what was tried before, and why it was not taken.
    Raises:
        ConfigError: fewer than one thread, or a provider that this ONNX Runtime was built without.
        EngineError: ONNX Runtime refuses the model, or runs it on something else than was asked for.
    """
    if threads < 1:
        raise ConfigError(f"a stage cannot run on {threads} threads", to_do="give 1 or more")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.log_severity_level = 4  # what matters is raised; its own log repeats that on stderr
    if provider.name == CPU:
        return _opened_on_cpu(model, options, where)
    why_not = [] if why_not is None else why_not
    for short in candidates(provider.name, onnxruntime.get_available_providers()):
        if short == CPU:
            return _opened_on_cpu(model, options, where)
        # What no provider can load is told apart here from what this one cannot.
        inputs = {tensor.name: tensor.shape for tensor in _opened_on_cpu(model, options, where).get_inputs()}
        try:
            # Without fall-back: else ONNX Runtime prints to stdout what went wrong and goes on with the CPU.
            session = onnxruntime.InferenceSession(
                model, options, providers=set_up(short, provider, model, inputs), enable_fallback=0
            )
        except OPENING_ERRORS as error:
            why_not.append(f"{short}: {error}")
            continue
        taken = session.get_providers()[0]
        if taken == NAMES[short]:
            session.disable_fallback()  # in the midst of serving, too
            return session
        why_not.append(f"{short}: ONNX Runtime took {taken} in its place, since its libraries cannot be loaded")
    raise EngineError(
        f"ONNX Runtime {onnxruntime.__version__} cannot run a stage as asked: {'; '.join(why_not)}",
        where=where,
        to_do="see that CUDA, cuDNN and TensorRT of the versions this ONNX Runtime was built for are installed"
        " (edge-runtime doctor), or use --provider auto or cpu",
    )


def _opened_on_cpu(model: bytes, options: Any, where: str) -> Any:
    try:
        return onnxruntime.InferenceSession(model, options, providers=[NAMES[CPU]])
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

    __slots__ = ("_output_names", "_run", "hands_on", "inputs", "outputs", "provider", "session", "where", "why_not")

    def __init__(self, model: bytes, *, where: str, threads: int = 1, provider: Provider = ON_CPU) -> None:
        """Load `model`. Raises ConfigError or EngineError as `open_session`; EngineError where it is not a stage."""
        why_not: list[str] = []
        session = open_session(model, where=where, threads=threads, provider=provider, why_not=why_not)
        self.why_not = tuple(why_not)
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
        taken = session.get_providers()[0]
        self.provider = SHORT.get(taken, taken)  # what it really runs on
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
            raise self.failed(error, feeds) from error
        return outputs

    def failed(self, error: Exception, feeds: Mapping[str, FloatArray]) -> EngineError:
        """What to raise where ONNX Runtime raises `error` on `feeds`."""
        shapes = {name: getattr(tensor, "shape", None) for name, tensor in feeds.items()}
        return EngineError(
            f"a stage failed on inputs {shapes}: {error}",
            where=self.where,
            to_do="run `edge-runtime status`: it checks the installed bundle",
        )
