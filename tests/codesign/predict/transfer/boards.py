"""Made-up boards of a small made-up space: additive costs, kin to each other."""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray

GENES = Genes.named([f"layer_{place}" for place in range(6)], ["skip", "small", "large", "odd"])


def designs(count: int, seed: int = 0) -> IntArray:
    """(count, 6)."""
    return np.random.default_rng(seed).integers(0, 4, (count, 6))


def cost_s(of: IntArray, kind: float, noise: float = 0.01, seed: int = 0) -> FloatArray:
    """(n,): boards of kind 0 mind the first layers, of kind 1 the last ones."""
    rng = np.random.default_rng(seed)
    per_choice = np.array([0.0, 1.0, 3.0, 1.5 + kind])
    per_layer = np.linspace(1.5 - kind, 0.5 + kind, 6)
    seconds: FloatArray = 1e-3 * (3.0 + (per_choice[of] * per_layer).sum(axis=1))
    return seconds * np.exp(rng.normal(0.0, noise, len(of)))


def table(count: int = 300) -> tuple[FloatArray, IntArray]:
    """Costs of four boards, (4, count), and the designs."""
    known = designs(count)
    return np.stack([cost_s(known, kind, seed=board) for board, kind in enumerate((0.0, 0.1, 0.9, 1.0))]), known
