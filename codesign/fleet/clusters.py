"""A ratio of sums and how sure it is, where what is summed comes in clusters that are alike within themselves.

Images of half an hour are of one scene, and a board's images are of one place; a test that took them for independent
would call any difference significant. The variance of sum(found) / sum(total) is therefore taken between clusters
(linearised, as for ratio estimates in cluster sampling: Cochran, Sampling Techniques, 3rd edition, section 9A.2), and
its quantiles from Student's t with one degree of freedom less than there are clusters (more, after Satterthwaite, where
part of the variance is that of what was expected, which thousands of images tell).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from scipy.special import stdtr


@dataclass(frozen=True, slots=True)
class Clusters:
    """Sums over clusters of found and total, of their squares and of their product."""

    count: int
    found: float
    total: float
    found2: float
    cross: float
    total2: float

    @property
    def ratio(self) -> float:
        """NaN where there is nothing in total."""
        return self.found / self.total if self.total else math.nan

    @property
    def variance(self) -> float:
        """Of the ratio; infinite with fewer than two clusters."""
        if self.count < 2 or not self.total:
            return math.inf
        ratio = self.ratio
        squares = max(self.found2 - 2.0 * ratio * self.cross + ratio**2 * self.total2, 0.0)
        return squares / self.total**2 * self.count / (self.count - 1)

    def p_value(self, expected: float, tolerance: float, expected_variance: float = 0.0) -> float:
        """How surprising the ratio were if the true one lay within `tolerance` of the expected; two-sided.

        Args:
            expected_variance: of the expected ratio, where that is an estimate itself.
        """
        beyond = abs(self.ratio - expected) - tolerance
        variance = self.variance
        spread = math.sqrt(variance + expected_variance)
        if not beyond > 0 or not math.isfinite(spread):
            return 1.0
        if spread == 0.0:  # every cluster the same to the last digit
            return 0.0
        freedom = (self.count - 1) * ((variance + expected_variance) / variance) ** 2 if variance else math.inf
        return min(1.0, 2.0 * float(stdtr(min(freedom, 1e9), -beyond / spread)))


def each_a_cluster(members: Iterable[Clusters]) -> Clusters:
    """Boards as clusters: what each adds up to."""
    listed = [(each.found, each.total) for each in members]
    return Clusters(
        len(listed),
        sum(found for found, _ in listed),
        sum(total for _, total in listed),
        sum(found**2 for found, _ in listed),
        sum(found * total for found, total in listed),
        sum(total**2 for _, total in listed),
    )


def rejected(p_values: list[float], rate: float) -> list[bool]:
    """Which are too surprising, so that with probability 1 - rate none is called so wrongly (Holm's step-down)."""
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    found = [False] * len(p_values)
    for done, index in enumerate(order):
        if p_values[index] > rate / (len(p_values) - done):
            break
        found[index] = True
    return found
