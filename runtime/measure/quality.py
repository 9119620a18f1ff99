"""Says whether what was measured between two readings of the reference subject can be believed."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from .statistics import relative_difference


def bracket_noise(before_s: float, after_s: float, session_s: Sequence[float], max_spread: float) -> tuple[str, ...]:
    """What is wrong with a batch, in words; nothing where the machine stayed the same.

    Args:
        before_s, after_s: medians of the reference before and after the batch.
        session_s: all its medians in this file so far: a machine that slows down and stays slow is no longer the one
            that the other records speak of.
    """
    reasons = []
    if (spread := relative_difference(before_s, after_s)) > max_spread:
        reasons.append(f"the reference changed by {spread:.1%} meanwhile")
    usual_s = median(session_s)
    if (drift := relative_difference(usual_s, (before_s + after_s) / 2.0)) > max_spread:
        reasons.append(f"the reference was {drift:.1%} away from its median in this file")
    return tuple(reasons)
