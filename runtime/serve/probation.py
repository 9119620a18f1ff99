"""Whether a bundle that has just taken over does its work: it fails where inference fails, is slow or draws more.

How long is too long follows from the bundle before it and from what both promise: a larger network may take longer, by
as much as its promise says. So one rule serves on the board and on a workstation, where every promise is off by the
same factor.

What may be drawn is what the bundle before it was metered at, a tenth more, and as much more as it promises to draw
more; one that promises less must still not draw more.

Both costs are known second by second, and it fails where four standard errors of the difference are on the wrong side:
seconds are looked at again and again while the trial lasts, and on a busy machine they differ. A bundle that takes ten
times as long as it may fails by its first images.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from runtime.contract.mode import Mode

from .by_second import PerImage
from .recorder import Recorder
from .served_bundle import ServedBundle

LEAST_RUNS = 20  # of single images, on both sides, for what fails at once
AT_ONCE = 10.0  # times as long as allowed
LEAST_SECONDS = 10  # in which both ran, before their latencies are compared
LEAST_METERED_S = 20  # in which both were metered, before their energies are
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
    before_run: PerImage | None  # seconds of single images; None: too few to compare with
    before_median_s: float | None  # of the latest of them
    slower: float  # than promised in proportion, by which it fails
    before_energy: PerImage | None = None  # above idling; None: not metered for long enough

    def verdict(self, recorder: Recorder, now_s: float) -> str | None:
        """Why it fails; "" where its time is over and it has not; None while neither is so."""
        failures = recorder.recorded().refused.get(FAILURE, 0) - self.failures_before
        if failures:
            return f"{failures} requests failed since it took over"
        why = self._takes_too_long(recorder) or self._draws_too_much(recorder)
        if why is not None:
            return why
        return "" if now_s >= self.ends_s else None

    def slower_allowed(self) -> float | None:
        """How many times as long as before an image may take; None where they do not promise, or share no mode."""
        new_s, old_s = self._promised("latency_s")
        return None if new_s is None or old_s is None else self.slower * new_s / old_s

    def _takes_too_long(self, recorder: Recorder) -> str | None:
        allowed = self.slower_allowed()
        if allowed is None:
            return None
        median_s = recorder.median_run_s(self.bundle.bundle_id, self.mode, LEAST_RUNS)
        if median_s is not None and self.before_median_s is not None:
            most_s = allowed * self.before_median_s
            if median_s > AT_ONCE * most_s:
                return f"an image takes {median_s * 1e3:.3g} ms (median), where {most_s * 1e3:.3g} ms was allowed"
        now = recorder.run_per_image(self.bundle.bundle_id, self.mode, LEAST_SECONDS)
        if now is None or self.before_run is None or not _surely(now, allowed, self.before_run):
            return None
        return f"an image takes {_compared(now, self.before_run, 'ms')}; {allowed:.2f} times as long was allowed"

    def _draws_too_much(self, recorder: Recorder) -> str | None:
        now = recorder.energy_per_image(self.bundle.bundle_id, self.mode, LEAST_METERED_S)
        if now is None or self.before_energy is None:
            return None
        new_j, old_j = self._promised("energy_j")
        allowed = COSTLIER * (max(1.0, new_j / old_j) if new_j and old_j else 1.0)
        if not _surely(now, allowed, self.before_energy):
            return None
        compared = _compared(now, self.before_energy, "mJ")
        return f"an image draws {compared}, above idling; {allowed:.2f} times as much was allowed"

    def _promised(self, name: str) -> tuple[float | None, float | None]:
        """What the new bundle promises of the mode, and the one before; None where one has no such mode or figure."""
        new, old = self.bundle.modes.get(self.mode), self.before.modes.get(self.mode)
        return (
            None if new is None else _promised(new.mode, name),
            None if old is None else _promised(old.mode, name),
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
        recorder.run_per_image(before.bundle_id, mode, LEAST_SECONDS) if both else None,
        recorder.median_run_s(before.bundle_id, mode, LEAST_RUNS) if both else None,
        slower,
        recorder.energy_per_image(before.bundle_id, mode, LEAST_METERED_S) if both else None,
    )


def _surely(now: PerImage, allowed: float, before: PerImage) -> bool:
    """Whether it is more than so many times what it was, by more than chance."""
    return now.mean - allowed * before.mean > SURE * math.hypot(now.error, allowed * before.error)


def _compared(now: PerImage, before: PerImage, unit: str) -> str:
    return (
        f"{now.mean * 1e3:.3g} {unit}, and {before.mean * 1e3:.3g} {unit} with the bundle before "
        f"(over {now.seconds} and {before.seconds} s)"
    )


def _promised(mode: Mode, name: str) -> float | None:
    figure = mode.expected.get(name)
    return None if figure is None or figure.value <= 0 else figure.value
