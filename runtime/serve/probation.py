"""Whether a bundle that has just taken over does its work: it fails where inference fails, is slow or draws more.

How long is too long follows from the bundle before it and from what both promise: a larger network may take longer, by
as much as its promise says. So one rule serves on the board and on a workstation, where every promise is off by the
same factor.

What may be drawn is what the bundle before it was metered at, a tenth more, and as much more as it promises to draw
more; one that promises less must still not draw more. Both are metered second by second, and it fails where four
standard errors of the difference are on the wrong side: seconds are looked at again and again while the trial lasts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtime.contract.mode import Mode

from .drawn import PerImage
from .recorder import Recorder
from .served_bundle import ServedBundle

LEAST_RUNS = 20  # of single images, on both sides, before latencies are compared
LEAST_SECONDS = 20  # in which both were metered, before their energies are
COSTLIER = 1.1  # than the bundle before, by which it may be
SURE = 4.0  # standard errors
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
    before_energy: PerImage | None = None  # above idling; None: not metered for long enough

    def verdict(self, recorder: Recorder, now_s: float) -> str | None:
        """Why it fails; "" where its time is over and it has not; None while neither is so."""
        failures = recorder.recorded().refused.get(FAILURE, 0) - self.failures_before
        if failures:
            return f"{failures} requests failed since it took over"
        run_s = recorder.median_run_s(self.bundle.bundle_id, self.mode, LEAST_RUNS)
        most_s = self.most_s()
        if run_s is not None and most_s is not None and run_s > most_s:
            return f"an image takes {run_s * 1e3:.2f} ms (median), more than the {most_s * 1e3:.2f} ms to be expected"
        if (too_much := self._draws_too_much(recorder)) is not None:
            return too_much
        return "" if now_s >= self.ends_s else None

    def most_s(self) -> float | None:
        """The longest median run time with which it passes; None where nothing is known to compare with."""
        promised_s = [_promised_s(bundle.modes[self.mode].mode) for bundle in (self.bundle, self.before)]
        if self.before_run_s is None or None in promised_s:
            return None
        new_s, old_s = promised_s
        return None if not new_s or not old_s else self.slower * self.before_run_s * new_s / old_s

    def _draws_too_much(self, recorder: Recorder) -> str | None:
        now = recorder.energy_per_image(self.bundle.bundle_id, self.mode, LEAST_SECONDS)
        if now is None or self.before_energy is None:
            return None
        new_j, old_j = (_promised_j(bundle.modes[self.mode].mode) for bundle in (self.bundle, self.before))
        allowed = COSTLIER * (max(1.0, new_j / old_j) if new_j and old_j else 1.0)
        excess_j = now.energy_j - allowed * self.before_energy.energy_j
        if excess_j <= SURE * math.hypot(now.error_j, allowed * self.before_energy.error_j):
            return None
        return (
            f"an image draws {now.energy_j * 1e3:.3g} mJ above idling, and {self.before_energy.energy_j * 1e3:.3g} mJ "
            f"with the bundle before (over {now.seconds} and {self.before_energy.seconds} s); "
            f"{allowed:.2f} times as much was allowed"
        )


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
        recorder.energy_per_image(before.bundle_id, mode, LEAST_SECONDS) if both else None,
    )


def _promised_s(mode: Mode) -> float | None:
    return _promised(mode, "latency_s")


def _promised_j(mode: Mode) -> float | None:
    return _promised(mode, "energy_j")


def _promised(mode: Mode, name: str) -> float | None:
    figure = mode.expected.get(name)
    return None if figure is None or figure.value <= 0 else figure.value
