"""Counts what the server does: answers per mode and exit, refusals per status, how long it took."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .histogram import Counted, Histogram
from .job import Job

RECENT = 512  # runs that are remembered one by one, per mode
RATE_S = 10.0  # over which the request rate is taken


@dataclass(frozen=True, slots=True)
class Recorded:
    """Everything counted until one moment, from the start of the server."""

    exits: dict[str, tuple[int, ...]]  # by mode: images that left at each exit
    latency: dict[str, Counted]  # by mode: request's arrival until its answer was ready
    waited: Counted  # in the queue, all modes
    run: Counted  # on the stages, all modes
    refused: dict[int, int]  # by HTTP status
    requests: int  # answered
    images: int  # answered
    busy_s: float  # of inference threads, all together


class Recorder:
    """Safe between threads; one call per request."""

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s, self._lock = now_s, threading.Lock()
        self._exits: dict[str, list[int]] = {}
        self._latency: dict[str, Histogram] = {}
        self._recent_s: dict[tuple[str, str], deque[float]] = {}
        self._waited, self._run = Histogram(), Histogram()
        self._refused: Counter[int] = Counter()
        self._requests = self._images = 0
        self._busy_s = 0.0
        self._arrivals: deque[float] = deque(maxlen=4096)
        self._last_s = now_s()

    def arrived(self) -> None:
        """A request for inference came, whatever becomes of it."""
        with self._lock:
            self._arrivals.append(self._now_s())

    def answered(self, job: Job) -> None:
        """A job was answered."""
        answers, mode = job.answers, job.served.mode
        if answers is None:
            return
        with self._lock:
            exits = self._exits.get(mode.name)
            if exits is None or len(exits) < mode.policy.stages:
                exits = self._exits[mode.name] = [*(exits or []), *[0] * mode.policy.stages][: mode.policy.stages]
                self._latency.setdefault(mode.name, Histogram())
            for exit_index in answers.exit_index.tolist():
                exits[exit_index] += 1
            self._latency[mode.name].add(answers.waited_s + answers.run_s)
            self._waited.add(answers.waited_s)
            self._run.add(answers.run_s)
            self._requests += 1
            self._images += len(job)
            if len(job) == 1 and answers.usual_exit_index is None:  # caution takes longer: no sign of an unfit bundle
                key = (job.bundle.bundle_id, mode.name)
                recent = self._recent_s.get(key)
                if recent is None:
                    recent = self._recent_s[key] = deque(maxlen=RECENT)
                recent.append(answers.run_s)
            self._last_s = self._now_s()

    def refused(self, status: int) -> None:
        """A request was refused with that HTTP status."""
        with self._lock:
            self._refused[status] += 1
            self._last_s = self._now_s()

    def was_busy(self, busy_s: float) -> None:
        """An inference thread was at work that long."""
        with self._lock:
            self._busy_s += busy_s

    def busy_s(self) -> float:
        """Time that inference threads were at work, all together."""
        with self._lock:
            return self._busy_s

    def image_s(self, otherwise_s: float = 0.01) -> float:
        """Mean time on the stages per image until now."""
        with self._lock:
            return self._busy_s / self._images if self._images else otherwise_s

    def median_run_s(self, bundle_id: str, mode: str, least: int) -> float | None:
        """Of the latest single images of a mode of a bundle; None where fewer than `least` were run."""
        with self._lock:
            recent = self._recent_s.get((bundle_id, mode), ())
            return float(np.median(recent)) if len(recent) >= least else None

    def forget(self, bundle_id: str) -> None:
        """Drop what is remembered of a bundle that is served no longer."""
        with self._lock:
            for key in [key for key in self._recent_s if key[0] == bundle_id]:
                del self._recent_s[key]

    def requests_per_s(self) -> float:
        """Arrivals over the last while."""
        with self._lock:
            now_s, arrivals = self._now_s(), list(self._arrivals)
        recent = sum(at_s > now_s - RATE_S for at_s in arrivals)
        span_s = min(RATE_S, now_s - arrivals[0]) if len(arrivals) == self._arrivals.maxlen else RATE_S
        return recent / span_s if recent else 0.0

    def idle_s(self) -> float:
        """Since the last request was answered or refused."""
        return self._now_s() - self._last_s

    def recorded(self) -> Recorded:
        """Everything, as it is now."""
        with self._lock:
            return Recorded(
                exits={name: tuple(counts) for name, counts in self._exits.items()},
                latency={name: histogram.counted() for name, histogram in self._latency.items()},
                waited=self._waited.counted(),
                run=self._run.counted(),
                refused=dict(self._refused),
                requests=self._requests,
                images=self._images,
                busy_s=self._busy_s,
            )
