"""The parts of a walk that may run anywhere: evaluating backbones, solving chains, training heads.

Each task takes what all share (the evaluator: supernet, heads and images; or the solver) and one item, and touches no
file. What comes back is written to the run folder as soon as it is here, so an interruption loses only what was under
way; what the folder holds already is read from there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from codesign.backbones.checkpoint import save_weights
from codesign.backbones.threads import torch_threads
from codesign.exits.head_training import train_own_heads
from codesign.scale.workplace import Workplace
from codesign.search.backbone_record import BackboneRecord, Genome, genome_name
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_front import InnerFront
from codesign.search.ledger import Chain
from codesign.space.preset import TrainingRecipe
from runtime.contract.errors import EdgeCodesignError

from .evaluate import Evaluator
from .progress import Tick, unheard_tick
from .record_file import read_front, read_record, write_front, write_record
from .run_folder import RunFolder


@dataclass(frozen=True, slots=True)
class Failed:
    """A backbone that could not be evaluated."""

    genome: Genome
    reason: str


def evaluate_all(
    evaluator: Evaluator, genomes: Sequence[Genome], workplace: Workplace, note: Callable[[Genome], None]
) -> list[BackboneRecord | Failed]:
    """What became of every genome, in their order. Raises StorageError where a saved record is damaged.

    Args:
        note: told of each genome once it is known.
    """
    found: dict[Genome, BackboneRecord | Failed] = {}

    def path(genome: Genome) -> Path:
        return evaluator.folder.backbones / f"{genome_name(genome)}.npz"

    for genome in genomes:
        if path(genome).is_file():
            found[genome] = read_record(path(genome))
            note(genome)
    missing = [genome for genome in dict.fromkeys(genomes) if genome not in found]

    def heard(number: int, result: BackboneRecord | Failed) -> None:
        genome = missing[number]
        found[genome] = result
        if isinstance(result, BackboneRecord):
            write_record(path(genome), result)
        note(genome)

    workplace.run(evaluated, evaluator, missing, heard)
    return [found[genome] for genome in genomes]


def evaluated(evaluator: Evaluator, genome: Genome) -> BackboneRecord | Failed:
    """One backbone evaluated, or why it cannot be: one failure must not end a search."""
    try:
        return evaluator.fresh(genome)
    except EdgeCodesignError as error:
        return Failed(genome, str(error))


def solve_all(
    solver: ChainSolver, chains: Sequence[Chain], folder: RunFolder, workplace: Workplace, note: Callable[[], None]
) -> list[InnerFront | None]:
    """The fronts of chains, in their order; None where nothing meets the limits.

    Args:
        note: told whenever one more is known.
    Raises:
        StorageError: a saved front is damaged.
    """
    paths = [folder.fronts / ("_".join(record.name for record in chain) + ".npz") for chain in chains]
    found: dict[int, InnerFront | None] = {}
    for number, path in enumerate(paths):
        if path.is_file():
            found[number] = read_front(path, solver.pricing.points)
            note()
    missing = [number for number in range(len(chains)) if number not in found]

    def heard(number: int, front: InnerFront | None) -> None:
        found[missing[number]] = front
        write_front(paths[missing[number]], front)
        note()

    workplace.run(solved, solver, [chains[number] for number in missing], heard)
    return [found[number] for number in range(len(chains))]


def solved(solver: ChainSolver, chain: Chain) -> InnerFront | None:
    """One chain solved."""
    return solver(chain)


@dataclass(frozen=True, slots=True)
class HeadsToTrain:
    """The heads of one backbone, and how they are trained."""

    genome: Genome
    recipe: TrainingRecipe
    epochs: int
    seed: int
    tick: Tick

    def __reduce__(self) -> tuple[Any, ...]:
        """Far away nobody hears the steps of a training."""
        return HeadsToTrain, (self.genome, self.recipe, self.epochs, self.seed, unheard_tick)


def train_all(evaluator: Evaluator, heads: Sequence[HeadsToTrain], workplace: Workplace, tick: Tick) -> None:
    """Heads of its own for every backbone that has none in the run folder yet, starting from the shared ones."""
    missing = [one for one in heads if not own_heads_path(evaluator.folder, one.genome).is_file()]
    done = 0

    def heard(number: int, state: dict[str, Tensor]) -> None:
        nonlocal done
        network = evaluator.network(missing[number].genome)
        network.load_state_dict(state)
        save_weights(network, own_heads_path(evaluator.folder, missing[number].genome))
        done += 1
        tick(done, len(missing), "backbones with heads of their own")

    workplace.run(own_heads, evaluator, missing, heard)


def own_heads(evaluator: Evaluator, heads: HeadsToTrain) -> dict[str, Tensor]:
    """The weights of a backbone and its heads once those are trained."""
    network, data = evaluator.network(heads.genome), evaluator.data
    train, recipe, epochs, seed = data.train, heads.recipe, heads.epochs, heads.seed
    with torch_threads(1):  # as in recalibrating: the machine must not matter
        train_own_heads(network, train.images, train.labels, data.input, recipe, epochs, seed, heads.tick)
    return {name: torch.as_tensor(tensor).clone() for name, tensor in network.state_dict().items()}


def own_heads_path(folder: RunFolder, genome: Genome) -> Path:
    """Where the weights of a finalist are kept."""
    return folder.finalists / f"{genome_name(genome)}.safetensors"
