"""What the server counts."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.serve.by_second import WARMING_S
from runtime.serve.job import Answers
from runtime.serve.recorder import Recorder
from runtime.serve.served_bundle import ServedBundle

from .serving_doubles import job_of, leaving_at
from .test_job_queue import Clock


def answered(
    recorder: Recorder, served: ServedBundle, *exits: int, run_s: float = 0.001, mode: str = "balanced"
) -> None:
    job = job_of(served, leaving_at(*exits), mode)
    job.answer(Answers(np.zeros((len(exits), 5)), np.array(exits), np.zeros(len(exits)), 0.002, run_s))
    recorder.answered(job)


def test_images_are_counted_by_mode_and_exit(served: ServedBundle) -> None:
    recorder = Recorder()
    answered(recorder, served, 0, 0, 3)
    answered(recorder, served, 1)
    answered(recorder, served, 0, mode="one-shot")
    recorded = recorder.recorded()
    assert recorded.exits == {"balanced": (2, 1, 0, 1), "one-shot": (1,)}
    assert (recorded.requests, recorded.images) == (3, 5)
    assert recorded.latency["balanced"].count == 2
    assert recorded.latency["balanced"].total_s == 0.006


def test_a_job_that_was_not_answered_is_not_counted(served: ServedBundle) -> None:
    recorder = Recorder()
    recorder.answered(job_of(served))
    assert recorder.recorded().requests == 0


def test_refusals_are_counted_by_status() -> None:
    recorder = Recorder()
    for status in (429, 429, 400):
        recorder.refused(status)
    assert recorder.recorded().refused == {429: 2, 400: 1}


def test_run_times_are_known_once_single_images_came_in_enough_seconds(served: ServedBundle) -> None:
    clock = Clock()
    recorder = Recorder(now_s=clock)
    for run_s in (9.0, 0.1, 0.2, 0.3):
        answered(recorder, served, 0, run_s=run_s)
        clock.at_s += WARMING_S if run_s == 9.0 else 1.0
    answered(recorder, served, 0, 0, run_s=9.0)  # a batch takes longer: it does not count
    assert recorder.run_per_image(served.bundle_id, "balanced", 4) is None
    found = recorder.run_per_image(served.bundle_id, "balanced", 3)
    assert found is not None
    assert found.mean == pytest.approx(0.2)
    recorder.forget(served.bundle_id)
    assert recorder.run_per_image(served.bundle_id, "balanced", 1) is None


def test_images_that_were_asked_for_are_counted_whatever_becomes_of_them() -> None:
    recorder = Recorder()
    for images in (1, 3):
        recorder.asked(images)
    assert (recorder.recorded().asked, recorder.recorded().images) == (4, 0)


def test_idling_is_counted_from_the_last_request() -> None:
    clock = Clock()
    recorder = Recorder(now_s=clock)
    clock.at_s = 3.0
    recorder.refused(400)
    clock.at_s = 5.0
    assert recorder.idle_s() == 2.0


def test_the_time_per_image_is_a_mean_over_busy_time(served: ServedBundle) -> None:
    recorder = Recorder()
    assert recorder.image_s(0.5) == 0.5
    answered(recorder, served, 0, 0)
    recorder.was_busy(0.4)
    assert recorder.image_s() == 0.2
    assert recorder.busy_s() == 0.4


def test_runs_that_caution_made_longer_are_no_sign_of_an_unfit_bundle(served: ServedBundle) -> None:
    clock = Clock()
    recorder = Recorder(now_s=clock)
    for k in range(8):
        job = job_of(served, leaving_at(3))
        usual = np.array([0]) if k % 2 else None
        job.answer(Answers(np.zeros((1, 5)), np.array([3]), np.zeros(1), 0.0, 0.1 + k, usual, np.zeros(1)))
        recorder.answered(job)
        clock.at_s += 1.0
    found = recorder.run_per_image(served.bundle_id, "balanced", 1)
    assert found is not None
    assert (found.mean, found.seconds) == (pytest.approx(np.mean([2.1, 4.1, 6.1])), 3)
