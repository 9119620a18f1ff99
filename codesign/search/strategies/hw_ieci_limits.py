"""Budgets of power, memory and other costs that a model tells before a design is evaluated.

The models of HyperPower (Stamoulis et al., DATE 2018, arXiv:1712.02446; equations 3 and 4 in the survey
arXiv:1809.05476) are linear, fitted to designs profiled beforehand; any other callable will do.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, InfeasibleError, ShapeError

from .gradient_surrogate import one_hot


@dataclass(frozen=True, slots=True)
class LinearCost:
    """A cost that is a sum over genes."""

    by_value: FloatArray  # (values of all genes,)
    gene_sizes: tuple[int, ...]

    @classmethod
    def fitted(cls, designs: IntArray, costs: FloatArray, gene_sizes: tuple[int, ...]) -> LinearCost:
        """By least squares; values that no design has cost nothing, so profile some of each.

        Args:
            designs: (n, genes), profiled.
            costs: (n,).
        Raises:
            ShapeError: not one cost per design.
        """
        if costs.shape != (len(designs),) or not len(designs):
            raise ShapeError(f"{len(designs)} designs need as many costs, got {costs.shape}", to_do="profile each once")
        return cls(np.linalg.lstsq(one_hot(designs, gene_sizes), costs, rcond=None)[0], gene_sizes)

    def __call__(self, designs: IntArray) -> FloatArray:
        """(n,): predicted costs of designs (n, genes)."""
        found: FloatArray = one_hot(designs, self.gene_sizes) @ self.by_value
        return found


@dataclass(frozen=True, slots=True)
class KnownLimit:
    """A cost that is predicted without evaluating the design, and the most it may be."""

    name: str  # "power"
    unit: str  # "W"
    most: float  # > 0
    predict: Callable[[IntArray], FloatArray]  # (n, genes) -> (n,)


@dataclass(frozen=True, slots=True)
class KnownLimits:
    """Some such limits; called, it is `Options.known_violation`."""

    limits: tuple[KnownLimit, ...]

    def __post_init__(self) -> None:
        """Raises ConfigError: no limit, or one that is not positive."""
        if not self.limits:
            raise ConfigError("no limit is given", to_do="give a budget of power or memory, with its model")
        for limit in self.limits:
            if not limit.most > 0:
                raise ConfigError(f"the budget of {limit.name} is {limit.most} {limit.unit}", to_do="give more than 0")

    def __call__(self, designs: IntArray) -> FloatArray:
        """(n,): sum over limits of how far a prediction is over budget, relative to the budget; 0: within all."""
        summed: FloatArray = self.overruns(designs).sum(axis=1)
        return summed

    def overruns(self, designs: IntArray) -> FloatArray:
        """(n, limits): prediction / budget − 1 where that is positive; infinite where a model says NaN."""
        columns = [limit.predict(designs) / limit.most - 1.0 for limit in self.limits]
        found: FloatArray = np.nan_to_num(np.maximum(np.stack(columns, axis=1), 0.0), nan=np.inf)
        return found

    def refusal(self, designs: IntArray, *, every: bool) -> InfeasibleError:
        """The error that says which limit none, or fewest, of some designs meet, and how near they come.

        Args:
            every: `designs` are all there are, not a draw.
        """
        overruns = self.overruns(designs)
        nearest_by_limit = overruns.min(axis=0)
        nearest = int(overruns.sum(axis=1).argmin())
        alone = bool(nearest_by_limit.max() > 0)  # one limit cannot be met, whatever the others ask for
        at = int((nearest_by_limit if alone else overruns[nearest]).argmax())
        limit = self.limits[at]
        closest = designs[[int(overruns[:, at].argmin()) if alone else nearest]]
        predicted = float(limit.predict(closest)[0])
        looked = f"none of the space's {len(designs):,}" if every else f"none of {len(designs):,} looked at"
        return InfeasibleError(
            f"no design is predicted within budget ({looked}); the tightest constraint is {limit.name}: "
            f"the nearest design needs {predicted:.4g} {limit.unit} of {limit.most:.4g} {limit.unit}",
            to_do=f"allow {predicted:.4g} {limit.unit} of {limit.name}"
            + ("" if alone else ", or more of the others")
            + ", or add cheaper choices to the space",
        )
