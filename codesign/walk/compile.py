"""From a data set and a board to a bundle and a report: the whole walk."""

from __future__ import annotations

import json
import platform
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from codesign.data.dataset import Dataset
from codesign.data.load import load_data
from codesign.policy.exit_log import ExitLog, joined
from codesign.policy.requirement import Requirement
from codesign.report.page import write_report
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import full_network
from codesign.search.inner_grid import InnerLimits
from codesign.search.outer import ChainResult, GenerationSummary
from codesign.search.pricing import Pricing
from codesign.space.preset import Preset, load_preset
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard

from .bundle_step import Verification, promise_of, write_and_verify
from .choose_step import DEFAULT_MODE, Modes, pick_finalists, pick_modes, requirement
from .comparison import FamilyGain, Judge, compare, family_gain
from .evaluate import Evaluator, exit_log, to_exited_backbone
from .feasibility import check_feasible
from .outcome import Outcome, design_outcome
from .progress import Steps
from .results_step import Describer, bar, bars, fronts, gain, mode_result
from .run_folder import RunFolder, start, write_arrays, write_text
from .search_step import Finalist, obtain_shared_heads, run_outer_search, solve_finalists, train_finalist
from .settings import Settings, budgeted
from .supernet_step import obtain_supernet


@dataclass(frozen=True, slots=True)
class Searched:
    """What searching left behind."""

    evaluator: Evaluator
    solver: ChainSolver
    records: list[BackboneRecord]
    results: list[ChainResult]
    finalists: dict[Genome, Finalist]
    finals: list[ChainResult]
    history: list[GenerationSummary]
    supernet_origin: str


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
        steps.say(f"  [dim]{note}")
    limits = InnerLimits(preset.search.max_exits, None, settings.max_latency_s, settings.requests_per_s)
    solver = ChainSolver(pricing, limits, preset.search.threshold_levels, settings.energy)
    if settings.supernet is None:
        check_feasible(preset.space, data, pricing, limits)
    folder = start(out, settings.to_json(), data.fingerprint, resume=resume)
    write_arrays(
        folder.test_set,
        {"images": data.test.images, "labels": data.test.labels, "classes": np.asarray(data.classes)},
    )
    searched = _search(settings, preset, data, solver, folder, cache, steps)
    reference = full_network(searched.records)
    modes = pick_modes(searched.finals, solver, reference.log.correct[-1], settings.max_accuracy_loss)
    results = _finish(settings, data, searched, modes, reference, folder, command, steps)
    return Compiled(folder, results)


def board_pricing(settings: Settings) -> Pricing:
    """The simulated board of a run with all its operating points. Raises BoardError on an unknown board or device."""
    board = profile(settings.board)
    points = board.points(settings.device)
    default, fastest = board.default_point(settings.device), board.max_point(settings.device)
    return Pricing(SimulatedBoard(board, settings.device), points, default, fastest)


def _search(
    settings: Settings, preset: Preset, data: Dataset, solver: ChainSolver, folder: RunFolder, cache: Path, steps: Steps
) -> Searched:
    with steps.step("supernet", "Supernet") as tick:
        checkpoint = None if settings.supernet is None else Path(settings.supernet)
        found = obtain_supernet(
            data, preset, checkpoint=checkpoint, epochs=settings.epochs, seed=settings.seed, cache=cache, tick=tick
        )
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


