"""What clients learn of server and model."""

from __future__ import annotations

from runtime.serve.limits import Limits
from runtime.serve.metadata import model_config, model_metadata, model_statistics, repository_index, server_metadata
from runtime.serve.recorder import Recorder
from runtime.serve.served_bundle import ServedBundle
from tests.tiny_cascade import CLASSES, SPEC


def test_the_server_names_the_extensions_it_has() -> None:
    assert "binary_tensor_data" in server_metadata("1.0")["extensions"]


def test_the_model_tells_its_input_its_outputs_and_the_bundle_as_its_version(served: ServedBundle) -> None:
    told = model_metadata("edge", served)
    assert told["versions"] == [served.bundle_id]
    assert told["inputs"] == [{"name": "image", "datatype": "UINT8", "shape": [-1, SPEC.height, SPEC.width, 3]}]
    shapes = {output["name"]: (output["datatype"], output["shape"]) for output in told["outputs"]}
    assert shapes["logits"] == ("FP32", [-1, len(CLASSES)])
    assert shapes["class"] == ("BYTES", [-1])


def test_the_configuration_tells_batch_size_and_modes(served: ServedBundle) -> None:
    config = model_config("edge", served, Limits(request_images=7))
    assert config["max_batch_size"] == 7
    assert config["parameters"]["modes"] == {"string_value": "balanced,thorough,trunk-only,one-shot"}
    assert {output["data_type"] for output in config["output"]} == {"TYPE_FP32", "TYPE_INT64", "TYPE_STRING"}


def test_statistics_start_at_nothing_and_are_in_nanoseconds(served: ServedBundle) -> None:
    stats = model_statistics("edge", served, Recorder().recorded())["model_stats"][0]
    assert stats["inference_count"] == 0
    assert stats["inference_stats"]["success"] == {"count": 0, "ns": 0}


def test_the_repository_has_one_model_that_is_ready(served: ServedBundle) -> None:
    assert repository_index("edge", served) == [{"name": "edge", "version": served.bundle_id, "state": "READY"}]
