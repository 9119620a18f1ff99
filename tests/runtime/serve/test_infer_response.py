"""Responses with and without binary tensors."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np

from runtime.contract.kind import Kind
from runtime.serve.energy_share import EnergyShare
from runtime.serve.infer_request import Output
from runtime.serve.infer_response import response_of
from runtime.serve.job import Answers
from runtime.serve.served_bundle import ServedBundle
from tests.tiny_cascade import CLASSES

from .serving_doubles import job_of, leaving_at, request

LOGITS = np.array([[0.0, 2.0, 1.0, -1.0, -2.0], [5.0, 0.0, 0.0, 0.0, 0.0]], dtype=np.float32)
ANSWERS = Answers(LOGITS, np.array([0, 2]), np.array([0.5, 0.25], dtype=np.float32), 0.002, 0.003)


def told(served: ServedBundle, answers: Answers, energy: EnergyShare | None = None, **changes: Any) -> Any:
    job = job_of(served, leaving_at(*answers.exit_index.tolist()))
    body, json_bytes = response_of("edge", request(**changes), job, answers, energy)
    assert json_bytes is None
    return json.loads(body)


def test_every_output_is_told_in_the_order_asked(served: ServedBundle) -> None:
    outputs = {output["name"]: output for output in told(served, ANSWERS)["outputs"]}
    assert list(outputs) == ["logits", "probabilities", "class", "exit_index", "entropy_nats"]
    assert outputs["class"] == {"name": "class", "datatype": "BYTES", "shape": [2], "data": [CLASSES[1], CLASSES[0]]}
    assert outputs["exit_index"]["data"] == [0, 2]
    assert outputs["logits"]["shape"] == [2, 5]
    assert np.isclose(np.reshape(outputs["probabilities"]["data"], (2, 5)).sum(axis=1), 1.0).all()


def test_of_a_batch_exits_are_told_as_tensors_only(served: ServedBundle) -> None:
    parameters = told(served, ANSWERS)["parameters"]
    assert parameters == {"mode": "balanced", "latency_s": 0.005, "queue_s": 0.002}


def test_of_one_image_exit_and_entropy_are_parameters(served: ServedBundle) -> None:
    one = Answers(LOGITS[:1], np.array([2]), np.array([0.5], dtype=np.float32), 0.0, 0.001)
    parameters = told(served, one)["parameters"]
    assert (parameters["exit_index"], parameters["entropy_nats"]) == (2, 0.5)


def test_energy_comes_with_its_kind_and_scope_or_not_at_all(served: ServedBundle) -> None:
    share = EnergyShare(0.5, None, Kind.MEASURED, "VDD_IN")
    parameters = told(served, ANSWERS, share)["parameters"]
    assert parameters["energy_j"] == 0.5
    assert (parameters["energy_kind"], parameters["energy_scope"]) == ("measured", "VDD_IN")
    assert "active_energy_j" not in parameters
    assert "energy_j" not in told(served, ANSWERS)["parameters"]


def test_an_id_comes_back(served: ServedBundle) -> None:
    assert told(served, ANSWERS, id="7")["id"] == "7"
    assert "id" not in told(served, ANSWERS)


def test_binary_tensors_follow_the_json_in_order(served: ServedBundle) -> None:
    asked = (Output("exit_index", True), Output("entropy_nats", False), Output("class", True))
    body, json_bytes = response_of("edge", request(outputs=asked), job_of(served, leaving_at(0, 2)), ANSWERS, None)
    assert json_bytes is not None
    head, tail = json.loads(body[:json_bytes]), body[json_bytes:]
    sizes = [output.get("parameters", {}).get("binary_data_size") for output in head["outputs"]]
    assert sizes == [16, None, 14]
    assert tail == np.array([0, 2], dtype="<i8").tobytes() + b"\3\0\0\0dog\3\0\0\0cat"


def test_the_classification_extension_names_the_best_classes(served: ServedBundle) -> None:
    output = told(served, ANSWERS, outputs=(Output("logits", False, 2),))["outputs"][0]
    assert output["shape"] == [2, 2]
    assert output["data"] == ["2.000000:1:dog", "1.000000:2:owl", "5.000000:0:cat", "0.000000:1:dog"]


def test_an_answer_that_went_deeper_for_caution_says_so(served: ServedBundle) -> None:
    assert told(served, replace(ANSWERS, usual_exit_index=np.array([0, 0])))["parameters"]["cautious"] is True
