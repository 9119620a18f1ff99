"""What every search strategy is: it proposes designs that it has not proposed before, and is told what they are worth.

`search_space.py` holds the space that strategies search, `registry.py` their names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from runtime.contract.arrays import FloatArray, IntArray

from .search_space import SearchSpace


class Strategy(Protocol):
    """Proposes designs and is told what they are worth; every objective is minimised.

    Deterministic: what is asked for follows from the space, the options, the seed, the rows told so far in their
    order, and what was asked for since they were told; not from how rows were split among calls of `tell`. So a search
    is resumed, bit for bit, by telling a new strategy of the same seed every row that was recorded.
    """

    def ask(self, count: int) -> IntArray:
        """(≤ count, genes): legal designs in canonical form, distinct, neither asked for nor told before.

        Fewer than `count` where a generation ends or the space does; (0, genes) only where no design is left (or the
        strategy knows all that are left to be infeasible).
        """

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """Take what designs turned out to be worth. They need not have been asked for; the first word on one holds.

        Args:
            genomes: (n, genes).
            objectives: (n, objectives), all minimised. A row with NaN: the evaluation failed, which is remembered, so
                that it is not proposed again, and otherwise not learnt from.
            violations: (n,), how far constraints are broken; 0: feasible.
        Raises:
            ShapeError: shapes that disagree.
            DataError: a design that is not of the space, a violation that is negative or no number.
        """


@dataclass(frozen=True, slots=True)
class Options:
    """What strategies can be given; each takes what it has a use for, and says what it cannot do without."""

    population: int = 50
    evaluations: int | None = None  # that are planned, where known: for schedules
    limit: float | None = None  # a hard limit for the objectives after the first, or the T of (cost / T)^w
    exponent: float = -0.07  # w of MnasNet's reward, value · (cost / T)^w
    inner: str = "regularised-evolution"  # the strategy inside one that wraps another
    known_violation: Callable[[IntArray], FloatArray] | None = None  # of designs not yet evaluated: (n, genes) -> (n,)
    score: Callable[[IntArray], FloatArray] | None = None  # cheap, larger is better: (n, genes) -> (n,)


Factory = Callable[[SearchSpace, int, int, Options], Strategy]  # (space, objectives, seed, options)


def resume(strategy: Strategy, told: Sequence[tuple[IntArray, FloatArray, FloatArray]]) -> Strategy:
    """The strategy, new and of the same seed, after it was told a record: (genomes, objectives, violations) each."""
    for genomes, objectives, violations in told:
        strategy.tell(genomes, objectives, violations)
    return strategy
