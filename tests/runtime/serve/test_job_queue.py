"""The queue: order, room, deadlines, batches."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.serve.job_queue import JobQueue
from runtime.serve.refusal import Refused
from runtime.serve.served_bundle import ServedBundle

from .serving_doubles import Settled, job_of, leaving_at


class Clock:
    def __init__(self) -> None:
        self.at_s = 0.0

    def __call__(self) -> float:
        return self.at_s


@given(deadlines=st.lists(st.integers(1, 50), min_size=1, max_size=20))
def test_what_is_due_first_is_given_first_and_equals_in_order(served: ServedBundle, deadlines: list[int]) -> None:
    queue = JobQueue(100, now_s=Clock())
    jobs = [job_of(served, deadline_s=float(due)) for due in deadlines]
    for job in jobs:
        queue.put(job, image_s=0.01)
    taken = [queue.take()[0] for _ in jobs]
    assert taken == sorted(jobs, key=lambda job: job.deadline_s)


def test_a_full_queue_says_when_to_try_again(served: ServedBundle) -> None:
    queue = JobQueue(4)
    queue.put(job_of(served, leaving_at(0, 0, 0)), image_s=1.0)
    with pytest.raises(Refused, match="the queue is full: 3 of 4 images wait") as refused:
        queue.put(job_of(served, leaving_at(0, 0)), image_s=1.0)
    assert (refused.value.status, refused.value.retry_after_s) == (429, 3)
    queue.put(job_of(served), image_s=1.0)
    assert len(queue) == 4


def test_a_request_larger_than_the_queue_is_taken_when_nothing_waits(served: ServedBundle) -> None:
    queue = JobQueue(1)
    queue.put(job_of(served, leaving_at(0, 0)), image_s=0.01)
    assert len(queue) == 2


def test_what_is_late_is_refused_and_never_given_out(served: ServedBundle) -> None:
    clock, settled = Clock(), Settled()
    queue = JobQueue(10, now_s=clock)
    late = job_of(served, deadline_s=1.0, on_settled=settled)
    queue.put(late, image_s=0.01)
    queue.put(job_of(served, deadline_s=5.0), image_s=0.01)
    clock.at_s = 2.0
    (taken,) = queue.take()
    assert taken.deadline_s == 5.0
    assert late.refusal is not None
    assert late.refusal.status == 504
    assert "nothing was run" in late.refusal.what
    assert queue.expired == 1


def test_what_is_late_is_refused_without_anyone_taking(served: ServedBundle) -> None:
    clock, settled = Clock(), Settled()
    queue = JobQueue(10, now_s=clock)
    for due in (3.0, 1.0, 9.0, 2.0):
        queue.put(job_of(served, deadline_s=due, on_settled=settled), image_s=0.01)
    clock.at_s = 3.0
    assert queue.expire() == queue.expired == 3
    assert sorted(job.deadline_s for job in settled.jobs) == [1.0, 2.0, 3.0]
    assert (len(queue), queue.expire()) == (1, 0)


@given(deadlines=st.lists(st.integers(1, 9), min_size=1, max_size=12), data=st.data())
def test_what_is_dropped_is_refused_and_the_others_keep_their_order(
    served: ServedBundle, deadlines: list[int], data: st.DataObject
) -> None:
    queue = JobQueue(100, now_s=Clock())
    jobs = [job_of(served, deadline_s=float(due)) for due in deadlines]
    for job in jobs:
        queue.put(job, image_s=0.01)
    left = data.draw(st.sets(st.sampled_from(range(len(jobs)))))
    gone = Refused(499, "the client hung up")
    assert [queue.drop(jobs[k], gone) for k in left] == [True] * len(left)
    assert [queue.drop(jobs[k], gone) for k in left] == [False] * len(left)
    assert all(jobs[k].refusal is gone for k in left)
    kept = [job for k, job in enumerate(jobs) if k not in left]
    assert (len(queue), queue.dropped) == (len(kept), len(left))
    assert [queue.take()[0] for _ in kept] == sorted(kept, key=lambda job: job.deadline_s)


def test_a_batch_holds_jobs_of_one_mode_up_to_its_size(served: ServedBundle) -> None:
    queue = JobQueue(100, now_s=Clock())
    for due, (images, mode) in enumerate(
        [
            (leaving_at(0, 0), "balanced"),
            (leaving_at(0), "balanced"),
            (leaving_at(0), "thorough"),
            (leaving_at(0), "balanced"),
        ]
    ):
        queue.put(job_of(served, images, mode, deadline_s=10.0 + due), image_s=0.01)
    assert [len(queue.take(most_images=4)) for _ in range(3)] == [2, 1, 1]


def test_a_batch_is_never_larger_than_asked_for(served: ServedBundle) -> None:
    queue = JobQueue(100, now_s=Clock())
    for _ in range(3):
        queue.put(job_of(served, leaving_at(0, 0)), image_s=0.01)
    assert [len(queue.take(most_images=4)) for _ in range(2)] == [2, 1]


def test_a_batch_waits_for_company_only_so_long(served: ServedBundle) -> None:
    queue = JobQueue(100)
    queue.put(job_of(served), image_s=0.01)
    assert len(queue.take(most_images=2, gather_s=0.01)) == 1


def test_a_batch_that_waits_takes_who_comes(served: ServedBundle) -> None:
    queue = JobQueue(100)
    queue.put(job_of(served), image_s=0.01)
    timer = threading.Timer(0.02, lambda: queue.put(job_of(served), image_s=0.01))
    timer.start()
    assert len(queue.take(most_images=2, gather_s=10.0)) == 2
    timer.join()


def test_a_closed_queue_gives_out_what_waits_and_then_nothing(served: ServedBundle) -> None:
    queue = JobQueue(10)
    queue.put(job_of(served), image_s=0.01)
    queue.close()
    assert len(queue.take()) == 1
    assert queue.take() == []
    with pytest.raises(Refused, match="stopping") as refused:
        queue.put(job_of(served), image_s=0.01)
    assert refused.value.status == 503


def test_slack_is_that_of_the_first_due(served: ServedBundle) -> None:
    queue = JobQueue(10, now_s=Clock())
    assert queue.slack_s() is None
    queue.put(job_of(served, deadline_s=7.0), image_s=0.01)
    queue.put(job_of(served, deadline_s=3.0), image_s=0.01)
    assert queue.slack_s() == 3.0


def test_all_that_waits_can_be_refused(served: ServedBundle) -> None:
    queue, settled = JobQueue(10), Settled()
    for _ in range(3):
        queue.put(job_of(served, on_settled=settled), image_s=0.01)
    assert queue.refuse_all(Refused(503, "gone")) == 3
    assert len(settled.jobs) == 3
    assert len(queue) == 0


def test_a_job_that_does_not_fit_a_batch_that_fills_up_goes_to_a_thread_that_is_idle(served: ServedBundle) -> None:
    queue, taken = JobQueue(10), []

    def take(gather_s: float) -> threading.Thread:
        thread = threading.Thread(target=lambda: taken.append(queue.take(most_images=2, gather_s=gather_s)))
        thread.start()
        return thread

    first = take(10.0)
    queue.put(job_of(served, mode="thorough"), image_s=0.01)
    while len(queue):
        first.join(0.001)  # it waits for company now, before the other thread waits for anything
    second = take(0.0)
    second.join(0.05)
    queue.put(job_of(served, mode="one-shot"), image_s=0.01)
    for thread in (first, second):
        thread.join(5.0)
    idle, _ = second.is_alive(), queue.close()
    assert not idle
    assert sorted(job.served.mode.name for jobs in taken for job in jobs) == ["one-shot", "thorough"]
