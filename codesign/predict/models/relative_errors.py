"""Turns a fit of costs that judges relative errors into plain least squares without a constant.

Relative, since a cost model is judged so, and since what makes a network slow makes its measurement noisy. With rows
divided by their cost, inputs · weights + constant = cost becomes rows · weights + constant / cost = 1; and taking apart
what 1 / cost explains leaves a problem in which the constant goes unpunished. Inputs are standardised, and one that
never differs is left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray

SAME = 1e-9  # relative to the mean; less is rounding
LEAST = 0.2  # of the median cost


def importance(costs: FloatArray) -> FloatArray:
    """(n,): one over the cost, but not over less than a fifth of the median.

    A run that failed may seem to cost a thousandth of its like, and would outweigh all the others.
    """
    weights: FloatArray = 1.0 / np.maximum(costs, LEAST * np.median(costs))
    return weights


@dataclass(frozen=True, slots=True)
class RelativeErrors:
    """The problem: find weights for which rows · weights is close to the target."""

    rows: FloatArray  # (n, columns that differ)
    target: FloatArray  # (n,)
    inputs: FloatArray  # (n, columns)
    costs: FloatArray  # (n,)
    differs: BoolArray  # (columns,)
    spread: FloatArray  # (columns that differ,)

    @classmethod
    def of(cls, inputs: FloatArray, costs: FloatArray) -> RelativeErrors:
        """The problem of inputs, (n, columns), and costs, (n,)."""
        weights = importance(costs)
        centre, spread = inputs.mean(axis=0), inputs.std(axis=0)
        differs = spread > SAME * np.abs(centre)
        rows = (inputs[:, differs] - centre[differs]) / spread[differs] * weights[:, None]
        constant, target = weights / np.linalg.norm(weights), weights * costs
        return cls(
            rows=rows - np.outer(constant, constant @ rows),
            target=target - constant * (constant @ target),
            inputs=inputs,
            costs=costs,
            differs=differs,
            spread=spread[differs],
        )

    def line(self, solution: FloatArray) -> FloatArray:
        """(1 + columns, solutions): the best constant and the weights of raw inputs for solutions, one a column."""
        weights = np.zeros((self.inputs.shape[1], solution.shape[1]))
        weights[self.differs] = solution / self.spread[:, None]
        squares = importance(self.costs) ** 2
        constant = squares @ (self.costs[:, None] - self.inputs @ weights) / squares.sum()
        return np.vstack([constant, weights])
