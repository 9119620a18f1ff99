"""Blends hypotheses about a new board without letting one stalled run among few samples decide.

Huber's pseudo-values (Robust Statistics, 1981, section 7.8): a sample that lies far from what the others say of it is
drawn in, and the blend made anew. Phones need it: one frame in twenty may take thrice as long.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from runtime.contract.arrays import FloatArray

from .basis import Basis
from .blend import SAMPLES_TO_TUNE_ON, Blend, blend
from .groups import Hypothesis

FURTHEST = 1.5  # standard deviations of leaving one out
ROUNDS = 2


def robust_blend(
    basis: Basis, known: Sequence[Hypothesis], features: FloatArray, values: FloatArray, rng: np.random.Generator
) -> Blend:
    """As `blend`; what is left out is of the values as measured. With many samples a few bad ones do no harm."""
    used = values
    found = blend(basis, known, features, used, rng)
    rounds = ROUNDS if len(values) <= SAMPLES_TO_TUNE_ON else 0
    for _ in range(rounds):
        said = used - found.left_out
        reach = FURTHEST * found.left_out_deviation
        used = np.clip(values, said - reach, said + reach)
        found = blend(basis, known, features, used, rng)
    return replace(found, left_out=values - used + found.left_out)
