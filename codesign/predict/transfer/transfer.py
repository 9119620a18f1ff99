"""Transfer: costs on a new board from few samples, where other boards have measured designs of the same space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.conformal import Conformal, conformal
from codesign.predict.costs.distinct import distinct
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays
from codesign.predict.costs.training_range import TrainingRange
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .basis import CONSTANT, Basis
from .groups import constant_loading, hypotheses
from .known_boards import KnownBoards, known_boards
from .linear_posterior import LinearPosterior
from .log_costs import within_reach
from .robust_blend import robust_blend

SAMPLES_TO_KEEP = 1000
DESIGNS_AT_A_TIME = 4096  # bounds the memory
FURTHEST = 20.0  # in ln cost, from the samples' level: what lies far outside all that was measured gets a finite cost


@dataclass(frozen=True, slots=True)
class TransferFit:
    """Fitted on a new board."""

    basis: Basis
    posterior: LinearPosterior  # of ln cost
    intervals: Conformal
    seen: TrainingRange  # on the new board or on known ones

    def predict(self, designs: IntArray) -> Prediction:
        """Costs of designs, (n, genes)."""
        once, places = distinct(designs)
        parts = [
            self.posterior.at(self.basis.features(block))
            for block in np.array_split(once, range(DESIGNS_AT_A_TIME, len(once), DESIGNS_AT_A_TIME))
        ]
        log_cost, deviation = (np.concatenate(part)[places] for part in zip(*parts, strict=True))
        level = (self.posterior.weights @ self.posterior.odds)[self.basis.parts[CONSTANT]]
        mean = np.exp(np.clip(log_cost, level - FURTHEST, level + FURTHEST))
        return self.intervals.prediction(mean, self.seen.beyond(once)[places], deviation)

    def as_arrays(self) -> Arrays:
        """All of it; known boards' tables are not needed again."""
        parts = (self.basis, self.posterior, self.intervals, self.seen)
        arrays: dict[str, npt.NDArray[Any]] = {}
        for part in parts:
            arrays |= part.as_arrays()
        return arrays


@dataclass(frozen=True, slots=True)
class Transfer:
    """Fits are on samples of the new board alone; what known boards say was fitted before, by `transfer`."""

    boards: KnownBoards

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> TransferFit:
        """Fit on designs, (n, genes), and what each costs on the new board, (n,).

        Raises:
            ShapeError: designs have other genes.
            DataError: costs of another number, one that is not finite and above 0, or none that differ.
        """
        self.boards.basis.genes.check(designs)
        _check(designs, costs)
        seen = TrainingRange.of(self.boards.basis.genes, np.concatenate([self.boards.designs, designs]))
        if len(costs) > SAMPLES_TO_KEEP:
            kept = rng.choice(len(costs), SAMPLES_TO_KEEP, replace=False)
            designs, costs = designs[kept], costs[kept]
        basis = self.boards.basis
        logs = np.log(costs)
        drawn_in = within_reach(logs)
        level, spread = float(drawn_in.mean()), float(drawn_in.std())
        found = robust_blend(basis, hypotheses(self.boards), basis.features(designs), (drawn_in - level) / spread, rng)
        return TransferFit(
            basis,
            found.posterior.in_units(spread, level * constant_loading(basis)),
            conformal(logs - drawn_in + spread * found.left_out, logs, spread * found.left_out_deviation),
            seen,
        )

    def restored(self, arrays: Arrays) -> TransferFit:
        """What `as_arrays` gave; only the genes must be the same, not the known boards."""
        genes = self.boards.basis.genes
        basis = Basis.from_arrays(genes, arrays)
        return TransferFit(
            basis,
            LinearPosterior.from_arrays(arrays, len(basis.scale)),
            Conformal.from_arrays(arrays),
            TrainingRange.from_arrays(genes, arrays),
        )


def transfer(genes: Genes, sources: FloatArray | None = None, designs: IntArray | None = None) -> Transfer:
    """The predictor for new boards of a space.

    Args:
        genes: of the space, with the values they can take.
        sources: (boards, n), what known boards measured, in any unit above 0; NaN where they did not. None: no board is
            known, and only the encodings speak.
        designs: (n, genes).
    Raises:
        ShapeError, DataError: see `known_boards`.
    """
    return Transfer(known_boards(genes, sources, designs))


def _check(designs: IntArray, costs: FloatArray) -> None:
    if costs.shape != (len(designs),):
        raise DataError(f"{len(designs)} designs, but costs {costs.shape}", to_do="give one cost for each design")
    if not (np.isfinite(costs) & (costs > 0)).all():
        raise DataError("a cost is not finite or not above 0", to_do="leave out designs that were not measured")
    if len(costs) < 2 or (costs == costs[0]).all():
        raise DataError(
            f"{len(costs)} samples, of which none differ in cost, say nothing of other designs",
            to_do="measure at least 2 designs that differ",
        )
