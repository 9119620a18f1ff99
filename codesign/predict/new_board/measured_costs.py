"""What was measured on a new board: every design once, counted, and never more than the budget allows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

Measure = Callable[[int], FloatArray]  # a design's place among the candidates -> its costs, (costs,)


class MeasuredCosts:
    """A cache in front of a board; measuring a design again is free."""

    def __init__(self, measure: Measure, budget: int) -> None:
        if budget < 1:
            raise DataError(f"{budget} measurements cannot find a design", to_do="allow 1 or more")
        self._measure = measure
        self._costs: dict[int, FloatArray] = {}
        self.budget = budget

    @property
    def left(self) -> int:
        """How many more designs may be measured."""
        return self.budget - len(self._costs)

    @property
    def designs(self) -> IntArray:
        """(measured,): places of the measured designs, in the order of measuring."""
        return np.array(list(self._costs), dtype=np.int64)

    @property
    def costs(self) -> FloatArray:
        """(costs, measured), in the same order."""
        return np.array(list(self._costs.values()), dtype=np.float64).T

    def knows(self, design: int) -> bool:
        """Whether this design was measured before."""
        return design in self._costs

    def of(self, design: int) -> FloatArray:
        """(costs,): measured now, or known from before.

        Raises:
            DataError: the board answered with something that is no cost, or the budget is spent.
        """
        if design not in self._costs:
            if self.left < 1:
                raise DataError(f"all {self.budget} measurements are spent", to_do="allow more of them")
            costs = np.atleast_1d(np.asarray(self._measure(design), dtype=np.float64))
            if not ((costs > 0) & (costs < np.inf)).all():
                raise DataError(
                    f"the board answered {costs.tolist()} for candidate {design}",
                    to_do="measure finite costs above 0; leave out designs that do not run there",
                )
            self._costs[design] = costs
        return self._costs[design]
