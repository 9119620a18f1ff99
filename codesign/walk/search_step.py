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
from codesign.exits.head_training import train_own_heads, train_shared_heads
from codesign.exits.shared_heads import SharedHeads
from codesign.search.backbone_record import BackboneRecord, Genome, genome_name
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_front import InnerFront
from codesign.search.outer import Chain, ChainResult, GenerationSummary, OuterProblem, outer_search
from codesign.search.polish import Polisher
from codesign.space.preset import TrainingRecipe
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import InfeasibleError

from .backbones import Backbones
from .evaluate import Evaluator, log_of, record_of, to_exited_backbone
from .progress import Tick
from .record_file import read_front, write_front, write_record
from .run_folder import RunFolder, write_arrays
from .unevaluated import foresight_of

WINDOW_LOSSES = 5.0  # fronts are judged down to this many allowed losses below the largest backbone


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


def run_outer_search(
    evaluator: Evaluator,
    solver: ChainSolver,
    *,
    population: int,
    generations: int,
    max_accuracy_loss: float,
    seed: int,
    tick: Tick,
    foresee: bool = False,
) -> tuple[list[BackboneRecord], list[ChainResult], list[GenerationSummary]]:
    """The outer engine over the run folder's archive: what was evaluated before an interruption is read back.

    Args:
        foresee: evaluate only backbones whose expected accuracy earns their chain a solution; else all that are met.
    """
    folder, points = evaluator.folder, solver.pricing.points
    history: list[GenerationSummary] = []
    evaluated: set[Genome] = set()
    solved = 0

    def note() -> None:
        tick(len(history), generations, f"{len(evaluated)} backbones, {solved} chains")

    def evaluate(genome: Genome) -> BackboneRecord:
        evaluated.add(genome)
        note()
        return evaluator(genome)

    def solve(chain: Chain) -> InnerFront | None:
        nonlocal solved
        solved += 1
        note()
        path = folder.fronts / ("_".join(record.name for record in chain) + ".npz")
        if path.is_file():
            return read_front(path, points)
        front = solver(chain)
        write_front(path, front)
        return front

    def on_generation(summary: GenerationSummary) -> None:
        history.append(summary)
        note()

    gene_sizes = tuple(len(choices) for choices in evaluator.supernet.space.gene_choices)
    window = max(WINDOW_LOSSES * max_accuracy_loss, 0.05)
    default = solver.pricing.default
    problem = OuterProblem(
        gene_sizes,
        evaluate,
        solve,
        solver.pricing,
        accuracy_window=window,
        reference_energy_j=lambda record: float(solver.static_energies_j(record)[default]),
        foresight=foresight_of(evaluator) if foresee else None,
    )
    records, results = outer_search(problem, population, generations, seed, on_generation)
    return records, results, history


def train_finalist(
    evaluator: Evaluator, genome: Genome, recipe: TrainingRecipe, epochs: int, seed: int, tick: Tick
) -> Finalist:
    """Give a backbone heads of its own, starting from the shared ones; kept in the run folder."""
    data = evaluator.data
    network = evaluator.network(genome)
    kept = evaluator.folder.finalists / f"{genome_name(genome)}.safetensors"
    if kept.is_file():
        load_weights(network, kept)
        network.eval()
    else:
        train = data.train
        train_own_heads(network, train.images, train.labels, data.input, recipe, epochs, seed, tick)
        save_weights(network, kept)
    exited = to_exited_backbone(network, data)
    found = answers(exited.model, exited.outputs, data.select.images, data.input)
    record = record_of(genome, exited, log_of(found, data.select))
    arrays = {"logits": found.logits, "labels": data.select.labels}
    write_arrays(evaluator.folder.logits / f"{record.name}.npz", arrays)
    write_record(evaluator.folder.finalists / f"{record.name}.npz", record)
    return Finalist(record, exited, found.logits)


def polisher_of(searched: Searched) -> Polisher:
    """Polishes designs of finalists on `select`."""
    logits = {genome: finalist.logits for genome, finalist in searched.finalists.items()}
    return Polisher(searched.solver, lambda record: logits[record.genome], reference=searched.reference)


def solve_finalists(finalists: Sequence[Finalist], solver: ChainSolver) -> list[ChainResult]:
    """Every finalist alone, with exits and as it stands, and every pair of them.

    Raises:
        InfeasibleError: nothing keeps to the limits.
    """
    alone: list[Chain] = [(finalist.record,) for finalist in finalists]
    pairs = [solver.pricing.ordered([a.record, b.record]) for a, b in combinations(finalists, 2)]
    results = [ChainResult(chain, solver(chain)) for chain in [*alone, *pairs]]
    results += [ChainResult(chain, solver.without_exits(chain)) for chain in alone]
    return feasible(results)


def feasible(results: list[ChainResult]) -> list[ChainResult]:
    """The same results. Raises InfeasibleError where nothing keeps to the limits."""
    if all(result.front is None for result in results):
        raise InfeasibleError(
            "no design keeps to the latency limit and the request rate",
            to_do="raise --max-latency-ms, lower --request-rate, or choose a faster --device or board",
        )
    return results
