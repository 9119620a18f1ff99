"""When a bundle that took over fails its trial."""

from __future__ import annotations

from runtime.serve.probation import LEAST_RUNS, Probation, on_probation
from runtime.serve.recorder import Recorder
from runtime.serve.served_bundle import ServedBundle

from .serving_doubles import promising
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
