"""The search of a run: shared heads, outer engine, archive; then finalists with heads of their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch

from codesign.backbones.checkpoint import load_weights, save_weights
from codesign.backbones.supernet import Supernet
from codesign.data.dataset import Dataset
from codesign.exits.answers import answers
from codesign.exits.exited_backbone import ExitedBackbone
from codesign.exits.head_training import train_shared_heads
from codesign.exits.shared_heads import SharedHeads
from codesign.scale.in_process import InProcess
from codesign.scale.workplace import Workplace
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_bound import least_energy_j
from codesign.search.chain_solver import ChainSolver
from codesign.search.infeasible import infeasible
from codesign.search.ledger import Chain, ChainResult, chain_key
from codesign.search.outer_problem import GenerationSummary
from codesign.search.polish import Polisher
from codesign.space.preset import TrainingRecipe
from runtime.contract.arrays import FloatArray

from .backbones import Backbones
from .evaluate import Evaluator, log_of, record_of, to_exited_backbone
from .far_work import HeadsToTrain, own_heads_path, train_all
from .progress import Tick, unheard_tick
from .record_file import write_record
from .run_folder import RunFolder, write_arrays

HERE = InProcess()
WINDOW_FLOOR = 0.9  # chains of three are for designs at least so accurate, as a share of the best network


@dataclass(frozen=True, slots=True)
class Finalist:
    """A backbone with heads of its own, ready to be cut."""

    record: BackboneRecord
    exited: ExitedBackbone
    logits: FloatArray  # (exits + 1, samples, classes), on `select`


@dataclass(frozen=True, slots=True)
class Searched:
    """What searching left behind."""

    backbones: Backbones
    solver: ChainSolver
    records: list[BackboneRecord]
    results: list[ChainResult]
    finalists: dict[Genome, Finalist]
    finals: list[ChainResult]
    history: list[GenerationSummary]
    origin: str  # of the backbones, in a sentence
    reference: BackboneRecord  # the full network, without exits: what a loss is counted against
    uncertifiable: str | None = None  # why no certificate may be issued, whatever passes
    predicted: dict[str, Any] | None = None  # by what predictor backbones were priced, for `results.json`
    starts: tuple[Genome, ...] = ()  # where optimising one after the other would start: what is chosen is no dearer
    search: dict[str, Any] | None = None  # how it was searched, for `results.json`; None: nothing had to be
    lowered: tuple[dict[str, Any], ...] = ()  # what another number format did to each finalist, for `results.json`


def obtain_shared_heads(
    supernet: Supernet, data: Dataset, recipe: TrainingRecipe, seed: int, folder: RunFolder, tick: Tick
) -> SharedHeads:
    """Heads for every position of the supernet, trained once per run."""
    torch.manual_seed(seed + 1)
    heads = SharedHeads(supernet.space, len(data.classes))
    if folder.heads.is_file():
        load_weights(heads, folder.heads)
        return heads
    train = data.train
    train_shared_heads(heads, supernet, train.images, train.labels, data.input, recipe, recipe.head_epochs, seed, tick)
    save_weights(heads, folder.heads)
    return heads


def train_finalist(
    evaluator: Evaluator, genome: Genome, recipe: TrainingRecipe, epochs: int, seed: int, tick: Tick
) -> Finalist:
    """Give a backbone heads of its own, starting from the shared ones; kept in the run folder."""
    train_all(evaluator, [HeadsToTrain(genome, recipe, epochs, seed, tick)], HERE, unheard_tick)
    data, network = evaluator.data, evaluator.network(genome)
    load_weights(network, own_heads_path(evaluator.folder, genome))
    network.eval()
    exited = to_exited_backbone(network, data)
    found = answers(exited.model, exited.outputs, data.select.images, data.input)
    record = record_of(genome, exited, log_of(found, data.select, evaluator.score))
    arrays = {"logits": found.logits, "labels": data.select.labels}
    write_arrays(evaluator.folder.logits / f"{record.name}.npz", arrays)
    write_record(evaluator.folder.finalists / f"{record.name}.npz", record)
    return Finalist(record, exited, found.logits)


def train_finalists(
    evaluator: Evaluator,
    genomes: Sequence[Genome],
    recipe: TrainingRecipe,
    epochs: int,
    seed: int,
    tick: Tick,
    workplace: Workplace = HERE,
) -> dict[Genome, Finalist]:
    """Several finalists; heads that are still missing are trained first, at the workplace."""
    train_all(evaluator, [HeadsToTrain(genome, recipe, epochs, seed, tick) for genome in genomes], workplace, tick)
    return {genome: train_finalist(evaluator, genome, recipe, epochs, seed, tick) for genome in genomes}


def polisher_of(searched: Searched) -> Polisher:
    """Polishes designs of finalists on `select`."""
    logits = {genome: finalist.logits for genome, finalist in searched.finalists.items()}
    return Polisher(
        searched.solver, lambda record: logits[record.genome], reference=searched.reference, starts=searched.starts
    )


def solve_finalists(finalists: Sequence[Finalist], solver: ChainSolver) -> list[ChainResult]:
    """Every finalist alone, with exits and as it stands, every pair, and every three that may yet be better.

    Three are left out where a bound shows that the pairs and singles are better everywhere.

    Raises:
        InfeasibleError: nothing keeps to the limits.
    """
    alone: list[Chain] = [(finalist.record,) for finalist in finalists]
    pairs = [solver.pricing.ordered([a.record, b.record]) for a, b in combinations(finalists, 2)]
    results = [ChainResult(chain, solver(chain)) for chain in [*alone, *pairs] if solver.can_solve(chain)]
    threes = [solver.pricing.ordered([one.record for one in some]) for some in combinations(finalists, 3)]
    samples = finalists[0].record.log.samples
    known_j = least_energy_j([result.front for result in results if result.front is not None], samples)
    fewest = int(WINDOW_FLOOR * samples * max(finalist.record.accuracy for finalist in finalists))
    promising = [
        chain for chain in threes if solver.can_solve(chain) and not solver.adds_nothing(chain, known_j, fewest)
    ]
    results += [ChainResult(chain, solver(chain)) for chain in promising]
    results += [ChainResult(chain, solver.without_exits(chain)) for chain in alone]
    return feasible(results, solver)


def rescued(results: list[ChainResult], solver: ChainSolver) -> list[ChainResult]:
    """The same results; where none has a front, those that the search did not think worth solving are solved too.

    Raises:
        InfeasibleError: nothing that was evaluated keeps to the limits.
    """
    if any(result.front is not None for result in results):
        return results
    chains = [result.chain for result in results if solver.can_solve(result.chain)]
    return feasible([ChainResult(chain, solver(chain)) for chain in chains], solver)


def feasible(results: list[ChainResult], solver: ChainSolver) -> list[ChainResult]:
    """The same results. Raises InfeasibleError, naming the tightest limit, where nothing keeps to all of them."""
    if all(result.front is None for result in results):
        raise infeasible(list({chain_key(result.chain): result.chain for result in results}.values()), solver)
    return results
