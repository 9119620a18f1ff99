"""The few operating points that a governor could ever want of one mode, out of hundreds.

At a request rate r a board that holds a point draws idle_w + r · (energy_j - idle_w · latency_s). What is worth
offering is what draws least at some rate under some limit on the worst latency, and the point that waits cheapest, for
parking. Everything else would be read, kept and compared on the board for nothing.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

RATES = 16
LATENCY_LIMITS = 12
LEAST_REQUESTS_PER_S = 0.01
BUSIEST = 0.8  # a server that is busier than that waits more than it works


def governed_points(
    latency_s: FloatArray, worst_latency_s: FloatArray, energy_j: FloatArray, idle_w: FloatArray
) -> IntArray:
    """Indices of the points worth offering, ascending.

    Args:
        latency_s: (points,) expected of one image; worst_latency_s: (points,) of one that runs through every stage.
        energy_j: (points,) expected, back to back.
        idle_w: (points,) with nothing to do.
    Raises:
        ShapeError: not four rows of equal length, at least one point long.
    """
    columns = (latency_s, worst_latency_s, energy_j, idle_w)
    if latency_s.ndim != 1 or not latency_s.size or any(column.shape != latency_s.shape for column in columns):
        raise ShapeError(f"four rows of equal length are needed, got {[column.shape for column in columns]}")
    # The last: waiting cheapest, and among those that do, fastest.
    wanted = {int(np.lexsort((worst_latency_s, idle_w))[0]), int(np.argmin(worst_latency_s))}
    for requests_per_s in np.geomspace(LEAST_REQUESTS_PER_S, BUSIEST / latency_s.min(), RATES):
        drawn_w = idle_w + requests_per_s * (energy_j - idle_w * latency_s)
        for limit_s in np.geomspace(worst_latency_s.min(), worst_latency_s.max(), LATENCY_LIMITS):
            allowed = (worst_latency_s <= limit_s * (1 + 1e-9)) & (requests_per_s * latency_s <= BUSIEST * (1 + 1e-9))
            if allowed.any():
                wanted.add(int(np.argmin(np.where(allowed, drawn_w, np.inf))))
    return np.array(sorted(wanted))
