"""From a data set and a board to a bundle and a report: the whole walk."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.markup import escape

from codesign.data.dataset import Dataset
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import full_network
from codesign.search.inner_grid import InnerLimits
from codesign.search.pricing import Pricing
from codesign.space.preset import Preset, load_preset
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.fingerprint import json_sha256

from .certify_step import AIMED_SHARE, certified_mode
from .choose_step import Modes, pick_finalists, pick_modes
from .evaluate import Evaluator
from .feasibility import check_feasible
from .finish import finish
from .measure_run import Programs
from .measure_target import MeasureTarget
from .measure_uncertain import measure_uncertain
from .precision_step import in_precision
from .progress import Steps
from .run_folder import RunFolder, start, write_arrays
from .search_predictor import SearchPredictor, predictor_of
from .search_step import Searched, obtain_shared_heads, polisher_of, run_outer_search, solve_finalists, train_finalist
from .settings import Settings, budgeted
from .supernet_step import obtain_supernet, plan
from .test_answers import TestAnswers
from .user_step import load_run_data, search_user_models, user_models_of


@dataclass(frozen=True, slots=True)
class Compiled:
    """What a person wants to hear at the end."""

    folder: RunFolder
    results: dict[str, Any]


def compile_bundle(
    settings: Settings,
    out: Path,
    cache: Path,
    command: str,
    *,
    resume: bool,
    steps: Steps,
    measure: MeasureTarget | None = None,
) -> Compiled:
    """Walk all the way; each step leaves in `out` what a resumed run takes up.

    Args:
        measure: where the chosen designs are measured at the end; no part of what is compiled, so a finished run may
            be resumed to be measured, here or there. With a predictor, backbones that it is least sure of are measured
            too, before the choice, which may then be another.
    Raises:
        EdgeCodesignError: what the user can mend, from any step.
    """
    preset = budgeted(load_preset(settings.space), settings)
    pricing = board_pricing(settings)
    models = user_models_of(settings)
    with steps.step("data", "Data"):
        data = load_run_data(settings, models)
    for note in data.notes:
        steps.say(f"  [dim]{escape(note)}")
    limits = limits_of(preset, settings)
    predictor = None
    inputs: dict[str, str | None] = {"the images": data.fingerprint, "the space": json_sha256(asdict(preset))}
    if models:
        inputs |= {f"network {model.name}": model.sha256 for model in models}
    else:
        planned = plan(data, preset, checkpoint=settings.checkpoint, epochs=settings.epochs, seed=settings.seed)
        predictor = predictor_of(settings, planned.space, data)
        if predictor is not None:
            inputs["the predictor"] = predictor.sha256
            pricing = predictor.priced(pricing)
        check_feasible(planned.space, data, pricing, limits)
        inputs["the supernet"] = planned.start
    solver = ChainSolver(pricing, limits, preset.search.threshold_levels, settings.energy)
    folder = start(out, settings.to_json(), inputs, resume=resume)
    write_arrays(
        folder.test_set,
        {"images": data.test.images, "labels": data.test.labels, "classes": np.asarray(data.classes)},
    )
    if models:
        searched = search_user_models(settings, models, data, solver, folder, steps)
    else:
        searched = _search(settings, preset, data, solver, folder, cache, steps, predictor, measure)
    searched = in_precision(settings, searched, steps)
    reference = searched.reference
    with steps.step("modes", "Modes"):
        pick = polisher_of(searched).best
        modes = pick_modes(searched.finals, solver, pick, reference.log.correct[-1], settings.max_accuracy_loss)
    with steps.step("certificate", "Certificate"):
        modes = _certified(modes, searched, settings, folder)
    for note in modes.notes:
        steps.say(f"  [yellow]{escape(note)}")
    results = finish(settings, data, searched, modes, reference, folder, command, steps, measure)
    return Compiled(folder, results)


def _certified(modes: Modes, searched: Searched, settings: Settings, folder: RunFolder) -> Modes:
    """The modes with a certified one beside them where a policy passes; or with a note that says why there is none."""
    if searched.uncertifiable is not None:
        return replace(modes, remarks=(*modes.remarks, f"No certified mode: {searched.uncertifiable}"))
    certify = searched.backbones.data.certify
    answers = TestAnswers(
        searched.backbones, searched.finalists, searched.reference, certify, folder.path / "certify_logs"
    )
    aim = AIMED_SHARE * settings.epsilon
    start = polisher_of(searched).least_harmful(searched.finals, searched.reference.log.correct[-1], aim)
    certified, sentence = certified_mode(start, answers, settings.epsilon, settings.delta, settings.precision)
    return replace(modes, certified=certified, remarks=(*modes.remarks, sentence))


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
    settings: Settings,
    preset: Preset,
    data: Dataset,
    solver: ChainSolver,
    folder: RunFolder,
    cache: Path,
    steps: Steps,
    predictor: SearchPredictor | None,
    measure: MeasureTarget | None,
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
            foresee=settings.foresee,
        )
    told = None if predictor is None else predictor.told(records)
    solved = any(result.front is not None for result in results)
    if predictor is not None and told is not None and measure is not None and solved and settings.measure_uncertain:
        board, count = board_pricing(settings), settings.measure_uncertain
        again = measure_uncertain(predictor, board, solver, results, measure, count, folder, steps, Programs())
        solver, results, told["measured"] = again.solver, again.results, again.told
    with steps.step("finalists", "Finalists") as tick:
        genomes = pick_finalists(records, results, solver, settings.max_accuracy_loss, budget.finalists)
        finalists = {
            genome: train_finalist(evaluator, genome, recipe, budget.finalist_head_epochs, settings.seed, tick)
            for genome in genomes
        }
        finals = solve_finalists(list(finalists.values()), solver)
    origin = f"Supernet: {found.origin}."
    full = full_network(records)
    return Searched(evaluator, solver, records, results, finalists, finals, history, origin, full, predicted=told)
