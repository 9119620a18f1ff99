"""What many runs amount to: the middle share of them, as ESM counts (150 runs, middle 60 %)."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.measurement import LatencyStats


def middle(samples_s: FloatArray, keep: float) -> FloatArray:
    """The samples (runs,) in order of size, without the fastest and the slowest; at least one stays.

    Args:
        keep: share that stays, from 0 (the median alone) to 1.
    """
    count = len(samples_s)
    kept = max(1, round(count * keep))
    first = (count - kept) // 2
    ordered: FloatArray = np.sort(samples_s)[first : first + kept]
    return ordered


def latency_stats(samples_s: FloatArray, keep: float) -> LatencyStats:
    """Statistics of one prefix over its runs (runs,), in seconds."""
    kept = middle(samples_s, keep)
    median_s = float(np.median(kept))
    return LatencyStats(
        median_s=median_s,
        mean_s=float(kept.mean()),
        spread=float((kept[-1] - kept[0]) / median_s) if median_s > 0.0 else 0.0,
        p95_s=float(np.quantile(samples_s, 0.95)),
        runs=len(samples_s),
        kept=len(kept),
    )


def relative_difference(one_s: float, other_s: float) -> float:
    """How far two latencies lie apart, as a share of the smaller; 0 where neither takes any time."""
    smaller = min(one_s, other_s)
    return abs(one_s - other_s) / smaller if smaller > 0.0 else 0.0
