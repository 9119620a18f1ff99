"""The inference threads: each takes what is due next, runs it, and settles every job it took.

A stage that hangs cannot be stopped from outside. Its thread is given up: its jobs are refused, another thread takes
its place, and should it return after all, it ends.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import EngineError
from runtime.engine.cascade import Departures

from .job import Answers, Job
from .job_queue import JobQueue
from .recorder import Recorder
from .refusal import Refused


class Worker:
    """One inference thread. `jobs` and `since_s` say what it runs now, for whoever looks whether it hangs."""

    def __init__(
        self,
        queue: JobQueue,
        recorder: Recorder,
        *,
        batch_images: int,
        gather_s: float,
        now_s: Callable[[], float],
        name: str,
    ) -> None:
        self._queue, self._recorder, self._now_s = queue, recorder, now_s
        self._batch_images, self._gather_s = batch_images, gather_s
        self.jobs: Sequence[Job] = ()
        self.since_s: float | None = None
        self.given_up = False
        self.thread = threading.Thread(target=self._work, name=name, daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while not self.given_up and self._turn():
            pass

    def _turn(self) -> bool:
        """Take a batch and run it; False once there are no more. Nothing of it is kept while the next is waited for."""
        jobs = self._queue.take(self._batch_images, self._gather_s)
        if not jobs:
            return False
        started_s, batch_images = self._now_s(), sum(len(job) for job in jobs)
        for job in jobs:
            job.started_s, job.batch_images = started_s, batch_images
        self.jobs, self.since_s = jobs, started_s
        try:
            self._run(jobs)
        except BaseException as error:  # a mistake in our own code: its requests must not wait for ever
            for job in jobs:
                job.refuse(Refused(500, f"inference failed: {type(error).__name__}"))
            raise
        finally:
            self.jobs, self.since_s = (), None
        self._recorder.was_busy(self._now_s() - started_s)
        return True

    def _run(self, jobs: Sequence[Job]) -> None:
        try:
            if len(jobs) == 1:
                self._run_one(jobs[0])
            else:
                self._run_many(jobs)
        except EngineError as error:
            if len(jobs) == 1:
                jobs[0].refuse(Refused(500, f"inference failed: {error.what}"))
                return
            for job in jobs:  # one broken image fails the batch: those beside it shall not suffer
                if not job.settled:
                    job.restart()
                    self._run([job])

    def _run_one(self, job: Job) -> None:
        waited_s = job.started_s - job.arrived_s
        if len(job) == 1:
            one = job.served.run_one(job.images)
            usual_exit = None if one.usual_exit_index is None else np.array([one.usual_exit_index])
            usual_nats = None if one.usual_entropy_nats is None else np.array([one.usual_entropy_nats])
            exits, entropies = np.array([one.exit_index]), np.array([one.entropy_nats], dtype=np.float32)
            logits = one.logits
        else:
            logits, exits, entropies, _, usual_exit, usual_nats = job.served.run(job.images)
        run_s = self._now_s() - job.started_s
        job.answer(Answers(logits, exits, entropies.astype(np.float32), waited_s, run_s, usual_exit, usual_nats))

    def _run_many(self, jobs: Sequence[Job]) -> None:
        owner = np.repeat(np.arange(len(jobs)), [len(job) for job in jobs])
        place = np.concatenate([np.arange(len(job)) for job in jobs])

        def on_leave(rows: IntArray, left: Departures) -> None:
            now_s = self._now_s()
            for index in np.unique(owner[rows]).tolist():
                of_job = rows[owner[rows] == index]
                jobs[index].leave(of_job, left, place[of_job], now_s)

        jobs[0].served.run(np.concatenate([job.images for job in jobs]), on_leave)


class Workers:
    """A fixed number of inference threads over one queue."""

    def __init__(
        self,
        queue: JobQueue,
        recorder: Recorder,
        *,
        threads: int = 1,
        batch_images: int = 1,
        gather_s: float = 0.0,
        stage_s: float = 10.0,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start them.

        Args:
            batch_images: how many images may share a batch; 1: no batching but a request's own.
            gather_s: how long a batch waits to fill up.
            stage_s: after which a thread that has not returned counts as stuck.
        """
        self._queue, self._recorder, self._now_s, self._stage_s = queue, recorder, now_s, stage_s
        self._batch_images, self._gather_s = batch_images, gather_s
        self._started = 0
        self.given_up: list[Worker] = []
        self.workers = [self._start() for _ in range(threads)]

    def _start(self) -> Worker:
        self._started += 1
        return Worker(
            self._queue,
            self._recorder,
            batch_images=self._batch_images,
            gather_s=self._gather_s,
            now_s=self._now_s,
            name=f"inference {self._started}",
        )

    @property
    def busy(self) -> int:
        """Images that run now."""
        return sum(len(job) for worker in self.workers for job in worker.jobs)

    @property
    def stuck(self) -> int:
        """Threads that were given up and have not returned."""
        return sum(worker.thread.is_alive() for worker in self.given_up)

    def look_after(self) -> tuple[str, ...]:
        """Replace threads that hang or have died; what was found, in sentences."""
        found = []
        for place, worker in enumerate(self.workers):
            since_s, jobs = worker.since_s, worker.jobs
            if since_s is not None and self._now_s() - since_s > self._stage_s:
                worker.given_up = True
                self.given_up.append(worker)
                for job in jobs:
                    job.refuse(Refused(504, f"inference did not end within {self._stage_s:g} s and was given up"))
                found.append(f"{worker.thread.name} hangs since {self._stage_s:g} s: another takes its place")
            elif not worker.thread.is_alive() and not self._queue.closed:
                found.append(f"{worker.thread.name} died: another takes its place")
            else:
                continue
            self.workers[place] = self._start()
        return tuple(found)

    def refuse_running(self, refusal: Refused) -> None:
        """Refuse the jobs that run now; their threads go on."""
        for worker in self.workers:
            for job in worker.jobs:
                job.refuse(refusal)

    def join(self, timeout_s: float) -> bool:
        """Wait until every thread has ended, after the queue was closed; False where some have not."""
        until_s = self._now_s() + timeout_s
        for worker in self.workers:
            worker.thread.join(max(until_s - self._now_s(), 0.0))
        return not any(worker.thread.is_alive() for worker in self.workers)
