"""A space small enough to list, on boards that are mixtures of two ways to spend time."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest

from codesign.predict.costs.design_index import design_index
from codesign.predict.costs.genes import Genes
from codesign.predict.new_board.learning_to_optimise import LearningPlan, LearntOptimiser, learn_to_optimise
from runtime.contract.arrays import FloatArray, IntArray

PLAN = LearningPlan(anchors=6, rounds=1, explore=20, synthetic=10, members=2, steps=80)


@dataclass(frozen=True, slots=True)
class MadeUp:
    genes: Genes
    designs: IntArray  # (256, 4)
    accuracy: FloatArray  # (256,)
    latency_s: FloatArray  # (boards, 256)

    def label(self, boards: list[int], designs: IntArray) -> FloatArray:
        found: FloatArray = self.latency_s[boards][:, design_index(self.designs).places(designs)]
        return found


@pytest.fixture(scope="session")
def made_up() -> MadeUp:
    genes = Genes.named([f"op_{gene}" for gene in range(4)], ["skip", "pool", "small", "large"])
    designs = np.array(list(product(range(4), repeat=4)), dtype=np.int64)
    rng = np.random.default_rng(0)
    ways = np.exp(rng.normal(0, 0.3, (2, 4, 4)) + np.linspace(-1, 1, 4))
    sums = np.array([[way[range(4), design].sum() for design in designs] for way in ways])
    shares = np.array([0.0, 0.25, 0.5, 0.75, 1.0])[:, None]
    latency_s = 1e-3 * np.exp(shares * np.log(sums[0]) + (1 - shares) * np.log(sums[1]) + np.arange(5)[:, None])
    gains = np.linspace(0, 0.1, 4) + rng.normal(0, 0.02, (4, 4))
    accuracy = np.array([0.5 + gains[range(4), design].sum() for design in designs])
    return MadeUp(genes, designs, accuracy, latency_s)


@pytest.fixture(scope="session")
def learnt(made_up: MadeUp) -> LearntOptimiser:
    """Taught on all boards but the third."""
    rng = np.random.default_rng(1)
    initial = made_up.designs[rng.choice(256, 80, replace=False)]
    known = (made_up.designs, made_up.accuracy)
    return learn_to_optimise(
        made_up.genes, initial, known, lambda designs: made_up.label([0, 1, 3, 4], designs), rng, PLAN
    )
