"""The server described in OpenAPI 3.1, so that any tool for HTTP interfaces can read what it takes and answers."""

from __future__ import annotations

from typing import Any

from .infer_request import CLASSIFIABLE, INPUT, LONGEST_ID, OUTPUTS
from .infer_response import DATATYPES
from .limits import Limits
from .served_bundle import ServedBundle
from .tensors import FP32, UINT8

Schema = dict[str, Any]
STATED_LIMITS = {
    429: "the queue is full; Retry-After says when to ask again",
    503: "not ready, or the server stops",
    504: "the deadline passed in the queue and nothing was run, or the inference took longer than one may",
}


def description(name: str, release: str, bundle: ServedBundle, limits: Limits) -> Schema:
    """GET /openapi.json, of the model under that name and the bundle that is served now."""
    model = f"/v2/models/{name}"
    paths: Schema = {
        "/v2": {"get": _get("of the server", _object(name="string", version="string", extensions=_strings()))},
        "/v2/health/live": {"get": _get("whether it lives", _object(live="boolean"))},
        "/v2/health/ready": {"get": _get("whether it takes requests", {"type": "object"}, 503)},
        "/v2/models/stats": {"get": _get("what was done", _object(model_stats={"type": "array"}))},
        model: {"get": _get("the model's inputs and outputs", _metadata())},
        f"{model}/ready": {"get": _get("whether it takes requests", {"type": "object"}, 503)},
        f"{model}/config": {"get": _get("the model's configuration, as Triton's", {"type": "object"})},
        f"{model}/stats": {"get": _get("what was done", _object(model_stats={"type": "array"}))},
        "/v2/repository/index": {"post": _get("the models", {"type": "array", "items": _object(name="string")})},
        f"{model}/infer": {"post": _infer(bundle, limits)},
        "/metrics": {
            "get": {
                "summary": "everything that is counted, as Prometheus reads it",
                "responses": {"200": {"description": "text", "content": {"text/plain": {"schema": _kind("string")}}}},
            }
        },
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": "edge-runtime: the Open Inference Protocol (KServe v2)", "version": release},
        "paths": paths,
    }


def _infer(bundle: ServedBundle, limits: Limits) -> Schema:
    """OpenAPI has no words for binary tensors behind a JSON object: requests are described in JSON only."""
    statuses = {400: "a request that no retry will make right", 408: "the body did not arrive in time", **STATED_LIMITS}
    statuses |= {413: "more images or bytes than one request may have", 415: "an encoding that is not known"}
    answered = _json("answered; where a binary output was asked for, JSON with bytes behind it", _response())
    answered["content"]["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    return {
        "summary": f"answer images with {bundle.manifest.board}'s bundle {bundle.bundle_id[:12]}",
        "requestBody": {"required": True, "content": {"application/json": {"schema": _request(bundle, limits)}}},
        "responses": {
            "200": answered,
            **{str(status): _json(text, _error()) for status, text in sorted(statuses.items())},
        },
    }


def _request(bundle: ServedBundle, limits: Limits) -> Schema:
    spec = bundle.manifest.input
    pixels = spec.height * spec.width * 3
    tensor = {
        "type": "object",
        "required": ["name", "datatype", "shape", "data"],
        "properties": {
            "name": {"const": INPUT},
            "datatype": {"enum": [UINT8, FP32]},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 4, "maxItems": 4},
            "data": {"type": "array", "maxItems": limits.request_images * pixels},
            "parameters": {"type": "object"},
        },
    }
    classification = {"type": "integer", "minimum": 0, "description": f"of {' or '.join(CLASSIFIABLE)}"}
    output = {
        "type": "object",
        "required": ["name"],
        "properties": {
            "name": {"enum": list(OUTPUTS)},
            "parameters": _object(classification=classification, binary_data="boolean"),
        },
    }
    deadline = {"type": "number", "minimum": 0, "description": "0: the server's own"}
    return {
        "type": "object",
        "required": ["inputs"],
        "properties": {
            "id": {"type": "string", "maxLength": LONGEST_ID},
            "inputs": {"type": "array", "items": tensor, "minItems": 1, "maxItems": 1},
            "outputs": {"type": "array", "items": output, "minItems": 1, "maxItems": len(OUTPUTS)},
            "parameters": _object(
                mode={"enum": list(bundle.modes)},
                deadline_ms=deadline,
                timeout={**deadline, "description": "in microseconds, as Triton has it"},
                binary_data_output="boolean",
            ),
        },
    }


def _response() -> Schema:
    tensor = {
        "type": "object",
        "required": ["name", "datatype", "shape"],
        "properties": {
            "name": {"enum": list(OUTPUTS)},
            "datatype": {"enum": sorted(set(DATATYPES.values()))},
            "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}},
            "data": {"type": "array"},
        },
    }
    told = _object(mode="string", latency_s="number", queue_s="number", exit_index="integer", entropy_nats="number")
    found = _object(model_name="string", model_version="string", outputs={"type": "array", "items": tensor})
    found["properties"] |= {"id": _kind("string"), "parameters": {**told, "required": ["mode", "latency_s", "queue_s"]}}
    found["required"] = ["model_name", "model_version", "outputs", "parameters"]
    return found


def _metadata() -> Schema:
    tensors = {"type": "array", "items": _object(name="string", datatype="string", shape={"type": "array"})}
    return _object(name="string", versions=_strings(), platform="string", inputs=tensors, outputs=tensors)


def _get(summary: str, schema: Schema, *refused_with: int) -> Schema:
    refusals = {str(status): _json(STATED_LIMITS[status], _error()) for status in refused_with}
    return {"summary": summary, "responses": {"200": _json("as it is now", schema), **refusals}}


def _json(text: str, schema: Schema) -> Schema:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _error() -> Schema:
    return {**_object(error="string"), "required": ["error"]}


def _strings() -> Schema:
    return {"type": "array", "items": _kind("string")}


def _kind(kind: str) -> Schema:
    return {"type": kind}


def _object(**properties: str | Schema) -> Schema:
    return {
        "type": "object",
        "properties": {name: _kind(value) if isinstance(value, str) else value for name, value in properties.items()},
    }
