"""What is expected of backbones that are not evaluated: enough to rank their chains, never to enter a front."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageWork
from runtime.contract.errors import EdgeCodesignError

from .backbone_record import BackboneRecord, Genome, genome_name

FEWEST_EVALUATED = 12  # assumed: with fewer an accuracy predictor says little


@dataclass(frozen=True, slots=True)
class Prospect:
    """A backbone that is not evaluated. It has no log, so it cannot be solved."""

    genome: Genome
    static: StageWork  # counted: the same as its record will have
    accuracy: float  # predicted, and optimistic: what it may well be

    @property
    def name(self) -> str:
        """See `genome_name`."""
        return genome_name(self.genome)


@dataclass(frozen=True, slots=True)
class Foresight:
    """How prospects are made. The same records and genomes must give the same, or a resumed search goes elsewhere."""

    static: Callable[[Genome], StageWork]  # the work of the network alone, without running it
    accuracies: Callable[[Sequence[BackboneRecord], Sequence[Genome]], FloatArray]  # (genomes,), learnt from records
    fewest: int = FEWEST_EVALUATED  # before anything is foreseen; the generation that reaches them is evaluated whole

    def prospects(self, evaluated: Sequence[BackboneRecord], genomes: Sequence[Genome]) -> dict[Genome, Prospect]:
        """What to expect of genomes, given what was evaluated; nothing of one whose work cannot be counted."""
        works = {genome: work for genome in genomes if (work := self._work(genome)) is not None}
        if not works:
            return {}
        accuracies = self.accuracies(evaluated, list(works))
        return {
            genome: Prospect(genome, work, float(accuracy))
            for (genome, work), accuracy in zip(works.items(), accuracies, strict=True)
        }

    def _work(self, genome: Genome) -> StageWork | None:
        try:
            return self.static(genome)
        except EdgeCodesignError:  # evaluating it will fail as well, and say why
            return None
