"""From the archive to finalists, and from the finalists' fronts to the three modes of a bundle."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from codesign.policy.requirement import Requirement
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign, by_energy, full_network, static_by_energy
from codesign.search.outer import ChainResult
from runtime.contract.arrays import BoolArray

DEFAULT_MODE = "balanced"
# What each mode may lose against the full network, as a multiple of --max-accuracy-loss, and how sure it must be.
MODE_LOSSES = {"accurate": (0.0, 0.0), DEFAULT_MODE: (1.0, 1.0), "frugal": (3.0, 1.0)}


@dataclass(frozen=True, slots=True)
class Modes:
    """The chosen designs; each no dearer than the one before it."""

    accurate: ChosenDesign
    balanced: ChosenDesign
    frugal: ChosenDesign

    def items(self) -> tuple[tuple[str, ChosenDesign], ...]:
        """In the order of MODE_LOSSES."""
        return ("accurate", self.accurate), (DEFAULT_MODE, self.balanced), ("frugal", self.frugal)


def requirement(reference_right: BoolArray, max_accuracy_loss: float, mode: str) -> Requirement:
    """What a mode asks of a design."""
    multiple, errors = MODE_LOSSES[mode]
    return Requirement(reference_right, multiple * max_accuracy_loss, errors)


def pick_finalists(
    records: Sequence[BackboneRecord],
    results: Sequence[ChainResult],
    solver: ChainSolver,
    max_accuracy_loss: float,
    count: int,
) -> list[Genome]:
    """Backbones worth heads of their own.

    For certain: the full network, the best static network (what `sequential` starts from), and those of each mode's
    cheapest design, alone and as a chain. Then those of the next cheapest balanced designs, up to `count`.
    """
    full = full_network(records)
    reference = full.log.correct[-1]
    balanced = requirement(reference, max_accuracy_loss, DEFAULT_MODE)
    chosen: dict[Genome, None] = {full.genome: None}
    chosen |= dict.fromkeys(record.genome for record in static_by_energy(records, solver, balanced)[:1])
    alone = [result for result in results if len(result.chain) == 1]
    for mode in MODE_LOSSES:
        wanted = requirement(reference, max_accuracy_loss, mode)
        for pool in (results, alone):
            chosen |= _genomes(islice(by_energy(pool, solver, wanted), 1))
    certain = len(chosen)
    for design in by_energy(results, solver, balanced):
        if len(chosen) >= max(count, certain):
            break
        chosen |= _genomes([design])
    return list(chosen)


def pick_modes(
    results: Sequence[ChainResult], solver: ChainSolver, reference: BoolArray, max_accuracy_loss: float
) -> Modes:
    """The cheapest design for each mode. A mode that nothing meets falls back to the most accurate design there is."""
    picked: dict[str, ChosenDesign] = {}
    for mode in MODE_LOSSES:
        wanted = requirement(reference, max_accuracy_loss, mode)
        picked[mode] = next(by_energy(results, solver, wanted), None) or most_accurate(results, solver)
    return Modes(**picked)


def most_accurate(results: Sequence[ChainResult], solver: ChainSolver) -> ChosenDesign:
    """The most accurate design on `select`; the cheapest of equals."""
    best = max(float(result.front.accuracy.max()) for result in results if result.front is not None)
    anything = Requirement(results[0].chain[-1].log.correct[-1], 1.0, 0.0)
    pool = by_energy(results, solver, anything)
    return next(design for design in pool if design.design.accuracy >= best - 1e-12)


def _genomes(designs: Iterable[ChosenDesign]) -> dict[Genome, None]:
    return {record.genome: None for design in designs for record in design.used}
