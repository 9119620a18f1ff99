"""What every exit of a backbone answers on a split, computed once by the engine that will serve it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
import onnxruntime

from runtime.contract.arrays import FloatArray, IntArray, UInt8Array
from runtime.contract.errors import EngineError
from runtime.contract.exit_score import ENTROPY, uncertainty_nats
from runtime.contract.preprocessing import Preprocessing
from runtime.contract.tensor_spec import TensorSpec

BATCH = 256


@dataclass(frozen=True, slots=True)
class Answers:
    """Logits of each exit in order, the backbone's end last. Raises EngineError where one is not finite."""

    logits: FloatArray  # (exits + 1, samples, classes)

    def __post_init__(self) -> None:
        if not np.isfinite(self.logits).all():
            exit_, sample = np.argwhere(~np.isfinite(self.logits).all(axis=2))[0]
            raise EngineError(
                f"exit {exit_} answers something that is not a number for sample {sample}",
                to_do="check the network's weights and the preprocessing (mean, std) it was trained with",
            )

    @property
    def predictions(self) -> IntArray:
        """(exits + 1, samples) class indices."""
        classes: IntArray = self.logits.argmax(axis=2)
        return classes

    @property
    def entropy_nats(self) -> FloatArray:
        """(exits + 1, samples)."""
        return self.unsure_nats()

    def unsure_nats(self, score: str = ENTROPY) -> FloatArray:
        """(exits + 1, samples), by one of `contract.exit_score`."""
        return np.stack([uncertainty_nats(score, logits) for logits in self.logits])


def onnx_session(model: onnx.ModelProto, threads: int) -> onnxruntime.InferenceSession:
    """An in-memory session on the CPU."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def answers(
    model: onnx.ModelProto, outputs: Sequence[str], images: UInt8Array, spec: TensorSpec, threads: int = 2
) -> Answers:
    """Run the images (n, h, w, 3) through a graph and keep the logits named by `outputs`, in that order."""
    session, preprocess = onnx_session(model, threads), Preprocessing(spec)
    name = session.get_inputs()[0].name
    batches = [
        session.run(list(outputs), {name: preprocess(images[start : start + BATCH])})
        for start in range(0, len(images), BATCH)
    ]
    return Answers(np.stack([np.concatenate([batch[k] for batch in batches]) for k in range(len(outputs))]))
