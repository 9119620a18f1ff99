"""The queue of requests: bounded, earliest deadline first, and nothing runs whose deadline has passed.

Earliest deadline first meets every deadline that any order on one machine could meet (Liu and Layland, 1973).
"""

from __future__ import annotations

import heapq
import math
import threading
import time
from collections.abc import Callable
from itertools import count

from .job import Job
from .refusal import Refused

LEAST_RETRY_S, MOST_RETRY_S = 1, 30  # HTTP's Retry-After has whole seconds


class JobQueue:
    """Takes jobs from many threads and gives batches of them to many others."""

    def __init__(self, most_images: int, *, now_s: Callable[[], float] = time.monotonic) -> None:
        self._most, self._now_s = most_images, now_s
        self._heap: list[tuple[float, int, Job]] = []
        self._order = count()
        self._images = 0
        self._changed = threading.Condition()
        self._closed = False
        self.expired = 0  # jobs that were refused here, since their time had passed
        self.dropped = 0  # jobs that were taken out, since nobody waited for them any more

    def __len__(self) -> int:
        return self._images

    @property
    def closed(self) -> bool:
        """Whether it takes no more."""
        return self._closed

    def put(self, job: Job, *, image_s: float) -> None:
        """Enqueue a job.

        Args:
            image_s: time that an image takes on average, all inference threads together: says when to try again.
        Raises:
            Refused: 429 where the queue has no room, 503 where it was closed.
        """
        with self._changed:
            if self._closed:
                raise Refused(503, "the server is stopping", retry_after_s=LEAST_RETRY_S)
            if self._images and self._images + len(job) > self._most:
                retry_s = math.ceil(min(max(self._images * image_s, LEAST_RETRY_S), MOST_RETRY_S))
                raise Refused(
                    429, f"the queue is full: {self._images} of {self._most} images wait", retry_after_s=retry_s
                )
            heapq.heappush(self._heap, (job.deadline_s, next(self._order), job))
            self._images += len(job)
            self._changed.notify()

    def take(self, most_images: int = 1, gather_s: float = 0.0) -> list[Job]:
        """The job that is due first, and jobs due next that may share its batch; waits for the first. [] once closed.

        Args:
            most_images: in a batch; a single job may bring more.
            gather_s: how long to wait for the batch to fill up.
        """
        with self._changed:
            first = self._next()
            if first is None:
                return []
            jobs, images = [first], len(first)
            until_s = self._now_s() + gather_s
            while images < most_images:
                if not self._heap:
                    left_s = until_s - self._now_s()
                    if left_s <= 0 or self._closed or not self._changed.wait(left_s):
                        break
                    continue
                following = self._heap[0][2]
                if images + len(following) > most_images or not following.fits(first.served, first.images.dtype):
                    break
                if (due := self._pop()) is not None:
                    jobs.append(due)
                    images += len(due)
            if self._heap:
                self._changed.notify()  # what came while this batch filled up woke this thread, not one that is idle
            return jobs

    def drop(self, job: Job, refusal: Refused) -> bool:
        """Take a job out and refuse it, since nobody waits for it any more; False where it is not here any more."""
        with self._changed:
            at = next((place for place, entry in enumerate(self._heap) if entry[2] is job), None)
            if at is None:
                return False
            self._heap[at] = self._heap[-1]
            self._heap.pop()
            heapq.heapify(self._heap)
            self._images -= len(job)
            self.dropped += 1
        job.refuse(refusal)
        return True

    def expire(self) -> int:
        """Refuse what is late by now, which matters while every inference thread hangs; how many jobs that were."""
        late = 0
        with self._changed:
            while self._heap and self._heap[0][0] <= self._now_s():
                self._pop()
                late += 1
        return late

    def slack_s(self) -> float | None:
        """Time until the earliest deadline; None where none waits."""
        with self._changed:
            return self._heap[0][0] - self._now_s() if self._heap else None

    def close(self) -> None:
        """Take no more; what waits is still given out, then `take` returns nothing."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def refuse_all(self, refusal: Refused) -> int:
        """Refuse what waits; how many jobs that were."""
        with self._changed:
            jobs = [job for _, _, job in self._heap]
            self._heap.clear()
            self._images = 0
        for job in jobs:
            job.refuse(refusal)
        return len(jobs)

    def _next(self) -> Job | None:
        """Wait for a job that is still to be run; None once closed and empty."""
        while True:
            while not self._heap:
                if self._closed:
                    return None
                self._changed.wait()
            if (job := self._pop()) is not None:
                return job

    def _pop(self) -> Job | None:
        """The job that is due first; None where its time has passed, and then it has been refused."""
        _, _, job = heapq.heappop(self._heap)
        self._images -= len(job)
        now_s = self._now_s()
        if job.deadline_s > now_s:
            return job
        self.expired += 1
        waited_s = now_s - job.arrived_s
        job.refuse(Refused(504, f"the deadline passed after {waited_s:.3f} s in the queue; nothing was run"))
        return None
