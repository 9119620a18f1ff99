"""Counts what the server does: answers per mode and exit, refusals per status, how long it took."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from .by_second import BySecond, PerImage
from .histogram import Counted, Histogram
from .job import Job


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
    asked: int  # images that were to be answered, whatever became of them
    busy_s: float  # of inference threads, all together


class Recorder:
    """Safe between threads; one call per request."""

    def __init__(self, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s, self._lock = now_s, threading.Lock()
        self._exits: dict[str, list[int]] = {}
        self._latency: dict[str, Histogram] = {}
        self._run_s: dict[tuple[str, str], BySecond] = {}
        self._drawn_j: dict[tuple[str, str], BySecond] = {}
        self._waited, self._run = Histogram(), Histogram()
        self._refused: Counter[int] = Counter()
        self._requests = self._images = self._asked = 0
        self._busy_s = 0.0
        self._last_s = now_s()

    def asked(self, images: int) -> None:
        """A request that makes sense came, whatever becomes of it: what a forecast goes by."""
        with self._lock:
            self._asked += images

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
            self._last_s = now_s = self._now_s()
            if len(job) == 1 and answers.usual_exit_index is None:  # caution takes longer: no sign of an unfit bundle
                _of(self._run_s, job, now_s).add(now_s, answers.run_s, 1)

    def drew(self, job: Job, active_energy_j: float) -> None:
        """A job that was answered drew so much above idling, as metered."""
        with self._lock:
            now_s = self._now_s()
            _of(self._drawn_j, job, now_s).add(now_s, active_energy_j, len(job))

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

    def run_per_image(self, bundle_id: str, mode: str, least_seconds: int) -> PerImage | None:
        """Time on the stages of images that came alone, of a mode of a bundle; None where in fewer seconds."""
        with self._lock:
            run = self._run_s.get((bundle_id, mode))
            return None if run is None else run.per_image(least_seconds)

    def median_run_s(self, bundle_id: str, mode: str, least: int) -> float | None:
        """Of the latest of those images; None where there were fewer."""
        with self._lock:
            run = self._run_s.get((bundle_id, mode))
            return None if run is None else run.median(least)

    def energy_per_image(self, bundle_id: str, mode: str, least_seconds: int) -> PerImage | None:
        """Above idling, of a mode of a bundle; None where it was metered in fewer seconds."""
        with self._lock:
            drawn = self._drawn_j.get((bundle_id, mode))
            return None if drawn is None else drawn.per_image(least_seconds)

    def forget(self, bundle_id: str) -> None:
        """Drop what is remembered of a bundle that is served no longer."""
        with self._lock:
            for known in (self._run_s, self._drawn_j):
                for key in [key for key in known if key[0] == bundle_id]:
                    del known[key]

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
                asked=self._asked,
                busy_s=self._busy_s,
            )


def _of(costs: dict[tuple[str, str], BySecond], job: Job, now_s: float) -> BySecond:
    key = (job.bundle.bundle_id, job.served.mode.name)
    found = costs.get(key)
    if found is None:
        found = costs[key] = BySecond(now_s)
    return found
