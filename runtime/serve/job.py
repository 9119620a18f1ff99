"""A request on its way through the queue and the inference threads, until it is settled once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.engine.cascade import Departures

from .refusal import Refused
from .served_bundle import ServedBundle
from .served_mode import ServedMode
from .tensors import Tensor


@dataclass(frozen=True, slots=True)
class Answers:
    """What the images of one request were answered with."""

    logits: FloatArray  # (batch, classes)
    exit_index: IntArray  # (batch,)
    entropy_nats: FloatArray  # (batch,)
    waited_s: float  # in the queue
    run_s: float  # from leaving the queue until the last image had left
    # Where its own thresholds would have let each image leave, and the entropy there: known while a mode is cautious.
    usual_exit_index: IntArray | None = None
    usual_entropy_nats: FloatArray | None = None


class Job:
    """Images of one request. Settled once, with answers or with a refusal: whoever comes second changes nothing."""

    __slots__ = (
        "_lock",
        "_on_settled",
        "_parts",
        "_remaining",
        "answers",
        "arrived_s",
        "batch_images",
        "bundle",
        "deadline_s",
        "images",
        "refusal",
        "served",
        "settled",
        "started_s",
    )

    def __init__(
        self,
        bundle: ServedBundle,
        mode: str,
        images: Tensor,
        *,
        arrived_s: float,
        deadline_s: float,
        on_settled: Callable[[Job], None],
    ) -> None:
        """Keep the bundle that was served when the request came: a swap changes nothing for it.

        Args:
            mode: of that bundle; Refused, 400, where there is none of that name.
            deadline_s: by the clock that `arrived_s` was read from.
            on_settled: called once, from whichever thread settles the job.
        """
        if mode not in bundle.modes:
            raise Refused(400, f"unknown mode {mode[:80]!r}", to_do=f"use one of {', '.join(bundle.modes)}")
        self.bundle, self.served, self.images = bundle, bundle.modes[mode], images
        if self.served.cascade is None:  # it has just gone; what a job has once, stays until it is settled
            raise Refused(503, f"mode {mode!r} is not loaded", retry_after_s=1)
        self.arrived_s, self.deadline_s, self.started_s = arrived_s, deadline_s, arrived_s
        self.batch_images = len(images)  # of all jobs that run beside it
        self._on_settled, self._lock = on_settled, threading.Lock()
        self._parts: Answers | None = None
        self._remaining = len(images)
        self.settled = False
        self.answers: Answers | None = None
        self.refusal: Refused | None = None

    def __len__(self) -> int:
        return len(self.images)

    def fits(self, served: ServedMode, dtype: np.dtype[np.generic]) -> bool:
        """Whether it can run in one batch with images of that mode and type."""
        return self.served is served and self.images.dtype == dtype

    @property
    def own_share(self) -> float:
        """Of the time of the batch that it ran in."""
        return len(self.images) / self.batch_images

    def restart(self) -> None:
        """Forget images that have left: the job runs again, by itself."""
        self._parts, self._remaining = None, len(self.images)
        self.batch_images = len(self.images)

    def leave(self, rows: IntArray, left: Departures, within: IntArray, now_s: float) -> None:
        """Some of its images have left; with the last of them the job is answered.

        Args:
            rows: of `left`, the departures of a batch that may hold other jobs' images.
            within: the same images' places in this job.
        """
        if self._parts is None:
            count = len(self.images)
            self._parts = Answers(
                np.empty((count, left.logits.shape[1]), dtype=np.float32),
                np.empty(count, dtype=np.int64),
                np.empty(count, dtype=np.float32),
                self.started_s - self.arrived_s,
                0.0,
                None if left.usual_exit_index is None else np.empty(count, dtype=np.int64),
                None if left.usual_entropy_nats is None else np.empty(count, dtype=np.float32),
            )
        parts = self._parts
        parts.logits[within] = left.logits[rows]
        parts.exit_index[within] = left.exit_index[rows]
        parts.entropy_nats[within] = left.entropy_nats[rows]
        if parts.usual_exit_index is not None and left.usual_exit_index is not None:
            parts.usual_exit_index[within] = left.usual_exit_index[rows]
        if parts.usual_entropy_nats is not None and left.usual_entropy_nats is not None:
            parts.usual_entropy_nats[within] = left.usual_entropy_nats[rows]
        self._remaining -= len(rows)
        if not self._remaining:
            self.answer(replace(parts, run_s=now_s - self.started_s))

    def answer(self, answers: Answers) -> None:
        """It is answered."""
        if self._settle():
            self.answers = answers
            self._on_settled(self)

    def refuse(self, refusal: Refused) -> None:
        """It is not going to be answered."""
        if self._settle():
            self.refusal = refusal
            self._on_settled(self)

    def _settle(self) -> bool:
        with self._lock:
            first, self.settled = not self.settled, True
        return first
