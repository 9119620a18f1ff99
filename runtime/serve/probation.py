"""Whether a bundle that has just taken over does its work: it fails where inference fails, or takes too long for it.

How long is too long follows from the bundle before it and from what both promise: a larger network may take longer, by
as much as its promise says. So one rule serves on the board and on a workstation, where every promise is off by the
same factor.
"""

from __future__ import annotations

from dataclasses import dataclass

from runtime.contract.mode import Mode

from .recorder import Recorder
from .served_bundle import ServedBundle

LEAST_RUNS = 20  # of single images, on both sides, before latencies are compared
FAILURE = 500  # the status of a request whose inference failed


@dataclass(frozen=True, slots=True)
class Probation:
    """One bundle on trial after another one."""

    bundle: ServedBundle
    before: ServedBundle
    mode: str  # of both, by which they are compared
    ends_s: float
    failures_before: int  # of requests, when it took over
    before_run_s: float | None  # median over single images; None: too few to compare with
    slower: float  # than promised in proportion, by which it fails

    def verdict(self, recorder: Recorder, now_s: float) -> str | None:
        """Why it fails; "" where its time is over and it has not; None while neither is so."""
        failures = recorder.recorded().refused.get(FAILURE, 0) - self.failures_before
        if failures:
            return f"{failures} requests failed since it took over"
        run_s = recorder.median_run_s(self.bundle.bundle_id, self.mode, LEAST_RUNS)
        most_s = self.most_s()
        if run_s is not None and most_s is not None and run_s > most_s:
            return f"an image takes {run_s * 1e3:.2f} ms (median), more than the {most_s * 1e3:.2f} ms to be expected"
        return "" if now_s >= self.ends_s else None

    def most_s(self) -> float | None:
        """The longest median run time with which it passes; None where nothing is known to compare with."""
        promised_s = [_promised_s(bundle.modes[self.mode].mode) for bundle in (self.bundle, self.before)]
        if self.before_run_s is None or None in promised_s:
            return None
        new_s, old_s = promised_s
        return None if not new_s or not old_s else self.slower * self.before_run_s * new_s / old_s


def on_probation(
    bundle: ServedBundle, before: ServedBundle, recorder: Recorder, mode: str, *, ends_s: float, slower: float
) -> Probation:
    """Put a bundle that takes over now on trial until `ends_s`.

    Args:
        mode: compared where both have it; else their latencies are not.
    """
    both = mode in bundle.modes and mode in before.modes
    return Probation(
        bundle,
        before,
        mode if both else bundle.manifest.default_mode,
        ends_s,
        recorder.recorded().refused.get(FAILURE, 0),
        recorder.median_run_s(before.bundle_id, mode, LEAST_RUNS) if both else None,
        slower,
    )


def _promised_s(mode: Mode) -> float | None:
    figure = mode.expected.get("latency_s")
    return None if figure is None or figure.value <= 0 else figure.value
