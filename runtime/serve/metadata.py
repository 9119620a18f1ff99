"""What the server says of itself, of its model and of what it has done, as Open Inference Protocol clients ask it."""

from __future__ import annotations

from typing import Any

from .infer_request import INPUT
from .infer_response import DATATYPES
from .limits import Limits
from .recorder import Recorded
from .served_bundle import ServedBundle
from .tensors import UINT8

SERVER, PLATFORM = "edge-runtime", "edge_codesign_bundle"
EXTENSIONS = ("binary_tensor_data", "classification", "model_configuration", "statistics")
NS_PER_S = 1e9


def server_metadata(version: str) -> dict[str, Any]:
    """GET /v2."""
    return {"name": SERVER, "version": version, "extensions": list(EXTENSIONS)}


def model_metadata(name: str, bundle: ServedBundle) -> dict[str, Any]:
    """GET /v2/models/NAME."""
    return {
        "name": name,
        "versions": [bundle.bundle_id],
        "platform": PLATFORM,
        "inputs": [{"name": INPUT, "datatype": UINT8, "shape": [-1, *_input_shape(bundle)]}],
        "outputs": [
            {"name": output, "datatype": datatype, "shape": [-1, *dims]} for output, datatype, dims in _outputs(bundle)
        ],
    }


def model_config(name: str, bundle: ServedBundle, limits: Limits) -> dict[str, Any]:
    """GET /v2/models/NAME/config: Triton's model configuration, as far as it speaks of something that is here."""
    manifest = bundle.manifest
    return {
        "name": name,
        "platform": PLATFORM,
        "backend": SERVER,
        "max_batch_size": limits.request_images,
        "input": [{"name": INPUT, "data_type": f"TYPE_{UINT8}", "dims": list(_input_shape(bundle))}],
        "output": [
            {"name": output, "data_type": _triton_type(datatype), "dims": dims or [1]}
            for output, datatype, dims in _outputs(bundle)
        ],
        "parameters": {
            key: {"string_value": value}
            for key, value in {
                "modes": ",".join(manifest.modes),
                "default_mode": manifest.default_mode,
                "compiled_for": f"{manifest.board} ({manifest.device})",
                "fp32_input": f"normalised, {manifest.input.layout}; mean {list(manifest.input.mean)}, "
                f"std {list(manifest.input.std)}",
            }.items()
        },
    }


def model_statistics(name: str, bundle: ServedBundle, recorded: Recorded) -> dict[str, Any]:
    """GET /v2/models/NAME/stats, since the server started; durations in nanoseconds, as Triton has them."""
    latency_s = sum(counted.total_s for counted in recorded.latency.values())
    refused = sum(recorded.refused.values())
    return {
        "model_stats": [
            {
                "name": name,
                "version": bundle.bundle_id,
                "inference_count": recorded.images,
                "execution_count": recorded.requests,
                "inference_stats": {
                    "success": {"count": recorded.requests, "ns": int(latency_s * NS_PER_S)},
                    "fail": {"count": refused, "ns": 0},
                    "queue": {"count": recorded.waited.count, "ns": int(recorded.waited.total_s * NS_PER_S)},
                    "compute_infer": {"count": recorded.run.count, "ns": int(recorded.run.total_s * NS_PER_S)},
                },
                "batch_stats": [],
            }
        ]
    }


def repository_index(name: str, bundle: ServedBundle) -> list[dict[str, str]]:
    """POST /v2/repository/index: one model, ready."""
    return [{"name": name, "version": bundle.bundle_id, "state": "READY"}]


def _input_shape(bundle: ServedBundle) -> tuple[int, int, int]:
    spec = bundle.manifest.input
    return spec.height, spec.width, 3


def _outputs(bundle: ServedBundle) -> list[tuple[str, str, list[int]]]:
    classes = [len(bundle.manifest.classes)]
    return [(name, kind, classes if name in ("logits", "probabilities") else []) for name, kind in DATATYPES.items()]


def _triton_type(datatype: str) -> str:
    return "TYPE_STRING" if datatype == "BYTES" else f"TYPE_{datatype}"
