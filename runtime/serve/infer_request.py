"""Reads the body of an infer request: a JSON object, with binary tensors behind it where the client sends such."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from runtime.contract.tensor_spec import TensorSpec

from .limits import LONGEST_DEADLINE_S, Limits
from .refusal import Refused, bad_request
from .tensors import FP32, UINT8, Tensor, from_binary, from_json, shape_of

INPUT = "image"
OUTPUTS = ("logits", "probabilities", "class", "exit_index", "entropy_nats")
CLASSIFIABLE = ("logits", "probabilities")
LONGEST_ID = 256
US_PER_S, MS_PER_S = 1e6, 1e3
# A normalised pixel may lie outside of what bytes can be normalised to, say after sharpening, but not by this much.
PIXEL_SPANS = 10.0


@dataclass(frozen=True, slots=True)
class Output:
    """An output that was asked for."""

    name: str
    binary: bool
    classification: int = 0  # as many of the best classes instead of the tensor; 0: the tensor


@dataclass(frozen=True, slots=True)
class InferRequest:
    """What a client asks: images of one size, how to run them, and what to tell."""

    id: str
    images: Tensor  # (batch, height, width, 3) UINT8, or FP32 as the network takes it
    outputs: tuple[Output, ...]
    mode: str | None
    deadline_s: float  # from arrival


class RequestReader:
    """Reads requests to one bundle's input."""

    def __init__(self, spec: TensorSpec, classes: int, limits: Limits) -> None:
        self._limits, self._classes = limits, classes
        channels_first = (3, spec.height, spec.width)
        self._shapes = {
            UINT8: (spec.height, spec.width, 3),
            FP32: channels_first if spec.layout == "NCHW" else (spec.height, spec.width, 3),
        }
        lowest = min(-m / s for m, s in zip(spec.mean, spec.std, strict=True))
        highest = max((1.0 - m) / s for m, s in zip(spec.mean, spec.std, strict=True))
        span = PIXEL_SPANS * (highest - lowest)
        self._lowest, self._highest = lowest - span, highest + span

    def __call__(self, body: bytes, json_bytes: int | None = None) -> InferRequest:
        """Read one request.

        Args:
            json_bytes: length of the JSON part (`Inference-Header-Content-Length`); None: all of it.
        Raises:
            Refused: 400, or 413 for too many images, with what is wrong.
        """
        if json_bytes is not None and not 0 <= json_bytes <= len(body):
            raise bad_request(f"Inference-Header-Content-Length is {json_bytes}, the body has {len(body)} bytes")
        table = _json_object(body if json_bytes is None else body[:json_bytes])
        binary = memoryview(b"" if json_bytes is None else body)[json_bytes or 0 :]
        parameters = _parameters(table, "the request")
        request_id = table.get("id", "")
        if not isinstance(request_id, str) or len(request_id) > LONGEST_ID:
            raise bad_request(f"id must be a string of at most {LONGEST_ID} characters")
        return InferRequest(
            id=request_id,
            images=self._images(table.get("inputs"), binary),
            outputs=self._outputs(table.get("outputs"), bool(parameters.get("binary_data_output", False))),
            mode=_mode(parameters),
            deadline_s=self._deadline_s(parameters),
        )

    def _images(self, inputs: Any, binary: memoryview) -> Tensor:
        if not isinstance(inputs, list) or len(inputs) != 1 or not isinstance(inputs[0], dict):
            raise bad_request(f"inputs must be a list of one tensor, {INPUT!r}")
        given = inputs[0]
        if given.get("name") != INPUT:
            raise bad_request(f"unknown input {str(given.get('name'))[:80]!r}; the input is {INPUT!r}")
        datatype, shape = given.get("datatype"), shape_of(given.get("shape"), INPUT)
        if not isinstance(datatype, str) or datatype not in self._shapes:
            raise bad_request(
                f"{INPUT}: datatype {str(datatype)[:80]!r}",
                f"send UINT8 (batch, {', '.join(map(str, self._shapes[UINT8]))}) pixels, RGB, or FP32 normalised as "
                f"the network takes it (batch, {', '.join(map(str, self._shapes[FP32]))})",
            )
        if len(shape) != 4 or shape[0] < 1 or shape[1:] != self._shapes[datatype]:
            raise bad_request(f"{INPUT}: {datatype} must be {[-1, *self._shapes[datatype]]}, got {list(shape)}")
        if shape[0] > self._limits.request_images:
            most = self._limits.request_images
            raise Refused(413, f"{shape[0]} images in one request, {most} at most", to_do="send several requests")
        size = _parameters(given, INPUT).get("binary_data_size")
        if size is None:
            if "data" not in given or len(binary):
                raise bad_request(f"{INPUT}: neither `data` nor binary_data_size, or bytes that belong to no tensor")
            images = from_json(given["data"], datatype, shape, INPUT)
        else:
            if type(size) is not int or size != len(binary) or "data" in given:
                raise bad_request(f"{INPUT}: binary_data_size is {str(size)[:40]}, {len(binary)} bytes follow the JSON")
            images = from_binary(binary, datatype, shape, INPUT)
        if datatype == FP32 and not (images.min() >= self._lowest and images.max() <= self._highest):
            raise bad_request(
                f"{INPUT}: FP32 values must lie between {self._lowest:.3g} and {self._highest:.3g}",
                "normalise the image as the bundle's input says, or send its bytes as UINT8",
            )
        return images

    def _outputs(self, outputs: Any, all_binary: bool) -> tuple[Output, ...]:
        if outputs is None:
            return tuple(Output(name, all_binary) for name in OUTPUTS)
        if not isinstance(outputs, list) or not 0 < len(outputs) <= len(OUTPUTS):
            raise bad_request(f"outputs must be a list of some of {', '.join(OUTPUTS)}")
        return tuple(self._output(output, all_binary) for output in outputs)

    def _output(self, given: Any, all_binary: bool) -> Output:
        name = given.get("name") if isinstance(given, dict) else None
        if not isinstance(name, str) or name not in OUTPUTS:
            raise bad_request(f"unknown output {str(name)[:80]!r}; outputs are {', '.join(OUTPUTS)}")
        parameters = _parameters(given, name)
        best = parameters.get("classification", 0)
        if type(best) is not int or best < 0 or (best and name not in CLASSIFIABLE):
            raise bad_request(f"{name}: classification takes a number of classes, of {' or '.join(CLASSIFIABLE)}")
        return Output(name, bool(parameters.get("binary_data", all_binary)), min(best, self._classes))

    def _deadline_s(self, parameters: dict[str, Any]) -> float:
        """`deadline_ms`, or Triton's `timeout` in microseconds; 0 stands for none given."""
        for name, per_s in (("deadline_ms", MS_PER_S), ("timeout", US_PER_S)):
            value = parameters.get(name, 0)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1e15:
                raise bad_request(f"{name} must be a number above 0, got {str(value)[:40]}")
            if value:
                return float(min(value / per_s, LONGEST_DEADLINE_S))
        return self._limits.deadline_s


def _json_object(content: bytes) -> dict[str, Any]:
    try:
        table = json.loads(content, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:  # RecursionError: a body of opening brackets
        raise bad_request(f"the request is not JSON: {error}") from error
    if not isinstance(table, dict):
        raise bad_request("the request is not a JSON object")
    return table


def _no_number(constant: str) -> float:
    raise ValueError(f"{constant} is no JSON number")


def _parameters(table: dict[str, Any], where: str) -> dict[str, Any]:
    parameters = table.get("parameters", {})
    if not isinstance(parameters, dict):
        raise bad_request(f"{where}: parameters must be a JSON object")
    return parameters


def _mode(parameters: dict[str, Any]) -> str | None:
    mode = parameters.get("mode")
    if mode is not None and not isinstance(mode, str):
        raise bad_request("mode must be the name of one of the bundle's modes")
    return mode
