"""The house engine for evaluations that are dear or tabulated: evaluate what should add most hypervolume.

A Gaussian process per objective, fitted to what was evaluated, predicts all designs of a small space or many of a large
one: neighbours of the front, mixtures and mutants of it, random ones. Proposed is what is expected to enlarge the
dominated volume most; within a batch, as if those before had turned out as predicted. Constraints are learnt as one
more process and multiply the expectation by the probability that none is broken.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr

from runtime.contract.arrays import FloatArray, IntArray

from .compression import Compression
from .expected_hypervolume import boxes, expected_improvement
from .house_candidates import candidates
from .house_covariance import Covariance
from .house_posterior import Posterior, fitted, tuned
from .protocol import Options
from .record import Record
from .search_space import SearchSpace

FEWEST, MOST = 10, 30  # designs drawn at random before anything is learnt: two for each gene, within these
TUNINGS = 1.25  # parameters are tuned anew whenever there is this much more to tune them on,
TUNED_ON = 400  # up to so many designs: tuning grows with their cube
SHORTLIST = 200  # designs a batch is chosen from
SMALLEST = 1e-18  # variance: differences of large numbers may come out as 0 or below


class House:
    """Surrogate-assisted search for a front."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int) -> None:
        self.record = Record(space, objectives, seed)
        self._initial = min(max(FEWEST, 2 * space.genes), MOST)
        self._covariance = Covariance(space.gene_sizes)
        self._tuned: dict[tuple[int, int], FloatArray] = {}

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record, rng = self.record, self.record.generator()
        known = int(np.isfinite(record.values).all(axis=1).sum())
        if known < self._initial:
            missing = self._initial - len(record) - record.asked
            return record.ask(record.space.fresh(rng, min(count, missing) if missing > 0 else count, record.taken))
        pool = candidates(record, rng)
        if not len(pool):
            return record.ask(record.space.fresh(rng, count, record.taken))
        return record.ask(pool[self._best(pool, count)])

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)

    def _best(self, pool: IntArray, count: int) -> list[int]:
        """Places in the pool of the designs that together should add most, one after the other."""
        record = self.record
        known = np.isfinite(record.values).all(axis=1)
        designs, feasible = record.genomes[known], record.feasible[known]
        values = np.stack([_compressed(column) for column in record.values[known].T], axis=1)
        models = [
            self._model(axis, designs, record.values[known, axis], _compressed) for axis in range(record.objectives)
        ]
        predicted = [model.predict(pool) for model in models]
        mean = np.stack([one for one, _ in predicted], axis=1)
        deviation = np.stack([one for _, one in predicted], axis=1)
        front, reference = values[feasible], values.max(axis=0)
        likely = np.ones(len(pool))
        if not feasible.all():
            broken = self._model(record.objectives, designs, record.violations[known], _signed).predict(pool)
            likely = ndtr(-broken[0] / broken[1])
        gains = likely * expected_improvement(boxes(front, reference), mean, deviation)
        short = np.argsort(-gains, kind="stable")[: max(SHORTLIST, count)]
        mean, likely, gains = mean[short], likely[short], gains[short]
        joints = [model.joint(pool[short]) for model in models]
        chosen: list[int] = []
        while True:
            chosen.append(int(np.argmax(gains)))
            if len(chosen) == min(count, len(short)):
                return [int(place) for place in short[chosen]]
            # As if the chosen one had turned out as predicted: what is like it becomes surer and gains less.
            front = np.concatenate([front, mean[chosen[-1:]]])
            for model, joint in zip(models, joints, strict=True):
                column = joint[:, chosen[-1]].copy()
                joint -= np.outer(column, column) / (column[chosen[-1]] + model.noise)
            deviation = np.sqrt(np.maximum(np.stack([np.diag(joint) for joint in joints], axis=1), SMALLEST))
            gains = likely * expected_improvement(boxes(front, reference), mean, deviation)
            gains[chosen] = -1.0

    def _model(
        self, which: int, designs: IntArray, told: FloatArray, seen: Callable[[FloatArray], FloatArray]
    ) -> Posterior:
        """The process of one objective, or of broken constraints, as `seen` shows it what was told.

        Tuned on the first so and so many designs and on nothing that was told later, so that a resumed search, which
        may tune at another time, tunes to the same.
        """
        rows = self._initial
        while math.ceil(rows * TUNINGS) <= min(len(designs), TUNED_ON):
            rows = math.ceil(rows * TUNINGS)
        if (which, rows) not in self._tuned:
            self._tuned[which, rows] = tuned(self._covariance, designs[:rows], seen(told[:rows]))
        return fitted(self._covariance, self._tuned[which, rows], designs, seen(told))


def house(space: SearchSpace, objectives: int, seed: int, options: Options) -> House:  # noqa: ARG001
    """The factory of strategy `house`."""
    return House(space, objectives, seed)


def _compressed(values: FloatArray) -> FloatArray:
    """(n,): see compression."""
    return Compression.of(values)(values)


def _signed(violations: FloatArray) -> FloatArray:
    """(n,): below 0 where no constraint is broken, above it the more so the further one is, logarithmically."""
    broken = violations > 0
    typical = float(np.median(violations[broken])) if broken.any() else 1.0
    signed: FloatArray = np.where(broken, np.log1p(violations / typical), -math.log(2.0))
    return signed
