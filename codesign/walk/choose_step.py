"""From the archive to finalists, and from the finalists' fronts to the three modes of a bundle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from codesign.policy.requirement import Requirement
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign, Pick, by_energy, full_network, meeting, static_by_energy
from codesign.search.ledger import ChainResult
from runtime.contract.arrays import BoolArray

from .certify_step import CERTIFIED_MODE, CertifiedMode

DEFAULT_MODE = "balanced"
# Accuracy that heads of its own may add to a design of shared ones. On CIFAR-100 single exits gained 2 to 6 points.
HEADS_MAY_GAIN = 0.02
# What each mode may lose against the full network, as a multiple of --max-accuracy-loss, and by how many standard
# errors it must stay clear of that, since thresholds and designs are tuned on the same images. No more may be expected
# to be lost either: without that, digits (269 images choose) lost more than the allowed point on half of 20 resplits
# (tests/bench/bench_resplits.py), with it on a tenth, for 5 points of saving. Only `certified` promises anything.
MODE_LOSSES = {"accurate": (0.0, 0.0), DEFAULT_MODE: (1.0, 2.0), "frugal": (3.0, 2.0)}


@dataclass(frozen=True, slots=True)
class Modes:
    """The chosen designs; each no dearer than the one before it, but for stand-ins."""

    accurate: ChosenDesign
    balanced: ChosenDesign
    frugal: ChosenDesign
    missed: tuple[str, ...] = ()  # modes that nothing within the limits meets: the most accurate design stands in
    certified: CertifiedMode | None = None
    remarks: tuple[str, ...] = ()  # what else a person must be told

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person must be told about the choice."""
        stand_ins = tuple(
            f"Mode {name}: no design within the limits is as accurate as asked; the most accurate one stands in."
            for name in self.missed
        )
        return (*stand_ins, *self.remarks)

    def items(self) -> tuple[tuple[str, ChosenDesign], ...]:
        """In the order of MODE_LOSSES, then the certified one, where there is one."""
        tuned = (("accurate", self.accurate), (DEFAULT_MODE, self.balanced), ("frugal", self.frugal))
        return tuned if self.certified is None else (*tuned, (CERTIFIED_MODE, self.certified.chosen))


def requirement(reference_right: BoolArray, max_accuracy_loss: float, mode: str) -> Requirement:
    """What a mode asks of a design."""
    multiple, errors = MODE_LOSSES[mode]
    allowed = multiple * max_accuracy_loss
    return Requirement(reference_right, allowed, errors, max_expected_loss=allowed if errors > 0.0 else None)


def laxer_modes(mode: str) -> list[str]:
    """A mode and every one that allows a greater loss."""
    modes = list(MODE_LOSSES)
    return modes[modes.index(mode) :]


def designs_for(
    mode: str, results: Sequence[ChainResult], solver: ChainSolver, reference_right: BoolArray, max_accuracy_loss: float
) -> Iterator[ChosenDesign]:
    """Designs that keep to what a mode asks and to what every laxer mode asks, cheapest first.

    The laxer modes too, since `accurate` asks for no margin: it would take a luckier design than `balanced` may.
    """
    wanted = [requirement(reference_right, max_accuracy_loss, name) for name in laxer_modes(mode)]
    return meeting(results, solver, wanted)


def sequential_start(
    records: Sequence[BackboneRecord], solver: ChainSolver, reference_right: BoolArray, max_accuracy_loss: float
) -> tuple[Genome, ...]:
    """The backbone that choosing the network first, exits and clocks after, would start from, if one is accurate."""
    wanted = requirement(reference_right, max_accuracy_loss, DEFAULT_MODE)
    return tuple(record.genome for record in static_by_energy(records, solver, wanted)[:1])


def pick_finalists(
    records: Sequence[BackboneRecord],
    results: Sequence[ChainResult],
    solver: ChainSolver,
    max_accuracy_loss: float,
    count: int,
) -> list[Genome]:
    """Backbones worth heads of their own.

    For certain: the full network, the best static network (what `sequential` starts from), and those of each mode's
    cheapest design (or of the most accurate one there is), alone and as a chain. Then, up to `count`, those of the next
    cheapest balanced designs, and of the cheapest that would be balanced if heads of their own made them as much more
    accurate as they may: a chain is promoted with all its backbones.
    """
    full = full_network(records)
    reference = full.log.correct[-1]
    balanced = requirement(reference, max_accuracy_loss, DEFAULT_MODE)
    chosen: dict[Genome, None] = {full.genome: None}
    chosen |= dict.fromkeys(sequential_start(records, solver, reference, max_accuracy_loss))
    alone = [result for result in results if len(result.chain) == 1]
    for mode in MODE_LOSSES:
        for pool in (results, alone):
            found = list(islice(designs_for(mode, pool, solver, reference, max_accuracy_loss), 1))
            chosen |= _genomes(found or most_accurate(pool, solver))
    certain = len(chosen)
    hoped = replace(balanced, max_loss=balanced.max_loss + HEADS_MAY_GAIN, standard_errors=0.0, max_expected_loss=None)
    for design in chain(by_energy(results, solver, balanced), by_energy(results, solver, hoped)):
        if len(chosen) >= max(count, certain):
            break
        chosen |= _genomes([design])
    return list(chosen)


def pick_modes(
    results: Sequence[ChainResult], solver: ChainSolver, pick: Pick, reference: BoolArray, max_accuracy_loss: float
) -> Modes:
    """The cheapest design for each mode; where nothing meets one, the most accurate design there is, and a note.

    Args:
        pick: finds the cheapest design that meets requirements, polished or as the solver left it.
        reference: (samples,), what the full network gets right on `select`.
    """
    found = {
        mode: pick(results, [requirement(reference, max_accuracy_loss, name) for name in laxer_modes(mode)])
        for mode in MODE_LOSSES
    }
    picked = {mode: design or most_accurate(results, solver)[0] for mode, design in found.items()}
    accurate, balanced, frugal = (picked[mode] for mode in MODE_LOSSES)
    return Modes(accurate, balanced, frugal, missed=tuple(mode for mode, design in found.items() if design is None))


def most_accurate(results: Sequence[ChainResult], solver: ChainSolver) -> tuple[ChosenDesign, ...]:
    """The most accurate design on `select`, the cheapest of equals; none where nothing keeps to the limits."""
    accuracies = [float(result.front.accuracy.max()) for result in results if result.front is not None]
    if not accuracies:
        return ()
    anything = Requirement(results[0].chain[-1].log.correct[-1], 1.0, 0.0)
    pool = by_energy(results, solver, anything)
    return (next(design for design in pool if design.design.accuracy >= max(accuracies) - 1e-12),)


def _genomes(designs: Iterable[ChosenDesign]) -> dict[Genome, None]:
    return {record.genome: None for design in designs for record in design.chain}
