"""Jobs are settled once."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.engine.cascade import Departures
from runtime.serve.job import Answers
from runtime.serve.refusal import Refused
from runtime.serve.served_bundle import ServedBundle

from .serving_doubles import Settled, job_of, leaving_at

ANSWERS = Answers(np.zeros((1, 5)), np.zeros(1, dtype=np.int64), np.zeros(1), 0.0, 0.0)
LEFT = Departures(
    np.arange(20, dtype=np.float32).reshape(4, 5), np.array([0, 1, 2, 3]), np.array([0.1, 0.2, 0.3, 0.4]), np.zeros(4)
)


def test_whoever_settles_first_is_right(served: ServedBundle) -> None:
    settled = Settled()
    job = job_of(served, on_settled=settled)
    job.refuse(Refused(504, "too late"))
    job.answer(ANSWERS)
    assert settled.jobs == [job]
    assert job.answers is None
    assert job.refusal is not None


def test_an_unknown_mode_is_refused_with_those_that_there_are(served: ServedBundle) -> None:
    with pytest.raises(Refused, match="unknown mode 'fast'") as refused:
        job_of(served, mode="fast")
    assert refused.value.line.endswith("use one of balanced, thorough, trunk-only, one-shot")


def test_a_job_is_answered_when_its_last_image_has_left(served: ServedBundle) -> None:
    settled = Settled()
    job = job_of(served, leaving_at(0, 1), on_settled=settled)
    job.started_s = 1.0
    job.leave(np.array([2]), LEFT, np.array([1]), now_s=1.5)
    assert not settled.jobs
    job.leave(np.array([3]), LEFT, np.array([0]), now_s=3.0)
    assert settled.jobs == [job]
    assert job.answers is not None
    assert job.answers.exit_index.tolist() == [3, 2]
    assert job.answers.logits[1].tolist() == LEFT.logits[2].tolist()
    assert (job.answers.waited_s, job.answers.run_s) == (1.0, 2.0)


def test_a_job_that_starts_again_forgets_what_had_left(served: ServedBundle) -> None:
    settled = Settled()
    job = job_of(served, leaving_at(0, 1), on_settled=settled)
    job.leave(np.array([0]), LEFT, np.array([0]), now_s=1.0)
    job.restart()
    job.leave(np.array([0]), LEFT, np.array([0]), now_s=1.0)
    assert not settled.jobs


def test_only_images_of_one_mode_and_type_share_a_batch(served: ServedBundle) -> None:
    job = job_of(served)
    assert job.fits(served.modes["balanced"], np.dtype(np.uint8))
    assert not job.fits(served.modes["thorough"], np.dtype(np.uint8))
    assert not job.fits(served.modes["balanced"], np.dtype(np.float32))


def test_of_a_cautious_batch_each_image_keeps_its_usual_exit(served: ServedBundle) -> None:
    job = job_of(served, leaving_at(0, 1))
    left = LEFT._replace(usual_exit_index=np.array([0, 1, 1, 0]), usual_entropy_nats=np.array([0.1, 0.6, 0.7, 0.8]))
    job.leave(np.array([3]), left, np.array([0]), 1.0)
    job.leave(np.array([1]), left, np.array([1]), 2.0)
    assert job.answers is not None
    assert job.answers.usual_exit_index is not None
    assert job.answers.usual_entropy_nats is not None
    assert job.answers.usual_exit_index.tolist() == [0, 1]
    assert job.answers.usual_entropy_nats == pytest.approx([0.8, 0.6])
