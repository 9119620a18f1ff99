"""A small bundle that is served, stages that wait for the test, and requests as clients send them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.arrays import IntArray, UInt8Array
from runtime.contract.errors import EngineError
from runtime.contract.figure import Figure
from runtime.contract.kind import Kind
from runtime.engine.cascade import Departure, Departures
from runtime.serve.infer_request import INPUT, InferRequest, Output
from runtime.serve.job import Job
from runtime.serve.limits import Limits
from runtime.serve.served_bundle import ServedBundle, load
from runtime.serve.served_mode import ServedMode
from tests.tiny_cascade import CLASSES, SPEC, random_images

LIMITS = Limits()
ALL_OUTPUTS = tuple(Output(name, False) for name in ("logits", "probabilities", "class", "exit_index", "entropy_nats"))


class ScriptedCascade:
    """In place of a cascade: image values say where an image leaves, and `hold` keeps runs waiting.

    An image whose first pixel is k leaves at exit k with logits that name k; 99 fails.
    """

    def __init__(self, stages: int = 3) -> None:
        self.stages = stages
        self.runs: list[int] = []  # batch sizes
        self.hold = threading.Event()
        self.hold.set()
        self.entered = threading.Event()

    def run(self, image: Any) -> Departure:
        left = self.run_batch(image)
        return Departure(left.logits, int(left.exit_index[0]), float(left.entropy_nats[0]))

    def run_batch(self, images: Any, on_leave: Callable[[IntArray, Departures], None] | None = None) -> Departures:
        self.runs.append(len(images))
        self.entered.set()
        self.hold.wait(10.0)
        exits = images.reshape(len(images), -1)[:, 0].astype(np.int64)
        if (exits == 99).any():
            raise EngineError("stage 1 answered with logits that are not finite numbers")
        logits = np.zeros((len(images), len(CLASSES)), dtype=np.float32)
        logits[np.arange(len(images)), exits] = 5.0
        left = Departures(logits, exits, np.full(len(images), 0.25), np.zeros(len(images)))
        for stage in range(self.stages):
            rows = np.flatnonzero(exits == stage)
            if len(rows) and on_leave is not None:
                on_leave(rows, left)
        return left


def scripted(bundle: ServedBundle, cascade: ScriptedCascade | None = None) -> tuple[ServedBundle, ScriptedCascade]:
    """The same bundle with a scripted cascade in every mode, pixels passed on as they are."""
    cascade = ScriptedCascade() if cascade is None else cascade
    any_cascade: Any = cascade
    pixels: Any = lambda images: images  # noqa: E731
    modes = {name: replace(served, cascade=any_cascade, preprocessing=pixels) for name, served in bundle.modes.items()}
    return replace(bundle, modes=modes), cascade


def loaded(folder: Path) -> ServedBundle:
    return load(folder, LIMITS)


def promising(bundle: ServedBundle, latency_s: float, bundle_id: str, *, energy_j: float | None = None) -> ServedBundle:
    """The same bundle under another id, expecting another latency, and an energy if given."""
    expected = {"latency_s": Figure(latency_s, Kind.SIMULATED, "test")}
    if energy_j is not None:
        expected["energy_j"] = Figure(energy_j, Kind.SIMULATED, "test")
    modes = {
        name: replace(served, mode=replace(served.mode, expected=expected)) for name, served in bundle.modes.items()
    }
    return replace(bundle, modes=modes, manifest=replace(bundle.manifest, bundle_id=bundle_id))


def leaving_at(*exits: int) -> UInt8Array:
    """Images for a scripted cascade."""
    images = np.zeros((len(exits), SPEC.height, SPEC.width, 3), dtype=np.uint8)
    images[:, 0, 0, 0] = exits
    return images


def request(images: UInt8Array | None = None, **changes: Any) -> InferRequest:
    images = random_images(1) if images is None else images
    return InferRequest(
        **({"id": "", "images": images, "outputs": ALL_OUTPUTS, "mode": None, "deadline_s": 5.0} | changes)
    )


class Settled:
    """Keeps the jobs that were settled, and waits for them."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self._changed = threading.Condition()

    def __call__(self, job: Job) -> None:
        with self._changed:
            self.jobs.append(job)
            self._changed.notify_all()

    def wait(self, count: int = 1, timeout_s: float = 10.0) -> list[Job]:
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.jobs) >= count, timeout_s), f"{len(self.jobs)} of {count}"
        return self.jobs


def job_of(bundle: ServedBundle, images: UInt8Array | None = None, mode: str | None = None, **changes: Any) -> Job:
    settings: dict[str, Any] = {"arrived_s": 0.0, "deadline_s": 1e9, "on_settled": Settled()} | changes
    return Job(bundle, mode or bundle.manifest.default_mode, random_images(1) if images is None else images, **settings)


def json_body(images: UInt8Array, **changes: Any) -> bytes:
    """A request without binary tensors."""
    tensor = {"name": INPUT, "datatype": "UINT8", "shape": list(images.shape), "data": images.ravel().tolist()}
    return json.dumps({"inputs": [tensor]} | changes).encode()


def binary_body(images: UInt8Array, datatype: str = "UINT8", **changes: Any) -> tuple[bytes, int]:
    """A request with a binary tensor, and the length of its JSON part."""
    content = images.tobytes()
    tensor = {
        "name": INPUT,
        "datatype": datatype,
        "shape": list(images.shape),
        "parameters": {"binary_data_size": len(content)},
    }
    head = json.dumps({"inputs": [tensor]} | changes).encode()
    return head + content, len(head)


def deepest(bundle: ServedBundle) -> ServedMode:
    """The mode that uses every stage."""
    return bundle.modes["thorough"]
