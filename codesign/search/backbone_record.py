"""What the search knows of one backbone: its genes, its work, and what its exits answered on `select`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from codesign.policy.exit_log import ExitLog
from runtime.contract.cost import StageWork

from .chain_works import BackboneWorks
from .footprint import Footprint

Genome = tuple[int, ...]


def genome_name(genome: Genome) -> str:
    """A short stable name for files and tables."""
    return "b" + hashlib.sha256(",".join(map(str, genome)).encode()).hexdigest()[:10]


@dataclass(frozen=True, slots=True)
class BackboneRecord:
    """One evaluated backbone. `works` has its exits; `static` is the network alone, as one stage without a head."""

    genome: Genome
    works: BackboneWorks
    static: StageWork
    log: ExitLog  # on `select`: every exit, then the end
    footprint: Footprint | None = None  # None: not counted, as by versions before this was known

    @property
    def name(self) -> str:
        """See `genome_name`."""
        return genome_name(self.genome)

    @property
    def accuracy(self) -> float:
        """Of the static network, on `select`."""
        return float(self.log.correct[-1].mean())
