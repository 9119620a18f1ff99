"""Images that come by other ways than requests, from a folder or a camera: each is answered with one line of JSON."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from runtime.contract.arrays import UInt8Array
from runtime.contract.entropy import softmax
from runtime.contract.errors import EdgeCodesignError

from .energy_share import EnergyShare
from .infer_request import InferRequest
from .job import Answers, Job
from .refusal import Refused
from .serving import Serving

BUSY = 429


@dataclass(frozen=True, slots=True)
class Frame:
    """One image, or why there is none."""

    name: str
    image: UInt8Array | None  # (height, width, 3) RGB of the bundle's input size
    problem: str = ""


class Source(Protocol):
    """Where images come from."""

    def frames(self, stop: threading.Event) -> Iterator[Frame]:
        """Image after image, until `stop` is set or there are no more. Raises EdgeCodesignError where it breaks."""
        ...


def answer_source(
    source: Source,
    serving: Serving,
    write: Callable[[str], None],
    stop: threading.Event,
    *,
    wait: Callable[[float], None] = time.sleep,
) -> None:
    """Answer one image after the other, in the order in which they come.

    Raises:
        EdgeCodesignError: the source broke.
    """
    for frame in source.frames(stop):
        told: dict[str, Any] = {"source": frame.name}
        if frame.image is None:
            told["error"] = frame.problem
        else:
            try:
                told |= _answered(frame.image, serving, stop, wait)
            except Refused as refused:
                told["error"] = refused.line
            except EdgeCodesignError as error:
                told["error"] = error.what
        write(json.dumps(told))


def _answered(
    image: UInt8Array, serving: Serving, stop: threading.Event, wait: Callable[[float], None]
) -> dict[str, Any]:
    bundle, done = serving.bundle, threading.Event()
    spec = bundle.manifest.input
    if image.shape != (spec.height, spec.width, 3):
        raise Refused(400, f"the image is {image.shape}, the bundle takes {(spec.height, spec.width, 3)}")
    request = InferRequest("", image[None], (), None, serving.limits.deadline_s)

    def settled(_: Job) -> None:
        done.set()

    while True:
        try:
            job = serving.submit(request, bundle, settled)
            break
        except Refused as refused:
            if refused.status != BUSY or stop.is_set():
                raise
            wait(0.05)  # requests go before; there is no hurry here that they do not have
    done.wait()
    if job.answers is None:
        raise job.refusal or Refused(500, "the image was neither answered nor refused")
    return _line(job, job.answers, serving.answered(job))


def _line(job: Job, answers: Answers, energy: EnergyShare | None) -> dict[str, Any]:
    probabilities = softmax(answers.logits)[0]
    best = int(probabilities.argmax())
    told: dict[str, Any] = {
        "class": job.bundle.manifest.classes[best],
        "probability": float(probabilities[best]),
        "exit_index": int(answers.exit_index[0]),
        "entropy_nats": float(answers.entropy_nats[0]),
        "latency_s": answers.waited_s + answers.run_s,
        "mode": job.served.mode.name,
    }
    return told if energy is None else told | energy.to_json()
