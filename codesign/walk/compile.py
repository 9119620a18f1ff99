"""From a data set and a board to a bundle and a report: the whole walk."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.markup import escape

from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import full_network
from codesign.search.inner_grid import InnerLimits
from codesign.search.pricing import Pricing
from codesign.space.preset import Preset, load_preset
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.fingerprint import json_sha256

from .choose_step import pick_finalists, pick_modes
from .evaluate import Evaluator
from .feasibility import check_feasible
from .finish import finish
from .progress import Steps
from .run_folder import RunFolder, start, write_arrays
from .search_step import Searched, obtain_shared_heads, run_outer_search, solve_finalists, train_finalist
from .settings import Settings, budgeted
from .supernet_step import obtain_supernet, plan


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a person wants to hear at the end."""

    folder: RunFolder
    results: dict[str, Any]


def compile_bundle(settings: Settings, out: Path, cache: Path, command: str, *, resume: bool, steps: Steps) -> Compiled:
    """Walk all the way; each step leaves in `out` what a resumed run takes up.

    Raises:
        EdgeCodesignError: what the user can mend, from any step.
    """
    preset = budgeted(load_preset(settings.space), settings)
    pricing = board_pricing(settings)
    with steps.step("data", "Data"):
        data = load_data(settings.data, settings.seed)
    for note in data.notes:
        steps.say(f"  [dim]{escape(note)}")
    limits = limits_of(preset, settings)
    solver = ChainSolver(pricing, limits, preset.search.threshold_levels, settings.energy)
    planned = plan(data, preset, checkpoint=settings.checkpoint, epochs=settings.epochs, seed=settings.seed)
    check_feasible(planned.space, data, pricing, limits)
    inputs = {"the images": data.fingerprint, "the space": json_sha256(asdict(preset)), "the supernet": planned.start}
    folder = start(out, settings.to_json(), inputs, resume=resume)
    write_arrays(
        folder.test_set,
        {"images": data.test.images, "labels": data.test.labels, "classes": np.asarray(data.classes)},
    )
    searched = _search(settings, preset, data, solver, folder, cache, steps)
    reference = full_network(searched.records)
    modes = pick_modes(searched.finals, solver, reference.log.correct[-1], settings.max_accuracy_loss)
    for note in modes.notes:
        steps.say(f"  [yellow]{escape(note)}")
    results = finish(settings, data, searched, modes, reference, folder, command, steps)
    return Compiled(folder, results)


def board_pricing(settings: Settings) -> Pricing:
    """The simulated board of a run with all its operating points. Raises BoardError on an unknown board or device."""
    board = profile(settings.board)
    points = board.points(settings.device)
    default, fastest = board.default_point(settings.device), board.max_point(settings.device)
    return Pricing(SimulatedBoard(board, settings.device), points, default, fastest)


def limits_of(preset: Preset, settings: Settings) -> InnerLimits:
    """What every design of a run must keep to."""
    return InnerLimits(preset.search.max_exits, None, settings.max_latency_s, settings.requests_per_s)


def _search(
    settings: Settings, preset: Preset, data: Dataset, solver: ChainSolver, folder: RunFolder, cache: Path, steps: Steps
) -> Searched:
    with steps.step("supernet", "Supernet") as tick:
        checkpoint, epochs, seed = settings.checkpoint, settings.epochs, settings.seed
        found = obtain_supernet(data, preset, checkpoint=checkpoint, epochs=epochs, seed=seed, cache=cache, tick=tick)
    recipe, budget = preset.training, preset.search
    with steps.step("exits", "Shared heads") as tick:
        heads = obtain_shared_heads(found.supernet, data, recipe, settings.seed, folder, tick)
    evaluator = Evaluator(found.supernet, heads, data, folder)
    with steps.step("search", "Search") as tick:
        records, results, history = run_outer_search(
            evaluator,
            solver,
            population=budget.population,
            generations=budget.generations,
            max_accuracy_loss=settings.max_accuracy_loss,
            seed=settings.seed,
            tick=tick,
        )
    with steps.step("finalists", "Finalists") as tick:
        genomes = pick_finalists(records, results, solver, settings.max_accuracy_loss, budget.finalists)
        finalists = {
            genome: train_finalist(evaluator, genome, recipe, budget.finalist_head_epochs, settings.seed, tick)
            for genome in genomes
        }
        finals = solve_finalists(list(finalists.values()), solver)
    return Searched(evaluator, solver, records, results, finalists, finals, history, found.origin)
