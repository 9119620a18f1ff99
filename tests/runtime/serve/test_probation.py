"""When a bundle that took over fails its trial."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from runtime.serve.probation import AT_ONCE, LEAST_METERED_S, LEAST_RUNS, LEAST_SECONDS, Probation, on_probation
from runtime.serve.recorder import Recorder
from runtime.serve.served_bundle import ServedBundle

from .serving_doubles import job_of, promising
from .test_job_queue import Clock
from .test_recorder import answered


class Trial:
    """The new bundle promises to take twice as long as the old one, and may take twice as long as that."""

    def __init__(self, served: ServedBundle, old_run_s: float, *, seconds: int = LEAST_SECONDS) -> None:
        self.clock = Clock()
        self.recorder = Recorder(now_s=self.clock)
        old, self.new = promising(served, 0.001, "old"), promising(served, 0.002, "new")
        self.runs(old, [old_run_s] * seconds)
        self.probation: Probation = on_probation(self.new, old, self.recorder, "balanced", ends_s=1e3, slower=2.0)

    def runs(self, bundle: ServedBundle, runs_s: list[float]) -> None:
        """One image a second, after two that are left out."""
        for run_s in (99.0, 99.0, *runs_s):
            answered(self.recorder, bundle, 0, run_s=run_s)
            self.clock.at_s += 1.0

    def verdict(self, now_s: float = 10.0) -> str | None:
        return self.probation.verdict(self.recorder, now_s)


def test_a_slower_bundle_may_take_as_much_longer_as_it_promised(served: ServedBundle) -> None:
    trial = Trial(served, 0.010)
    assert trial.probation.slower_allowed() == 4.0
    trial.runs(trial.new, [0.039] * LEAST_SECONDS)
    assert trial.verdict() is None
    assert trial.verdict(1e3) == ""


def test_beyond_that_it_fails(served: ServedBundle) -> None:
    trial = Trial(served, 0.010)
    trial.runs(trial.new, [0.041] * LEAST_SECONDS)
    assert trial.verdict() == (
        "an image takes 41 ms, and 10 ms with the bundle before (over 10 and 10 s); 4.00 times as long was allowed"
    )


def test_a_few_slow_seconds_of_a_busy_machine_are_no_reason(served: ServedBundle) -> None:
    trial = Trial(served, 0.010)
    trial.runs(trial.new, [0.02, 0.02, 0.25, 0.02, 0.02, 0.02, 0.20, 0.02, 0.02, 0.02])
    assert trial.verdict() is None


def test_what_takes_far_too_long_fails_by_its_first_images(served: ServedBundle) -> None:
    for factor, fails in ((0.9, False), (1.1, True)):
        recorder = Recorder(now_s=Clock())  # within one instant
        old, new = promising(served, 0.001, "old"), promising(served, 0.002, "new")
        for _ in range(LEAST_RUNS):
            answered(recorder, old, 0, run_s=0.001)
        probation = on_probation(new, old, recorder, "balanced", ends_s=60.0, slower=2.0)
        for _ in range(LEAST_RUNS):
            answered(recorder, new, 0, run_s=factor * AT_ONCE * 0.004)
        said = probation.verdict(recorder, 1.0)
        assert (said is not None) is fails
        assert not fails or said == "an image takes 44 ms (median), where 4 ms was allowed"


def test_one_failed_inference_is_enough(served: ServedBundle) -> None:
    recorder = Recorder()
    recorder.refused(500)  # before it took over: not its fault
    probation = on_probation(served, served, recorder, "balanced", ends_s=60.0, slower=2.0)
    assert probation.verdict(recorder, 10.0) is None
    recorder.refused(429)
    assert probation.verdict(recorder, 10.0) is None
    recorder.refused(500)
    assert probation.verdict(recorder, 10.0) == "1 requests failed since it took over"


def test_too_few_seconds_are_compared_with_nothing(served: ServedBundle) -> None:
    trial = Trial(served, 0.010, seconds=LEAST_SECONDS - 1)
    trial.runs(trial.new, [0.3] * LEAST_SECONDS)
    assert trial.verdict(1e3) == ""


def test_without_promises_latencies_are_not_compared(served: ServedBundle) -> None:
    trial = Trial(served, 0.010)
    bundle = promising(served, 0.0, "new")
    probation = on_probation(bundle, trial.new, trial.recorder, "balanced", ends_s=1.0, slower=2.0)
    assert probation.slower_allowed() is None


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
    seconds: int = 3 * LEAST_METERED_S,
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
    assert "13 mJ, and 9.97 mJ with the bundle before (over 60 and 60 s), above idling" in told
    assert "1.10 times as much was allowed" in told


def test_it_may_draw_as_much_more_as_it_promised_and_a_lower_promise_allows_nothing_less(served: ServedBundle) -> None:
    assert metered(served, 0.010, 0.019, promised_j=(0.010, 0.020)) is None
    assert metered(served, 0.010, 0.010, promised_j=(0.010, 0.005)) is None
    assert "allowed" in (metered(served, 0.010, 0.025, promised_j=(0.010, 0.020)) or "")


@pytest.mark.parametrize(("spread", "seconds"), [(0.8, 3 * LEAST_METERED_S), (0.02, LEAST_METERED_S - 1)])
def test_noise_and_few_seconds_are_no_reason(served: ServedBundle, spread: float, seconds: int) -> None:
    assert metered(served, 0.010, 0.013, spread=spread, seconds=seconds) is None


def test_a_bundle_with_modes_of_other_names_is_compared_with_nothing(served: ServedBundle) -> None:
    recorder = Recorder(now_s=Clock())
    old, new = promising(served, 0.001, "old"), promising(served, 0.002, "new")
    renamed = replace(
        new,
        modes={f"new-{name}": mode for name, mode in new.modes.items()},
        manifest=replace(new.manifest, default_mode="new-balanced"),
    )
    probation = on_probation(renamed, old, recorder, "balanced", ends_s=1.0, slower=2.0)
    assert probation.verdict(recorder, 0.5) is None
    assert probation.verdict(recorder, 1.0) == ""
