"""Writes what a request was answered with: a JSON object, and binary tensors behind it where the client wants such."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.entropy import softmax

from .energy_share import EnergyShare
from .infer_request import InferRequest, Output
from .job import Answers, Job
from .tensors import BYTES, FP32, INT64, Tensor, to_binary, to_json

DATATYPES = {"logits": FP32, "probabilities": FP32, "class": BYTES, "exit_index": INT64, "entropy_nats": FP32}


def response_of(
    name: str, request: InferRequest, job: Job, answers: Answers, energy: EnergyShare | None
) -> tuple[bytes, int | None]:
    """The body, and the length of its JSON part where binary tensors follow it.

    Args:
        name: of the model.
        energy: what the request is said to have drawn; None: not known, and then nothing is said.
    """
    outputs, tail = [], []
    for asked in request.outputs:
        datatype, shape, values = _values(asked, job, answers)
        described: dict[str, Any] = {"name": asked.name, "datatype": datatype, "shape": shape}
        if asked.binary:
            content = to_binary(values)
            described["parameters"] = {"binary_data_size": len(content)}
            tail.append(content)
        else:
            described["data"] = to_json(values)
        outputs.append(described)
    table: dict[str, Any] = {
        "model_name": name,
        "model_version": job.bundle.bundle_id,
        "parameters": _parameters(job, answers, energy),
        "outputs": outputs,
    }
    if request.id:
        table["id"] = request.id
    head = json.dumps(table, separators=(",", ":")).encode()
    return (head, None) if not tail else (b"".join((head, *tail)), len(head))


def _parameters(job: Job, answers: Answers, energy: EnergyShare | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "mode": job.served.mode.name,
        "latency_s": answers.waited_s + answers.run_s,
        "queue_s": answers.waited_s,
    }
    if len(job) == 1:  # parameters are single values; of a batch, the tensors tell
        told["exit_index"] = int(answers.exit_index[0])
        told["entropy_nats"] = float(answers.entropy_nats[0])
    if answers.usual_exit_index is not None:
        told["cautious"] = True  # images go deeper than the mode's own thresholds say: what comes is not as expected
    return told if energy is None else told | energy.to_json()


def _values(asked: Output, job: Job, answers: Answers) -> tuple[str, list[int], Tensor | list[bytes]]:
    batch, names = len(job), job.bundle.class_names
    if asked.classification:
        scores = answers.logits if asked.name == "logits" else softmax(answers.logits)
        return BYTES, [batch, asked.classification], _best_classes(scores, asked.classification, names)
    if asked.name == "class":
        return BYTES, [batch], [names[index] for index in answers.logits.argmax(axis=1).tolist()]
    values = _tensor(asked.name, answers)
    return DATATYPES[asked.name], list(values.shape), values


def _tensor(name: str, answers: Answers) -> Tensor:
    if name == "logits":
        return answers.logits
    if name == "probabilities":
        return softmax(answers.logits)
    return answers.exit_index.astype(np.int64) if name == "exit_index" else answers.entropy_nats


def _best_classes(scores: FloatArray, most: int, names: tuple[bytes, ...]) -> list[bytes]:
    """The classification extension: `score:index:name`, best first."""
    order = np.argsort(-scores, axis=1, kind="stable")[:, :most]
    return [b"%f:%d:%s" % (scores[row, index], index, names[index]) for row, best in enumerate(order) for index in best]
