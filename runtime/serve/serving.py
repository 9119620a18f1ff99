"""Where requests meet the bundle that is served: submits them, tells what they drew, and changes bundle and mode."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .energy_share import EnergyShare, promised_share
from .infer_request import InferRequest
from .job import Job
from .job_queue import JobQueue
from .limits import Limits
from .recorder import Recorder
from .refusal import CLIENT_GONE, Refused
from .served_bundle import ServedBundle
from .workers import Workers


class EnergyTeller(Protocol):
    """Knows what stretches of work draw on this machine."""

    def share(self, run_s: float) -> EnergyShare | None:
        """Joules of so much time of an inference thread; None while they are not known."""
        ...


Note = Callable[[Job, EnergyShare | None], None]  # the energy where it is metered, else None; it must return at once


@dataclass(frozen=True, slots=True)
class Batching:
    """How inference threads share the work."""

    threads: int = 1
    batch_images: int = 1
    gather_s: float = 0.0


class Serving:
    """One bundle, one queue, some inference threads. Safe between threads."""

    def __init__(
        self,
        bundle: ServedBundle,
        *,
        limits: Limits | None = None,
        batching: Batching | None = None,
        mode: str | None = None,
        energy: EnergyTeller | None = None,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the inference threads.

        Args:
            mode: of requests that name none; the bundle's default mode if not given.
            energy: a meter of this machine; without one, what the bundle promises is told.
        """
        self.limits = Limits() if limits is None else limits
        self._batching = Batching() if batching is None else batching
        self._now_s, self._asked_mode = now_s, mode
        self.energy = energy  # set later where the meter needs to know how busy this server is
        self.note: Note | None = None  # told of every job that was answered, from the thread that answers
        self._swap = threading.Lock()
        self.bundle, self.mode = bundle, _mode_of(bundle, mode)
        self.recorder = Recorder(now_s=now_s)
        self.queue = JobQueue(self.limits.queue_images, now_s=now_s)
        self.workers = Workers(
            self.queue,
            self.recorder,
            threads=self._batching.threads,
            batch_images=self._batching.batch_images,
            gather_s=self._batching.gather_s,
            stage_s=self.limits.stage_s,
            now_s=now_s,
        )
        self.ready = True
        self.parked = False  # whether the clocks are those for waiting
        self.woken = threading.Event()  # set by the first request that comes while they are

    def submit(self, request: InferRequest, bundle: ServedBundle, on_settled: Callable[[Job], None]) -> Job:
        """Enqueue a request that was read for that bundle.

        Raises:
            Refused: no such mode, a full queue, or the server stops.
        """
        now_s = self._now_s()
        mode = request.mode
        if mode is None:
            mode = self.mode if self.mode in bundle.modes else bundle.manifest.default_mode
        elif bundle.keeper is not None and mode in bundle.modes:
            bundle.keeper.asked(mode)
        job = Job(
            bundle,
            mode,
            request.images,
            arrived_s=now_s,
            deadline_s=now_s + request.deadline_s,
            on_settled=on_settled,
        )
        self.recorder.asked(len(job))
        self.queue.put(job, image_s=self.recorder.image_s() / self._batching.threads)
        if self.parked:
            self.woken.set()
        return job

    def abandon(self, job: Job) -> None:
        """Its client has hung up: where it still waits, it is not run. What runs already is run to its end."""
        self.queue.drop(job, Refused(CLIENT_GONE, "the client hung up"))

    def energy_of(self, job: Job) -> EnergyShare | None:
        """What a request drew: metered here, or promised by the bundle where nothing meters."""
        if job.answers is None:
            return None
        if self.energy is not None:
            return self.energy.share(job.answers.run_s * job.own_share)
        return promised_share(job.served, job.answers.exit_index)

    def answered(self, job: Job) -> EnergyShare | None:
        """Count a job that was answered; what it drew, as `energy_of`."""
        self.recorder.answered(job)
        energy = self.energy_of(job)
        metered = energy if self.energy is not None else None
        cautious = job.answers is not None and job.answers.usual_exit_index is not None  # and so costlier than it is
        if metered is not None and metered.active_energy_j is not None and not cautious:
            self.recorder.drew(job, metered.active_energy_j)
        if self.note is not None:
            self.note(job, metered)
        return energy

    def swap(self, bundle: ServedBundle) -> ServedBundle:
        """Serve another bundle from now on; the one before. What waits or runs is answered by the one it came for."""
        with self._swap:
            before, self.bundle = self.bundle, bundle
            wanted = _mode_of(bundle, self._asked_mode) if self.mode not in bundle.modes else self.mode
            self.mode = wanted if bundle.keeper is None or bundle.keeper.use(wanted) else bundle.keeper.in_use
        return before

    def use_mode(self, mode: str) -> bool:
        """The mode of requests that name none, from now on; False while its stages are still being loaded."""
        with self._swap:
            if mode not in self.bundle.modes:
                return True
            if self.bundle.keeper is not None and not self.bundle.keeper.use(mode):
                return False
            self.mode = mode
        return True

    def drain(self, timeout_s: float) -> bool:
        """Take no more, answer what is here, and end; False where not all of it was answered in time."""
        self.ready = False
        self.queue.close()
        if self.workers.join(timeout_s):
            return True
        self.refuse_what_is_left()
        return False

    def refuse_what_is_left(self) -> None:
        """Refuse what waits and what runs: there is no time left for it."""
        self.queue.refuse_all(Refused(503, "the server stopped before this request's turn came", retry_after_s=1))
        self.workers.refuse_running(
            Refused(503, "the server stopped before this request was answered", retry_after_s=1)
        )


def _mode_of(bundle: ServedBundle, asked: str | None) -> str:
    return asked if asked is not None and asked in bundle.modes else bundle.manifest.default_mode
