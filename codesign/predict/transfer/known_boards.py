"""What boards that are known say of any design of the space: a ridge regression of ln cost for each.

Tables of other boards are noisy too (phones count whole milliseconds), and a new design is in none of them. The
regression takes away both worries: a board's opinion is its fit, at designs that it measured as at others.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError

from .basis import Basis, drawn_from_space
from .log_costs import within_reach

FEWEST = 20  # costs; a board with fewer says nothing, and is left out
PENALTIES = np.logspace(-1, 5, 13)
NO_SIGNAL = 1e-6  # standard deviations of ln cost


@dataclass(frozen=True, slots=True)
class KnownBoards:
    """Linear in the features of the basis; every column's ln cost has mean 0 and spread 1 over the known designs."""

    basis: Basis
    designs: IntArray  # (n, genes), that known boards measured
    alone: FloatArray  # (columns, boards)
    mean: FloatArray  # (columns, 1), over boards; (columns, 0) where there are none
    differences: (
        FloatArray  # (columns, boards), from the mean; with mean square 1 in all; (columns, 0) under two boards
    )


def known_boards(genes: Genes, sources: FloatArray | None = None, designs: IntArray | None = None) -> KnownBoards:
    """Fit every known board.

    Args:
        genes: of the space, with the values they can take.
        sources: (boards, n), costs above 0, NaN where not measured; boards with too few are left out.
        designs: (n, genes), what was measured.
    Raises:
        ShapeError: sources without designs, or of another number.
        DataError: a cost that is zero, negative or infinite.
    """
    if sources is None or designs is None or not len(sources):
        basis = Basis.of(genes, drawn_from_space(genes))
        nothing = np.zeros((len(basis.scale), 0))
        return KnownBoards(basis, np.zeros((0, len(genes.names)), dtype=np.int64), nothing, nothing, nothing)
    if sources.ndim != 2 or len(designs) != sources.shape[1]:
        raise ShapeError(f"costs of known boards must be (boards, {len(designs)}), one per design; got {sources.shape}")
    if ((sources <= 0) | np.isinf(sources)).any():
        raise DataError("a cost of a known board is not above 0", to_do="write NaN where nothing was measured")
    basis = Basis.of(genes, designs)
    features = basis.features(designs)
    opinions = _opinions(features, sources)  # the constant has no part in them, and features are 0 on average
    spread = (features @ opinions).std(axis=0)
    alone = opinions[:, spread > NO_SIGNAL] / spread[spread > NO_SIGNAL]
    return _summed_up(basis, designs, features, alone)


def _opinions(features: FloatArray, sources: FloatArray) -> FloatArray:
    """(columns, boards with enough costs): ln cost but for a constant, each board on the designs that it measured."""
    measured = ~np.isnan(sources)
    found: list[FloatArray] = [np.zeros((features.shape[1], 0))]
    for pattern in np.unique(measured, axis=0):
        boards = (measured == pattern).all(axis=1)
        if pattern.sum() >= FEWEST:
            log_costs = np.stack([within_reach(np.log(costs[pattern])) for costs in sources[boards]], axis=1)
            found.append(_ridge(features[pattern], log_costs))
    return np.concatenate(found, axis=1)


def _ridge(features: FloatArray, targets: FloatArray) -> FloatArray:
    """(columns, targets): the penalty of each by generalised cross-validation (Golub, Heath & Wahba 1979)."""
    centred, wanted = features - features.mean(axis=0), targets - targets.mean(axis=0)
    values, vectors = _directions(centred)
    along = vectors.T @ (centred.T @ wanted)
    weights = np.empty((features.shape[1], targets.shape[1]))
    for at in range(targets.shape[1]):
        shrunk = along[:, at, None] / (values[:, None] + PENALTIES)  # (directions, penalties)
        left = (wanted[:, at] ** 2).sum() - 2 * along[:, at] @ shrunk + values @ shrunk**2
        spent = (values[:, None] / (values[:, None] + PENALTIES)).sum(axis=0) + 1
        error = left / np.maximum(1.0 - spent / len(features), 1e-3) ** 2
        weights[:, at] = vectors @ shrunk[:, int(np.argmin(error))]
    return weights


def _directions(centred: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Squared lengths along, (directions,), and directions, (columns, directions), by the smaller of two matrices."""
    if centred.shape[1] > centred.shape[0]:
        _, lengths, directions = np.linalg.svd(centred, full_matrices=False)
        return lengths**2, directions.T
    values, vectors = np.linalg.eigh(centred.T @ centred)
    return np.maximum(values, 0.0), vectors


def _summed_up(basis: Basis, designs: IntArray, features: FloatArray, alone: FloatArray) -> KnownBoards:
    if not alone.shape[1]:
        return KnownBoards(basis, designs, alone, alone, alone)
    mean = alone.mean(axis=1, keepdims=True)
    differences = alone - mean
    apart = float(np.sqrt(((features @ differences) ** 2).sum(axis=1).mean()))
    agreed = float((features @ mean).std())
    return KnownBoards(
        basis,
        designs,
        alone,
        mean / agreed if agreed > NO_SIGNAL else mean,
        differences / apart if apart > NO_SIGNAL else differences[:, :0],
    )
