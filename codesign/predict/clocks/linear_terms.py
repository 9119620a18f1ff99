"""Sums of non-negative terms, fitted so that relative errors are least."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from codesign.predict.clocks.clock_cells import Columns, cells_in
from runtime.contract.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Term:
    """A function of one column, with a name for people; `column` None is the constant."""

    name: str
    column: str | None
    of: Callable[[FloatArray], FloatArray]


@dataclass(frozen=True, slots=True)
class TermSum:
    """A fitted sum."""

    terms: tuple[Term, ...]
    weights: FloatArray  # (terms,), not negative
    simplified: str | None

    def predict(self, columns: Columns) -> FloatArray:
        """(cells,)."""
        predicted: FloatArray = matrix(self.terms, columns) @ self.weights
        return predicted


CONSTANT = Term("the constant", None, np.ones_like)


def matrix(terms: Sequence[Term], columns: Columns) -> FloatArray:
    """(cells, terms)."""
    ones = np.ones(cells_in(columns))
    return np.stack([term.of(ones if term.column is None else columns[term.column]) for term in terms], axis=1)


def fit_terms(terms: Sequence[Term], columns: Columns, values: FloatArray) -> TermSum:
    """Least squares of relative errors; of more terms than cells, the last are left out, and the fit says so."""
    kept = tuple(terms[: len(values)])
    left_out = [term.name for term in terms[len(values) :]]
    note = f"{len(values)} cells for {len(terms)} terms: without {', '.join(left_out)}" if left_out else None
    relative = matrix(kept, columns) / values[:, None]
    size = relative.max(axis=0)  # clocks are of order 1e9, their inverses of 1e-9: bring every term to order 1
    weights, _ = nnls(relative / size, np.ones(len(values)))
    return TermSum(kept, weights / size, note)
