"""What one outer search knows so far: every backbone evaluated and every chain met, each of them once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from .backbone_record import BackboneRecord, Genome
from .inner_front import InnerFront
from .pricing import Pricing

Chain = tuple[BackboneRecord, ...]
ChainKey = tuple[Genome, ...]
Evaluate = Callable[[Sequence[Genome]], list[BackboneRecord]]  # in any order; what could not be evaluated is left out
Solve = Callable[[Sequence[Chain]], list["InnerFront | None"]]  # in the chains' order; None: nothing meets the limits


@dataclass(frozen=True, slots=True)
class ChainResult:
    """A chain, cheap backbone first, and its exact inner front on `select`.

    The front is None where S did not earn it one, or nothing in the grid meets the limits.
    """

    chain: Chain
    front: InnerFront | None


def chain_key(chain: Sequence[BackboneRecord]) -> ChainKey:
    """The same chain, the same key."""
    return tuple(record.genome for record in chain)


class Ledger:
    """Asks for what is not known yet, many at once, and keeps it in the order in which it was first asked for.

    So the answers may come from anywhere in any order, and a search is still the same search.
    """

    def __init__(self, evaluate: Evaluate, solve: Solve, pricing: Pricing, budget: int | None = None) -> None:
        """`budget`: backbones that may be evaluated; None: as many as are asked for."""
        self._evaluate, self._solve, self._pricing, self._budget = evaluate, solve, pricing, budget
        self.backbones: dict[Genome, BackboneRecord] = {}
        self.failed: dict[Genome, None] = {}
        self.results: dict[ChainKey, ChainResult] = {}
        self.skipped: dict[ChainKey, None] = {}  # chains that were known to add nothing, and so were not solved

    def evaluate(self, genomes: Iterable[Genome]) -> None:
        """Evaluate those that are new, the first ones where the budget ends; what is not evaluated makes no chain.

        One that fails is not asked for again.
        """
        known = self.backbones.keys() | self.failed.keys()
        new = [genome for genome in dict.fromkeys(genomes) if genome not in known][: self.left]
        if not new:
            return
        with generator_kept():
            found = {record.genome: record for record in self._evaluate(new)}
        for genome in new:
            if genome in found:
                self.backbones[genome] = found[genome]
            else:
                self.failed[genome] = None

    @property
    def left(self) -> int | None:
        """Backbones that may still be evaluated; None where there is no budget."""
        return None if self._budget is None else max(0, self._budget - len(self.backbones) - len(self.failed))

    def chain(self, genomes: Sequence[Genome]) -> Chain | None:
        """The chain of evaluated backbones, cheap one first; None where one of them is not there."""
        if any(genome not in self.backbones for genome in genomes):
            return None
        return self._pricing.ordered([self.backbones[genome] for genome in genomes])

    def meet(self, chain: Chain) -> ChainResult:
        """What is known of a chain; from now on it counts as met."""
        return self.results.setdefault(chain_key(chain), ChainResult(chain, None))

    def solve(self, chains: Iterable[Chain]) -> None:
        """Solve those that have no front yet."""
        new = {chain_key(chain): chain for chain in chains if self.meet(chain).front is None}
        if not new:
            return
        with generator_kept():
            fronts = self._solve(list(new.values()))
        for (key, chain), front in zip(new.items(), fronts, strict=True):
            self.results[key] = ChainResult(chain, front)

    @property
    def fronts(self) -> list[InnerFront]:
        """Of all chains solved so far."""
        return [result.front for result in self.results.values() if result.front is not None]


@contextmanager
def generator_kept() -> Iterator[None]:
    """pymoo draws from numpy's one global generator; whether the block draws from it too must not matter."""
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)
