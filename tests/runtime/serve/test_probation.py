"""When a bundle that took over fails its trial."""

from __future__ import annotations

import numpy as np
import pytest

from runtime.serve.probation import LEAST_RUNS, LEAST_SECONDS, Probation, on_probation
from runtime.serve.recorder import Recorder
from runtime.serve.served_bundle import ServedBundle

from .serving_doubles import job_of, promising
from .test_job_queue import Clock
from .test_recorder import answered


def trial(served: ServedBundle, old_run_s: float, recorder: Recorder, *, runs: int = LEAST_RUNS) -> Probation:
    """The new bundle promises to take twice as long as the old one, and may take twice as long as that."""
    old, new = promising(served, 0.001, "old"), promising(served, 0.002, "new")
    for _ in range(runs):
        answered(recorder, old, 0, run_s=old_run_s)
    return on_probation(new, old, recorder, "balanced", ends_s=60.0, slower=2.0)


def test_a_slower_bundle_may_take_as_much_longer_as_it_promised(served: ServedBundle) -> None:
    recorder = Recorder()
    probation = trial(served, 0.010, recorder)
    assert probation.most_s() == 0.040
    for _ in range(LEAST_RUNS):
        answered(recorder, probation.bundle, 0, run_s=0.039)
    assert probation.verdict(recorder, 10.0) is None
    assert probation.verdict(recorder, 60.0) == ""


def test_beyond_that_it_fails(served: ServedBundle) -> None:
    recorder = Recorder()
    probation = trial(served, 0.010, recorder)
    for _ in range(LEAST_RUNS):
        answered(recorder, probation.bundle, 0, run_s=0.041)
    assert probation.verdict(recorder, 10.0) == (
        "an image takes 41.00 ms (median), more than the 40.00 ms to be expected"
    )


def test_one_failed_inference_is_enough(served: ServedBundle) -> None:
    recorder = Recorder()
    recorder.refused(500)  # before it took over: not its fault
    probation = trial(served, 0.010, recorder)
    assert probation.verdict(recorder, 10.0) is None
    recorder.refused(429)
    assert probation.verdict(recorder, 10.0) is None
    recorder.refused(500)
    assert probation.verdict(recorder, 10.0) == "1 requests failed since it took over"


def test_too_few_runs_are_compared_with_nothing(served: ServedBundle) -> None:
    recorder = Recorder()
    probation = trial(served, 0.010, recorder, runs=LEAST_RUNS - 1)
    for _ in range(LEAST_RUNS):
        answered(recorder, probation.bundle, 0, run_s=9.0)
    assert probation.most_s() is None
    assert probation.verdict(recorder, 60.0) == ""


def test_without_promises_latencies_are_not_compared(served: ServedBundle) -> None:
    recorder = Recorder()
    for _ in range(LEAST_RUNS):
        answered(recorder, served, 0)
    probation = on_probation(promising(served, 0.0, "new"), served, recorder, "balanced", ends_s=1.0, slower=2.0)
    assert probation.most_s() is None


def drew(recorder: Recorder, clock: Clock, served: ServedBundle, image_j: float, seconds: int, spread: float) -> None:
    random = np.random.default_rng(5)
    for _ in range(seconds + 2):  # two are left out as the meter's own
        clock.at_s += 1.0
        recorder.drew(job_of(served, mode="balanced"), image_j * random.normal(1.0, spread))


def metered(
    served: ServedBundle,
    before_j: float,
    now_j: float,
    *,
    promised_j: tuple[float, float] = (0.010, 0.010),
    spread: float = 0.02,
    seconds: int = 3 * LEAST_SECONDS,
) -> str | None:
    """The verdict on a bundle that draws `now_j` an image after one that drew `before_j`."""
    clock = Clock()
    recorder = Recorder(now_s=clock)
    old, new = (promising(served, 0.001, name, energy_j=j) for name, j in zip(("old", "new"), promised_j, strict=True))
    drew(recorder, clock, old, before_j, seconds, spread)
    probation = on_probation(new, old, recorder, "balanced", ends_s=1e9, slower=2.0)
    drew(recorder, clock, new, now_j, seconds, spread)
    return probation.verdict(recorder, clock.at_s)


def test_a_bundle_that_is_metered_to_draw_more_fails(served: ServedBundle) -> None:
    assert metered(served, 0.010, 0.0105) is None
    told = metered(served, 0.010, 0.013)
    assert told is not None
    assert "13 mJ above idling, and 9.97 mJ with the bundle before (over 60 and 60 s)" in told
    assert "1.10 times as much was allowed" in told


def test_it_may_draw_as_much_more_as_it_promised_and_a_lower_promise_allows_nothing_less(served: ServedBundle) -> None:
    assert metered(served, 0.010, 0.019, promised_j=(0.010, 0.020)) is None
    assert metered(served, 0.010, 0.010, promised_j=(0.010, 0.005)) is None
    assert "allowed" in (metered(served, 0.010, 0.025, promised_j=(0.010, 0.020)) or "")


@pytest.mark.parametrize(("spread", "seconds"), [(0.8, 3 * LEAST_SECONDS), (0.02, LEAST_SECONDS - 1)])
def test_noise_and_few_seconds_are_no_reason(served: ServedBundle, spread: float, seconds: int) -> None:
    assert metered(served, 0.010, 0.013, spread=spread, seconds=seconds) is None
