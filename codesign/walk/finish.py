"""From chosen modes to what is handed over: judged on the test set, written as a bundle, told as a report."""

from __future__ import annotations

import json
import resource
from importlib.metadata import version
from typing import Any

import numpy as np

from codesign.data.dataset import Dataset
from codesign.policy.requirement import Requirement
from codesign.report.page import write_report
from codesign.search.backbone_record import BackboneRecord

from .bundle_step import Verification, promise_of, write_and_verify
from .certify_step import CERTIFIED_MODE
from .choose_step import DEFAULT_MODE, Modes, requirement
from .comparison import FamilyGain, Judge, compare, family_gain
from .expected_step import expected_by_mode
from .header import header
from .limits_step import limits_result
from .measure_run import Programs
from .measure_step import measure_step, static_network
from .measure_target import MeasureTarget
from .outcome import Outcome, design_outcome
from .precision_result import precision_result
from .precision_step import deployed_full_network
from .progress import Steps
from .results_step import Describer, bar, bars, fronts, gain, mode_result
from .robustness_step import robustness_step
from .run_folder import RunFolder, write_text
from .search_step import Searched, polisher_of
from .settings import Settings
from .test_answers import TestAnswers


def finish(
    settings: Settings,
    data: Dataset,
    searched: Searched,
    modes: Modes,
    reference: BackboneRecord,
    folder: RunFolder,
    command: str,
    steps: Steps,
    measure: MeasureTarget | None = None,
    programs: Programs | None = None,
) -> dict[str, Any]:
    """Everything after the choice; returns what `results.json` holds.

    Raises:
        BundleError: the bundle does not compute what the networks it was cut from do.
        BoardError: what was chosen cannot be measured; results and report without measurements are there.
    """
    solver, pricing, rate = searched.solver, searched.solver.pricing, settings.requests_per_s
    answers = TestAnswers(searched.backbones, searched.finalists, reference)
    polisher = polisher_of(searched)
    latency_s = solver.limits.max_static_latency_s
    judge = Judge(solver, rate, latency_s, answers.of_design, answers.static_accuracy, polisher.best)
    wanted = requirement(reference.log.correct[-1], settings.max_accuracy_loss, DEFAULT_MODE)
    with steps.step("comparison", "Comparison on the test set"):
        compared = compare(modes.balanced, searched.records, searched.finals, judge, wanted)
        families = _families(searched, judge, wanted)
    on_select = {name: design_outcome(chosen, polisher.log(chosen), pricing, rate) for name, chosen in modes.items()}
    with steps.step("bundle", "Bundle"):
        verification = _write(settings, data, searched, modes, on_select, folder, rate)
    described = [*searched.records, reference]  # deployed in another format, the full network is none of the records
    designs = {record.name: searched.backbones.design(record.genome) for record in described}
    say = Describer({name: str(design) for name, design in designs.items()})
    full_right = answers.of_backbone(reference).correct[-1]
    results = {
        **header(settings, data, pricing, command, [searched.origin, *modes.notes]),
        "full_network": {
            "accuracy": float(full_right.mean()),
            "split": "test",
            "macs": reference.static.macs,
            "design": say.static(reference),
        },
        "bars": bars(compared, modes.balanced, pricing, say),
        "static_by_test_alone": bar(
            "static_by_test_alone",
            compared.static_by_test_alone_max_clocks,
            say.static(compared.static_by_test_alone.record),
            pricing,
        ),
        "oracle": bar("oracle", compared.oracle, say.design(modes.balanced), pricing),
        "macs": {"static": compared.static.record.static.macs, "exits": compared.exits_best_clocks.macs},
        "certificate": None if modes.certified is None else modes.certified.to_json(),
        "modes": [
            mode_result(
                name,
                chosen,
                on_select[name],
                judge.outcome(chosen),
                answers.of_design(chosen),
                full_right,
                data,
                pricing,
                say,
            )
            for name, chosen in modes.items()
        ],
        "fronts": fronts(searched.records, searched.results, searched.finals, solver),
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
    on_test = {name: judge.outcome(chosen) for name, chosen in modes.items()}
    if rows := limits_result(modes.items(), on_select, on_test, solver):
        results["limits"] = rows
    with steps.step("robustness", "Corrupted images") as tick:
        full = searched.finalists[reference.genome].exited
        alone = deployed_full_network(settings, searched)
        static_j = float(pricing.static(alone).energy_j[0, modes.balanced.design.point])
        results["robustness"] = robustness_step(folder.bundle, DEFAULT_MODE, full, static_j, data, settings.seed, tick)
        results["timing_s"] = dict(steps.seconds)
    if searched.search is not None:
        results["search"] = searched.search
    if searched.predicted is not None:
        results["predictor"] = searched.predicted
    if searched.lowered:
        results["precision"] = precision_result(settings, searched, judge)
    _hand_over(results, folder)
    if measure is not None:
        static = static_network(compared.static.record, searched.finalists, searched.backbones, pricing)
        results["measured"] = measure_step(measure, folder, results, static, steps, programs or Programs())
        results["timing_s"] = dict(steps.seconds)
        _hand_over(results, folder)
    return results


def _hand_over(results: dict[str, Any], folder: RunFolder) -> None:
    write_text(folder.results, json.dumps(results, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    write_report(results, folder.report)


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
        costs = pricing.exited(chosen.chain).stage_costs(chosen.design.mask)
        played = on_select[name].replay
        shares = np.ones(1) if played is None else played.exit_shares
        allowed = searched.solver.limits.points
        promises[name] = promise_of(costs, shares, chosen.design.point, pricing, allowed)
    provenance = {
        "tool": f"edge-codesign {version('edge-codesign')}",
        "settings": settings.to_json(),
        "data": {"name": data.name, "fingerprint": data.fingerprint},
        "backbones": searched.origin,
    }
    return write_and_verify(
        folder.bundle,
        [(name, chosen, on_select[name]) for name, chosen in modes.items()],
        {} if modes.certified is None else {CERTIFIED_MODE: modes.certified.to_json()},
        searched.finalists,
        data,
        promises,
        board=settings.board,
        device=settings.device,
        requests_per_s=rate,
        provenance=provenance,
        precision=settings.precision,
        expected=expected_by_mode(modes.items(), searched, folder.path),
    )
