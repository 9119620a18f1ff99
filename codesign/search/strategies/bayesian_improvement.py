"""Expected improvement and its logarithm: how much better than the best so far a design is expected to be.

Its logarithm does not round to zero where improvement is unlikely, so that designs can still be ranked there
(Ament et al., "Unexpected Improvements to Expected Improvement", NeurIPS 2023, arXiv:2310.20708, equation 9).
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import erfcx, log_ndtr, ndtr

from runtime.contract.arrays import FloatArray

from .bayesian_belief import Belief

FARTHEST = 1e3  # deviations: beyond, rounding would eat the difference below
NEAR = -1.0  # from here up the plain formula is exact enough


def log_expected_improvement(belief: Belief, best: float) -> FloatArray:
    """(n,): ln of the mean of max(best − worth, 0), worth being minimised and normally distributed."""
    z = np.maximum((best - belief.mean) / belief.deviation, -FARTHEST)
    density = np.exp(-0.5 * z**2) / math.sqrt(2.0 * math.pi)
    near = np.log(np.where(z > NEAR, density + z * ndtr(z), 1.0))
    below = np.minimum(z, NEAR)
    left = 1.0 - np.abs(below) * math.sqrt(math.pi / 2.0) * erfcx(np.abs(below) / math.sqrt(2.0))
    far = -0.5 * below**2 - 0.5 * math.log(2.0 * math.pi) + np.log(left)
    found: FloatArray = np.log(belief.deviation) + np.where(z > NEAR, near, far)
    return found


def log_probability_below(belief: Belief, limit: float) -> FloatArray:
    """(n,): ln of the probability that the worth is at most `limit`."""
    found: FloatArray = log_ndtr((limit - belief.mean) / belief.deviation)
    return found
