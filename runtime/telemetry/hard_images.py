"""The least sure images of a day, where a board's owner has asked for so many: kept as PNG, and none otherwise.

A day is divided into as many stretches; of each, the image with the highest entropy is kept. What a client sent as
normalised numbers is no picture any more, and is left out.
"""

from __future__ import annotations

import base64
import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import UInt8Array
from runtime.contract.errors import ConfigError
from runtime.contract.telemetry_batch import Value
from runtime.serve.job import Job

from .inference import Circumstances, Inference
from .minute import micro

DAY_S = 86_400.0
MOST_A_DAY = 1000
MOST_PNG_BYTES = 4 << 20  # in base64, a batch with it is still one that collectors take


@dataclass(frozen=True, slots=True)
class Candidate:
    """The least sure image of a stretch until now."""

    at_s: float
    bundle_id: str
    mode: str
    exit_index: int
    entropy_nats: float
    image: UInt8Array  # (height, width, 3), a copy


class HardImages:
    """A Watcher of the recorder; `look` is called by the serving thread."""

    def __init__(
        self,
        a_day: int,
        png_of: Callable[[UInt8Array], bytes],
        keep: Callable[[dict[str, Value]], None],
        *,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Hand rows of class `sample` to `keep`. Raises ConfigError on none a day, or too many."""
        if not 0 < a_day <= MOST_A_DAY:
            raise ConfigError(
                f"{a_day} images a day cannot be kept", where="--sample-hard-images", to_do=f"give 1 to {MOST_A_DAY}"
            )
        self._stretch_s, self._png_of, self._keep, self._now_s = DAY_S / a_day, png_of, keep, now_s
        self._ends_s = now_s() + self._stretch_s
        self._best: Candidate | None = None
        self._lock = threading.Lock()

    def look(self, job: Job, k: int) -> None:
        """Image `k` of a job that was answered."""
        answers = job.answers
        if answers is None or job.images.dtype != np.uint8:
            return
        entropy_nats, best = float(answers.entropy_nats[k]), self._best  # which `ticked` may take away meanwhile
        if not math.isfinite(entropy_nats) or (best is not None and entropy_nats <= best.entropy_nats):
            return
        image = job.images[k].astype(np.uint8)  # a copy: the request's bytes are given back
        mode, exit_index = job.served.mode.name, int(answers.exit_index[k])
        found = Candidate(self._now_s(), job.bundle.bundle_id, mode, exit_index, entropy_nats, image)
        with self._lock:
            if self._best is None or entropy_nats > self._best.entropy_nats:
                self._best = found

    def saw(self, inference: Inference) -> None:
        """Nothing: images are shown to `look`."""

    def ticked(self, _: Circumstances) -> None:
        """At the end of a stretch, keep its image."""
        now_s = self._now_s()
        if now_s < self._ends_s:
            return
        self._ends_s = now_s + self._stretch_s
        with self._lock:
            best, self._best = self._best, None
        if best is not None and len(content := self._png_of(best.image)) <= MOST_PNG_BYTES:
            self._keep(
                {
                    "at_us": micro(best.at_s),
                    "bundle_id": best.bundle_id,
                    "mode": best.mode,
                    "exit_index": best.exit_index,
                    "entropy_unats": micro(best.entropy_nats),
                    "image_png": base64.b64encode(content).decode("ascii"),
                }
            )
