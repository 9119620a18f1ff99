"""What limits ask of the samples of one design: how deep its slowest hundredth goes, what a batch saves of overhead."""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray

from .inner_columns import Layout

SLOWEST_PER_CENT = 1  # p99: at most so many of a hundred samples may take longer


def tail_counts(layout: Layout, counts: FloatArray, samples: int) -> FloatArray:
    """What the sample at the 99th percentile of latency runs, as counts of one sample, (layout.rows, rows).

    Latency rises with depth, so that sample enters a stage where more than one sample in a hundred does, and no other.
    Its latency is the least that 99 % of the samples keep to.

    Args:
        counts: (layout.rows, rows), from `stop_and_pass_counts`.
        samples: how many there are in all.
    """
    entered, passed = entered_counts(layout, counts), counts[layout.candidates :]
    few = samples * SLOWEST_PER_CENT
    tail = np.concatenate([100 * entered > few, 100 * passed > few]).astype(np.float64)
    tail[layout.passing_candidates] -= tail[layout.candidates :]  # what runs on does not stop
    return tail


def entered_counts(layout: Layout, counts: FloatArray) -> FloatArray:
    """How many samples enter the stage that ends at each candidate, (candidates, rows); none where none ends."""
    entered = counts[: layout.candidates].copy()
    entered[layout.passing_candidates] += counts[layout.candidates :]
    return entered


def spared_entries(reach: FloatArray, batch: int) -> FloatArray:
    """Stage entries per image that a batch saves, (rows,), from the share of samples that enter each stage.

    Images of a batch enter a stage together, so its overhead falls due once, if any of them gets there: with a share r
    of images, (1 - (1 - r)^B) / B times per image instead of r times.

    Args:
        reach: (stages, rows), shares.
    """
    spared: FloatArray = (reach - (1.0 - (1.0 - reach) ** batch) / batch).sum(axis=0)
    return spared
