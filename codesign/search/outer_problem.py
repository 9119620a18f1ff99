"""What an outer search is given and what it tells: the same for every way of searching, so they can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.errors import InfeasibleError

from .backbone_record import BackboneRecord, Genome
from .foresight import Foresight
from .inner_front import InnerFront
from .ledger import Chain, Evaluate, Ledger, Solve
from .pareto import hypervolume
from .pricing import Pricing

# Of a chain, the least energies known and the fewest right answers that matter; see `chain_bound.adds_nothing`.
AddsNothing = Callable[[Chain, FloatArray, int], bool]


@dataclass(frozen=True, slots=True)
class GenerationSummary:
    """Progress of a search, for people and for the report."""

    generation: int
    backbones: int  # evaluated so far
    chains: int  # with a front so far
    hypervolume: float  # of all fronts together, as a share of the window that fronts are judged in
    failed: int = 0  # backbones that could not be evaluated
    skipped: int = 0  # chains that a bound showed to add nothing, and so were not solved


@dataclass(frozen=True, slots=True)
class OuterProblem:
    """What is searched, and how it is judged.

    `evaluate` and `solve` take many at once, and may answer from a cache, or from elsewhere: nothing else changes.
    """

    gene_choices: tuple[tuple[int, ...], ...]  # per gene of one backbone the values that may be chosen, rising
    evaluate: Evaluate
    solve: Solve
    pricing: Pricing
    accuracy_window: float  # fronts are judged this far below the largest backbone's accuracy
    reference_energy_j: Callable[[BackboneRecord], float]  # and up to this, of the largest, in the fronts' own energy
    foresight: Foresight | None = None  # None: every backbone met is evaluated
    adds_nothing: AddsNothing | None = None  # None: every chain that S selects is solved

    @property
    def gene_sizes(self) -> tuple[int, ...]:
        """How many choices each gene of one backbone has."""
        return tuple(map(len, self.gene_choices))

    def genome(self, places: Iterable[int]) -> Genome:
        """The backbone with the values at these places of each gene's choices."""
        return tuple(choices[place] for choices, place in zip(self.gene_choices, map(int, places), strict=True))

    @property
    def largest(self) -> Genome:
        """The backbone that all others are judged against."""
        return tuple(choices[-1] for choices in self.gene_choices)

    first: Sequence[Sequence[Genome]] = ()  # chains to start from, in the order of the front they made elsewhere


def front_points(front: InnerFront) -> FloatArray:
    """(designs, 2): error and energy [J], both to be small."""
    return np.stack([1.0 - front.accuracy, front.energy_j], axis=1)


def reference_of(problem: OuterProblem, ledger: Ledger) -> FloatArray:
    """(2,): the error and energy [J] up to which fronts are judged; evaluates the largest backbone for it.

    Raises:
        InfeasibleError: the largest backbone could not be evaluated.
    """
    largest = problem.largest
    ledger.evaluate([largest])
    if largest not in ledger.backbones:
        raise InfeasibleError(
            "the largest backbone of the space could not be evaluated; all others are judged against it",
            to_do="see why it failed, or narrow the space",
        )
    record = ledger.backbones[largest]
    return np.asarray([1.0 - record.accuracy + problem.accuracy_window, problem.reference_energy_j(record)])


def summary(generation: int, ledger: Ledger, reference: FloatArray) -> GenerationSummary:
    """Where a search stands."""
    fronts: Sequence[InnerFront] = ledger.fronts
    volume = hypervolume(np.concatenate([front_points(f) for f in fronts]), reference) if fronts else 0.0
    share = volume / float(np.prod(reference))
    return GenerationSummary(
        generation, len(ledger.backbones), len(fronts), share, failed=len(ledger.failed), skipped=len(ledger.skipped)
    )
