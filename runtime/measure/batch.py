"""Measures a few tasks between two readings of the reference, again where either speaks against them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from runtime.contract.measurement import Measurement

from .plan import Quality
from .quality import bracket_noise
from .task import Attempt, Half


def measure_batch(
    count: int,
    half: Callable[[int, int, bool], Half],
    join: Callable[[int, Half, Half], Attempt],
    read_reference: Callable[[], float],
    references_s: Sequence[float],
    quality: Quality,
) -> list[Measurement]:
    """The records of `count` tasks. What stays noisy after all attempts keeps its least noisy one, and says so.

    All first halves come before all second ones: whatever disturbs the machine for some seconds, and whatever a
    network owes to where its memory happens to lie, then shows as a difference between the two.

    Args:
        half: measures half of a task, given its number in the batch, the attempt (from 1), and whether it is the
            second half.
        join: makes one attempt of two halves.
        read_reference: measures the reference and adds it to `references_s`, which holds at least one reading.
    """
    best: dict[int, Attempt] = {}
    for attempt in range(1, quality.attempts + 1):
        pending = [task for task in range(count) if task not in best or best[task].record.noisy]
        if not pending:
            break
        before_s = references_s[-1]
        first = {task: half(task, attempt, False) for task in pending}
        second = {task: half(task, attempt, True) for task in pending}
        after_s = read_reference()
        reasons = bracket_noise(before_s, after_s, references_s, quality.max_spread)
        for task in pending:
            judged = _judged(join(task, first[task], second[task]), reasons)
            better = min(best.get(task, judged), judged, key=lambda each: each.rank)
            best[task] = replace(better, record=replace(better.record, attempts=attempt))
    return [best[task].record for task in range(count)]


def _judged(found: Attempt, reasons: Sequence[str]) -> Attempt:
    """The attempt with what the reference says against it."""
    why = (*found.record.why_noisy, *reasons)
    return replace(found, record=replace(found.record, noisy=bool(why), why_noisy=why))
