"""The plainest transfer: the known board that ranks the samples most alike, its costs scaled to theirs.

What any cleverer transfer must beat. ln cost is a straight line in the known board's ln cost, fitted to the samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.conformal import Conformal, conformal
from codesign.predict.costs.design_index import DesignIndex, design_index
from codesign.predict.costs.metrics import spearman
from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Arrays
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

LINE = "line"
DESIGNS, COSTS = "source_designs", "source_costs"


@dataclass(frozen=True, slots=True)
class NearestSourceFit:
    """One known board, and the line."""

    index: DesignIndex
    log_costs: FloatArray  # (designs,), of the known board
    level: float
    slope: float
    intervals: Conformal

    def predict(self, designs: IntArray) -> Prediction:
        """Costs of designs, (n, genes). Raises DataError where the known board has not measured one."""
        places = _places(self.index, self.log_costs, designs)
        mean = np.exp(self.level + self.slope * self.log_costs[places])
        return self.intervals.prediction(mean, np.zeros(len(designs)))

    def as_arrays(self) -> Arrays:
        """The known board's whole table among them."""
        line = np.array([self.level, self.slope])
        return {LINE: line, DESIGNS: self.index.designs, COSTS: self.log_costs, **self.intervals.as_arrays()}


@dataclass(frozen=True, slots=True)
class NearestSource:
    """Chooses among known boards by rank correlation on the samples."""

    sources: FloatArray  # (boards, n); NaN: not measured
    designs: IntArray  # (n, genes)

    def fit(self, designs: IntArray, costs: FloatArray, rng: np.random.Generator) -> NearestSourceFit:  # noqa: ARG002
        """Fit on designs, (n, genes), and what each costs on the new board, (n,).

        Raises:
            DataError: no known board has measured all samples, or none of them differ.
        """
        index = design_index(self.designs)
        places = index.places(designs)
        told = self.sources[:, places]
        usable = np.flatnonzero((places >= 0).all() & ~np.isnan(told).any(axis=1))
        if not len(usable) or len(costs) < 2 or (costs == costs[0]).all():
            raise DataError(
                "no known board has measured all samples, or the samples do not differ",
                to_do="measure designs that a known board has measured, at least 2 that differ",
            )
        best = max(usable, key=lambda board: spearman(costs, told[board]))
        known, logs = np.log(told[best]), np.log(costs)
        slope, level = np.polyfit(known, logs, 1) if np.ptp(known) > 0 else (0.0, logs.mean())
        off = logs - (level + slope * known)
        return NearestSourceFit(index, np.log(self.sources[best]), float(level), float(slope), conformal(off, logs))

    def restored(self, arrays: Arrays) -> NearestSourceFit:
        """What `as_arrays` gave. Raises DataError where an array is missing or of another shape."""
        if missing := [name for name in (LINE, DESIGNS, COSTS) if name not in arrays]:
            raise DataError(f"`{missing[0]}` is missing", to_do="fit the predictor again")
        line, designs, log_costs = (arrays[name] for name in (LINE, DESIGNS, COSTS))
        if line.shape != (2,) or designs.ndim != 2 or log_costs.shape != (len(designs),):
            raise DataError(f"`{LINE}`, `{DESIGNS}` and `{COSTS}` disagree", to_do="fit the predictor again")
        return NearestSourceFit(
            design_index(designs), log_costs, float(line[0]), float(line[1]), Conformal.from_arrays(arrays)
        )


def _places(index: DesignIndex, log_costs: FloatArray, designs: IntArray) -> IntArray:
    places = index.places(designs)
    if (places < 0).any() or np.isnan(log_costs[places]).any():
        raise DataError(
            f"the known board has not measured {int((places < 0).sum()) or 'some'} of the designs",
            to_do="use a predictor that generalises, such as house",
        )
    return places
