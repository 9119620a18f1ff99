"""Inference threads: batches, departures, failures, hangs."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from runtime.serve.job import Job
from runtime.serve.job_queue import JobQueue
from runtime.serve.recorder import Recorder
from runtime.serve.refusal import Refused
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.workers import Workers
from tests.tiny_cascade import random_images

from .serving_doubles import ScriptedCascade, Settled, deepest, job_of, leaving_at, scripted
from .test_job_queue import Clock


@contextmanager
def at_work(**settings: Any) -> Iterator[tuple[JobQueue, Workers]]:
    queue = JobQueue(1000)
    workers = Workers(queue, Recorder(), **settings)
    try:
        yield queue, workers
    finally:
        queue.close()
        workers.join(5.0)


def test_an_image_is_answered_as_the_cascade_answers_it(served: ServedBundle) -> None:
    images, settled = random_images(3), Settled()
    with at_work() as (queue, _):
        queue.put(job_of(served, images[:1], "thorough", on_settled=settled), image_s=0.01)
        queue.put(job_of(served, images, "thorough", on_settled=settled), image_s=0.01)
        single, batch = settled.wait(2)
    wanted = deepest(served).run(images)
    assert single.answers is not None
    assert batch.answers is not None
    assert np.allclose(single.answers.logits, wanted.logits[:1], atol=1e-5)
    assert np.allclose(batch.answers.logits, wanted.logits, atol=1e-5)
    assert batch.answers.exit_index.tolist() == [3, 3, 3]


def held_batch(
    served: ServedBundle, *jobs_exits: tuple[int, ...], settled: Settled
) -> tuple[ScriptedCascade, list[Job]]:
    """Run jobs of these images in one batch: a first job keeps the thread until all of them wait."""
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    jobs = [job_of(bundle, leaving_at(*exits), on_settled=settled) for exits in jobs_exits]
    with at_work(batch_images=8) as (queue, _):
        queue.put(job_of(bundle, leaving_at(0), deadline_s=1e8, on_settled=settled), image_s=0.01)
        assert cascade.entered.wait(5.0)
        for job in jobs:
            queue.put(job, image_s=0.01)
        cascade.hold.set()
        settled.wait(1 + len(jobs))
    return cascade, jobs


def test_requests_share_a_batch_and_each_gets_its_own_answers(served: ServedBundle) -> None:
    cascade, jobs = held_batch(served, (0, 2), (1,), (2, 2), settled=Settled())
    assert cascade.runs == [1, 5]
    assert [job.answers.exit_index.tolist() for job in jobs if job.answers] == [[0, 2], [1], [2, 2]]
    for job in jobs:
        assert job.answers is not None
        assert job.answers.logits.argmax(axis=1).tolist() == job.answers.exit_index.tolist()


def test_who_leaves_early_is_answered_before_who_stays(served: ServedBundle) -> None:
    settled = Settled()
    _, (late, early) = held_batch(served, (2,), (0,), settled=settled)
    assert settled.jobs.index(early) < settled.jobs.index(late)


def test_one_broken_image_does_not_fail_those_beside_it(served: ServedBundle) -> None:
    cascade, (sound, broken, also_sound) = held_batch(served, (0, 1), (99,), (2,), settled=Settled())
    assert cascade.runs == [1, 4, 2, 1, 1]
    assert sound.answers is not None
    assert sound.answers.exit_index.tolist() == [0, 1]
    assert also_sound.answers is not None
    assert broken.refusal is not None
    assert broken.refusal.status == 500
    assert "not finite" in broken.refusal.what


def test_a_stage_that_hangs_is_given_up_and_another_thread_goes_on(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    sound, _ = scripted(served)
    cascade.hold.clear()
    settled, clock = Settled(), Clock()
    queue = JobQueue(10)
    workers = Workers(queue, Recorder(), stage_s=2.0, now_s=clock)
    try:
        queue.put(job_of(bundle, leaving_at(0), on_settled=settled), image_s=0.01)
        assert cascade.entered.wait(5.0)
        assert workers.look_after() == ()
        clock.at_s = 3.0
        assert workers.look_after() == ("inference 1 hangs since 2 s: another takes its place",)
        (hung,) = settled.wait(1)
        assert hung.refusal is not None
        assert hung.refusal.status == 504
        assert workers.stuck == 1
        queue.put(job_of(sound, leaving_at(1), on_settled=settled), image_s=0.01)
        assert settled.wait(2)[1].answers is not None
    finally:
        cascade.hold.set()
        queue.close()
        assert workers.join(5.0)
    workers.given_up[0].thread.join(5.0)
    assert workers.stuck == 0
    assert len(settled.jobs) == 2  # what it found after all is told to nobody


def test_what_runs_can_be_refused_and_is_answered_no_more(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    settled = Settled()
    with at_work() as (queue, workers):
        queue.put(job_of(bundle, leaving_at(0), on_settled=settled), image_s=0.01)
        assert cascade.entered.wait(5.0)
        workers.refuse_running(gone := Refused(503, "the server stopped"))
        cascade.hold.set()
    assert [(job.refusal, job.answers) for job in settled.jobs] == [(gone, None)]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_dies_of_a_mistake_is_replaced_and_its_requests_are_answered(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    settled = Settled()
    with at_work() as (queue, workers):
        queue.put(job_of(bundle, leaving_at(77), on_settled=settled), image_s=0.01)  # no such class: an IndexError
        (job,) = settled.wait(1)
        assert job.refusal is not None
        assert job.refusal.line == "inference failed: IndexError"
        workers.workers[0].thread.join(5.0)
        assert workers.look_after() == ("inference 1 died: another takes its place",)
        queue.put(job_of(bundle, leaving_at(1), on_settled=settled), image_s=0.01)
        assert settled.wait(2)[1].answers is not None
    assert cascade.runs == [1, 1]


def test_several_threads_work_at_once(served: ServedBundle) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    settled = Settled()
    with at_work(threads=2) as (queue, workers):
        for exits in ((0,), (0, 1)):
            queue.put(job_of(bundle, leaving_at(*exits), on_settled=settled), image_s=0.01)
        for _ in range(500):
            if workers.busy == 3:
                break
            cascade.entered.wait(0.01)
            cascade.entered.clear()
        assert workers.busy == 3  # images
        cascade.hold.set()
        settled.wait(2)


def test_a_bundle_that_is_served_no_longer_is_not_kept_by_an_idle_thread(served: ServedBundle) -> None:
    bundle, _ = scripted(served)
    settled = Settled()
    with at_work() as (queue, _workers):
        queue.put(job_of(bundle, leaving_at(0), on_settled=settled), image_s=0.01)
        images = weakref.ref(settled.wait(1)[0].images)
        settled.jobs.clear()
        for _ in range(1000):
            if images() is None:
                break
            time.sleep(0.005)
        assert images() is None


def test_a_mode_made_cautious_tells_what_it_would_have_done(served: ServedBundle) -> None:
    images, settled = random_images(3), Settled()
    mode = served.modes["balanced"]
    usual = mode.run(images).exit_index.tolist()
    mode.be_cautious(2)
    try:
        with at_work() as (queue, _):
            queue.put(job_of(served, images[:1], "balanced", on_settled=settled), image_s=0.01)
            queue.put(job_of(served, images, "balanced", on_settled=settled), image_s=0.01)
            jobs = settled.wait(2)
    finally:
        mode.be_cautious(0)
    for job in jobs:
        assert job.answers is not None
        assert job.answers.usual_exit_index is not None
        assert job.answers.usual_exit_index.tolist() == usual[: len(job)]
        assert job.answers.exit_index.tolist() == [3] * len(job)
