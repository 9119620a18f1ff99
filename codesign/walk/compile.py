"""From a data set and a board to a bundle and a report: the whole walk."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from rich.markup import escape

from codesign.data.dataset import Dataset
from codesign.scale.workplace import Workplace
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import full_network
from codesign.search.inner_grid import InnerLimits
from codesign.search.pricing import Pricing
from codesign.space.narrowing import narrowed_choices
from codesign.space.preset import Preset, load_preset
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.fingerprint import json_sha256

from .archive import RunArchive, note_measured
from .archive_step import Archiving, earlier_of
from .certify_step import AIMED_SHARE, certified_mode
from .choose_step import Modes, pick_finalists, pick_modes, sequential_start
from .evaluate import Evaluator
from .expected_step import certify_answers
from .feasibility import check_feasible
from .finish import finish
from .left_out import remaining_points
from .limits_step import within_limits
from .measure_run import Programs
from .measure_target import MeasureTarget
from .measure_uncertain import measure_uncertain
from .outer_step import check_strategy, run_outer_search, window_of
from .precision_step import in_precision
from .progress import Steps
from .run_folder import RunFolder, note_cache, share_heads, start, write_test_set
from .search_predictor import SearchPredictor, predictor_of
from .search_step import (
    HERE,
    Searched,
    obtain_shared_heads,
    polisher_of,
    rescued,
    solve_finalists,
    train_finalists,
)
from .settings import Settings, budgeted
from .supernet_step import obtain_supernet, plan
from .user_step import load_run_data, search_user_models, user_models_of
from .warm_start import Earlier


@dataclass(frozen=True, slots=True)
class Walked:
    """A run up to the choice of its modes; what is left is to judge them on the test set and to write them."""

    data: Dataset
    searched: Searched
    modes: Modes
    folder: RunFolder
    inputs: dict[str, str | None]  # names of what went in, for the folder that says how a run was started


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
    workplace: Workplace | None = None,
    shares: RunFolder | None = None,
) -> Compiled:
    """Walk all the way; each step leaves in `out` what a resumed run takes up.

    Args:
        measure: where the chosen designs are measured at the end; no part of what is compiled, so a finished run may
            be resumed to be measured, here or there. With a predictor, backbones that it is least sure of are measured
            too, before the choice, which may then be another.
        workplace: the cluster on which backbones are evaluated and heads trained, and which reaches the board; None:
            all of it is done in this process. No part of what is compiled either.
        shares: the same run for another board, whose heads and evaluations are taken over.
    Raises:
        EdgeCodesignError: what the user can mend, from any step.
    """
    walked = walk_to_modes(
        settings, out, cache, resume=resume, steps=steps, measure=measure, workplace=workplace, shares=shares
    )
    data, searched, modes, folder = walked.data, walked.searched, walked.modes, walked.folder
    programs = Programs(workplace=workplace)
    results = finish(settings, data, searched, modes, searched.reference, folder, command, steps, measure, programs)
    note_measured(folder, results)
    return Compiled(folder, results)


def walk_to_modes(
    settings: Settings,
    out: Path,
    cache: Path,
    *,
    resume: bool,
    steps: Steps,
    measure: MeasureTarget | None = None,
    workplace: Workplace | None = None,
    shares: RunFolder | None = None,
    on: tuple[Pricing, InnerLimits] | None = None,
) -> Walked:
    """Data, search, and the choice of the modes. Arguments and errors as of `compile_bundle`.

    Args:
        on: prices and limits of what stands for several boards; None: those of the settings' board.
    """
    preset = budgeted(load_preset(settings.space), settings)
    check_strategy(settings.strategy)
    pricing, limits = on or (board_pricing(settings), limits_of(preset, settings))
    models = user_models_of(settings)
    with steps.step("data", "Data"):
        data = load_run_data(settings, models)
    for note in data.notes:
        steps.say(f"  [dim]{escape(note)}")
    earlier = None if models else earlier_of(settings, out, shares)
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
        narrowed_choices(planned.space, settings.left_out_genes)  # refused now, not once the supernet is trained
        check_feasible(planned.space, data, pricing, limits, settings.energy)
        inputs["the supernet"] = planned.start
    solver = ChainSolver(pricing, limits, preset.search.threshold_levels, settings.energy)
    folder = start(out, settings.to_json(), inputs, resume=resume)
    if not models:
        note_cache(folder, cache)
    if shares is not None and models:
        share_heads(shares, folder)
    write_test_set(folder, data)
    if models:
        searched = search_user_models(settings, models, data, solver, folder, steps)
    else:
        searched = _search(settings, preset, data, solver, folder, cache, steps, predictor, measure, workplace, earlier)
    searched = in_precision(settings, searched, steps)
    reference = searched.reference
    starts = sequential_start(searched.records, solver, reference.log.correct[-1], settings.max_accuracy_loss)
    searched = replace(searched, starts=starts)
    with steps.step("modes", "Modes"):
        pick = polisher_of(searched).best
        modes = pick_modes(searched.finals, solver, pick, reference.log.correct[-1], settings.max_accuracy_loss)
    with steps.step("certificate", "Certificate"):
        modes = with_certified(modes, searched, settings, folder)
    for note in modes.notes:
        steps.say(f"  [yellow]{escape(note)}")
    return Walked(data, searched, modes, folder, inputs)


def with_certified(modes: Modes, searched: Searched, settings: Settings, folder: RunFolder) -> Modes:
    """The modes with a certified one beside them where a policy passes; or with a note that says why there is none."""
    if searched.uncertifiable is not None:
        return replace(modes, remarks=(*modes.remarks, f"No certified mode: {searched.uncertifiable}"))
    answers = certify_answers(searched, folder.path)
    aim = AIMED_SHARE * settings.epsilon
    start = polisher_of(searched).least_harmful(searched.finals, searched.reference.log.correct[-1], aim)
    found, sentence = certified_mode(start, answers, settings.epsilon, settings.delta, settings.precision)
    certified, sentence = within_limits(found, polisher_of(searched), sentence)
    return replace(modes, certified=certified, remarks=(*modes.remarks, sentence))


def board_pricing(settings: Settings) -> Pricing:
    """The simulated board of a run with all its operating points. Raises BoardError on an unknown board or device."""
    board = profile(settings.board)
    points = board.points(settings.device)
    default, fastest = board.default_point(settings.device), board.max_point(settings.device)
    return Pricing(SimulatedBoard(board, settings.device), points, default, fastest)


def limits_of(preset: Preset, settings: Settings) -> InnerLimits:
    """What every design of a run must keep to. Raises ConfigError on clocks to leave out that the board has not."""
    return InnerLimits(
        preset.search.max_exits,
        settings.min_accuracy,
        settings.max_latency_s,
        settings.requests_per_s,
        max_mean_latency_s=settings.max_mean_latency_s,
        max_p99_latency_s=settings.max_p99_latency_s,
        max_energy_j=settings.max_energy_j,
        max_memory_bytes=settings.max_memory_bytes,
        max_size_bytes=settings.max_size_bytes,
        min_images_per_s=settings.min_images_per_s,
        batch=settings.batch,
        points=remaining_points(settings.left_out_clocks, board_pricing(settings).points),
    )


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
    workplace: Workplace | None,
    earlier: Earlier | None,
) -> Searched:
    with steps.step("supernet", "Supernet") as tick:
        checkpoint, epochs, seed = settings.checkpoint, settings.epochs, settings.seed
        found = obtain_supernet(data, preset, checkpoint=checkpoint, epochs=epochs, seed=seed, cache=cache, tick=tick)
    recipe, budget = preset.training, preset.search
    archive = RunArchive(folder, found.supernet, data, settings.score, settings.seed)
    archiving = Archiving(archive, earlier, recipe, settings.seed, steps)
    archiving.before_heads()
    with steps.step("exits", "Shared heads") as tick:
        heads = obtain_shared_heads(found.supernet, data, recipe, settings.seed, folder, tick)
    evaluator = Evaluator(found.supernet, heads, data, folder, settings.score)
    first = archiving.before_search(budget.finalist_head_epochs, found.supernet.space)
    with steps.step("search", "Search") as tick:
        search = run_outer_search(
            evaluator,
            solver,
            population=budget.population,
            generations=budget.generations,
            max_accuracy_loss=settings.max_accuracy_loss,
            seed=settings.seed,
            tick=tick,
            foresee=settings.foresee,
            workplace=workplace or HERE,
            archive=archive,
            first=first,
            strategy=settings.strategy,
            left_out=settings.left_out_genes,
        )
    records = search.records
    results = rescued(search.results, solver)
    least = full_network(records).accuracy - window_of(settings.max_accuracy_loss)
    archive.add_front(results, least, settings.board, settings.device)
    told = None if predictor is None else predictor.told(records)
    if predictor is not None and told is not None and measure is not None and settings.measure_uncertain:
        board, count = board_pricing(settings), settings.measure_uncertain
        programs = Programs(workplace=workplace)
        again = measure_uncertain(predictor, board, solver, results, measure, count, folder, steps, programs)
        solver, results, told["measured"] = again.solver, again.results, again.told
        archive.add_costs(again.told["rows"], predictor.cost, again.told["on"])
    with steps.step("finalists", "Finalists") as tick:
        genomes = pick_finalists(records, results, solver, settings.max_accuracy_loss, budget.finalists)
        epochs, seed = budget.finalist_head_epochs, settings.seed
        finalists = train_finalists(evaluator, genomes, recipe, epochs, seed, tick, workplace or HERE)
        finals = solve_finalists(list(finalists.values()), solver)
    archive.add_finalists([finalist.record for finalist in finalists.values()], recipe, epochs, seed)
    origin = f"Supernet: {found.origin}."
    full = full_network(records)
    return Searched(
        evaluator,
        solver,
        records,
        results,
        finalists,
        finals,
        search.history,
        origin,
        full,
        predicted=told,
        search=search.told,
    )