def _finish(
    settings: Settings,
    data: Dataset,
    searched: Searched,
    modes: Modes,
    reference: BackboneRecord,
    folder: RunFolder,
    command: str,
    steps: Steps,
) -> dict[str, Any]:
    solver, pricing, rate = searched.solver, searched.solver.pricing, settings.requests_per_s
    test_logs: dict[Genome, ExitLog] = {}

    def test_log(chain: Sequence[BackboneRecord]) -> ExitLog:
        for record in chain:
            if record.genome not in test_logs:
                test_logs[record.genome] = exit_log(searched.finalists[record.genome].exited, data, data.test)
        return joined([test_logs[record.genome] for record in chain])

    static_logs: dict[Genome, ExitLog] = {}

    def static_log(record: BackboneRecord) -> ExitLog:
        if record.genome not in static_logs:
            exited = to_exited_backbone(searched.evaluator.network(record.genome), data)
            static_logs[record.genome] = exit_log(exited, data, data.test)
        return static_logs[record.genome]

    judge = Judge(
        solver, rate, settings.max_latency_s, test_log, lambda record: float(static_log(record).correct[-1].mean())
    )
    wanted = requirement(reference.log.correct[-1], settings.max_accuracy_loss, DEFAULT_MODE)
    with steps.step("comparison", "Comparison on the test set"):
        compared = compare(modes.balanced, searched.records, searched.finals, judge, wanted)
        families = _families(searched, judge, wanted)
    on_select = {
        name: design_outcome(chosen, solver.log(chosen.chain), pricing, rate) for name, chosen in modes.items()
    }
    with steps.step("bundle", "Bundle"):
        verification = _write(settings, data, searched, modes, on_select, folder, rate)
    designs = {record.name: searched.evaluator.design(record.genome) for record in searched.records}
    say = Describer({name: str(design) for name, design in designs.items()})
    full_right = static_log(reference).correct[-1]
    results = {
        **_header(settings, data, pricing, command, searched.supernet_origin),
        "full_network": {
            "accuracy": float(full_right.mean()),
            "split": "test",
            "macs": reference.static.macs,
            "design": say.static(reference),
        },
        "bars": bars(compared, modes.balanced, pricing, say),
        "oracle": bar("oracle", compared.oracle, say.design(modes.balanced), pricing),
        "macs": {"static": compared.static.record.static.macs, "exits": compared.exits_best_clocks.macs},
        "certificate": None,
        "modes": [
            mode_result(
                name,
                chosen,
                on_select[name],
                judge.outcome(chosen),
                test_log(chosen.chain),
                full_right,
                data,
                pricing,
                say,
            )
            for name, chosen in modes.items()
        ],
        "fronts": fronts(searched.records, searched.results, searched.finals, pricing),
        "gains": {name: gain(found) for name, found in families.items()},
        "history": [
            {"generation": item.generation, "evaluations": item.backbones, "hypervolume": item.hypervolume}
            for item in searched.history
        ],
        "timing_s": dict(steps.seconds),
        "peak_memory_bytes": float(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024),
        "verification": {
            "cut_vs_uncut_max_abs_difference": verification.max_difference,
            "golden_samples": verification.golden_samples,
            "bundle_id": verification.bundle_id,
        },
    }
    write_text(folder.results, json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    write_report(results, folder.report)
    return results


def _families(searched: Searched, judge: Judge, wanted: Requirement) -> dict[str, FamilyGain | None]:
    pools = {
        "single": [result for result in searched.finals if len(result.chain) == 1],
        "chain": [result for result in searched.finals if len(result.chain) > 1],
    }
    return {name: family_gain(pool, searched.records, judge, wanted) for name, pool in pools.items()}


def _write(
    settings: Settings,
    data: Dataset,
    searched: Searched,
    modes: Modes,
    on_select: dict[str, Outcome],
    folder: RunFolder,
    rate: float,
) -> Verification:
    pricing = searched.solver.pricing
    promises = {}
    for name, chosen in modes.items():
        costs, at = pricing.exited(chosen.chain).stage_costs(chosen.design.mask), chosen.design.point
        model = pricing.model
        promises[name] = promise_of(
            costs.latency_s[:, at], costs.energy_j[:, at], float(costs.idle_w[at]), model.kind, model.hardware
        )
    provenance = {
        "tool": f"edge-codesign {version('edge-codesign')}",
        "settings": settings.to_json(),
        "data": {"name": data.name, "fingerprint": data.fingerprint},
        "supernet": searched.supernet_origin,
    }
    return write_and_verify(
        folder.bundle,
        [(name, chosen, on_select[name]) for name, chosen in modes.items()],
        searched.finalists,
        data,
        promises,
        board=settings.board,
        device=settings.device,
        requests_per_s=rate,
        provenance=provenance,
    )


def _header(settings: Settings, data: Dataset, pricing: Pricing, command: str, origin: str) -> dict[str, Any]:
    model = pricing.model
    splits = {
        name: {"n": len(split.labels), "class_counts": np.bincount(split.labels, minlength=len(data.classes)).tolist()}
        for name, split in data.splits.items()
    }
    return {
        "schema": "1.0",
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "command": command,
        "tool_version": version("edge-codesign"),
        "machine": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "data": {
            "name": data.name,
            "classes": list(data.classes),
            "splits": splits,
            "imbalance": data.imbalance.warning,
            "notes": [*data.notes, f"Supernet: {origin}."],
        },
        "board": {
            "name": settings.board,
            "device": settings.device,
            "hardware": model.hardware,
            "operating_points": len(pricing.points),
            "assumptions": list(model.assumptions()) if isinstance(model, SimulatedBoard) else [],
        },
        "settings": {
            "request_rate_hz": settings.requests_per_s,
            "max_accuracy_loss": settings.max_accuracy_loss,
            "max_latency_s": settings.max_latency_s,
            "seed": settings.seed,
            "energy_objective": settings.energy,
        },
    }
