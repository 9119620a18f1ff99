"""Backbones near the front that the predictor is least sure of are measured, and it is fitted again with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from rich.markup import escape

from codesign.predict.accuracy.supernet_genes import designs_of
from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.predictor_file import write_predictor
from codesign.predict.fitting.measurer import Readings
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver
from codesign.search.ledger import ChainResult
from codesign.search.pricing import Pricing
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import ConfigError
from runtime.contract.fingerprint import json_sha256
from runtime.contract.kind import Kind
from runtime.measure.plan import Quality

from .fit_clocks import DEFAULT, measured_point
from .fit_measured import MeasuredCosts
from .fit_models import makers
from .fit_where import ASKED_CLOCKS
from .measure_run import Programs
from .measure_target import MeasureTarget
from .progress import Steps
from .run_folder import RunFolder
from .search_predictor import SearchPredictor

NEAR_FRONT = 1.1  # times the least energy known for at least that accuracy
REFIT = 103  # stream of random numbers


@dataclass(frozen=True, slots=True)
class Refitted:
    """The search with what was measured taken into account; solver and results are the given ones where nothing was."""

    solver: ChainSolver
    results: list[ChainResult]
    told: dict[str, Any]  # `measured` of the results' `predictor`


def near_front(results: Sequence[ChainResult]) -> list[BackboneRecord]:
    """Backbones of chains that have a design near the front over accuracy and energy, each once."""
    solved = [(result.chain, result.front) for result in results if result.front is not None]
    if not solved:
        return []
    accuracy = np.concatenate([front.accuracy for _, front in solved])
    energy_j = np.concatenate([front.energy_j for _, front in solved])
    order = np.argsort(accuracy)
    least_j = np.minimum.accumulate(energy_j[order][::-1])[::-1]  # of all at least as accurate
    first = np.searchsorted(accuracy[order], accuracy)
    near = energy_j <= NEAR_FRONT * least_j[first]
    found: dict[str, BackboneRecord] = {}
    start = 0
    for chain, front in solved:
        end = start + len(front.accuracy)
        if near[start:end].any():
            found |= {record.name: record for record in chain}
        start = end
    return list(found.values())


def least_certain(predictor: SearchPredictor, records: Sequence[BackboneRecord], count: int) -> list[BackboneRecord]:
    """Those outside the predictor's range first, then those of the widest relative intervals."""
    found = predictor.predict([record.genome for record in records])
    width = (found.high - found.low) / found.mean

    def certainty(number: int) -> tuple[bool, float, str]:
        return not found.outside[number], -float(width[number]), records[number].name

    return [records[number] for number in sorted(range(len(records)), key=certainty)[:count]]


def measure_uncertain(
    predictor: SearchPredictor,
    board: Pricing,
    solver: ChainSolver,
    results: list[ChainResult],
    target: MeasureTarget,
    count: int,
    folder: RunFolder,
    steps: Steps,
    programs: Programs,
    rules: dict[str, Any] | None = None,
) -> Refitted:
    """Measure them alone, without exits, as the fit measured; fit again where those costs can be put together.

    Args:
        board: the prices of the board's model alone.
        rules: changes to the plan's own; tests measure less.
    Raises:
        BoardError: the board cannot be reached, or measuring fails there; what was measured is kept in the folder.
    """
    chosen = least_certain(predictor, near_front(results), count)
    genomes = [record.genome for record in chosen]
    designs = designs_of(predictor.networks.space, genomes)
    provenance = predictor.saved.provenance
    plan_rules = {
        "runs": int(provenance.get("runs", "150")),
        "keep": float(provenance.get("keep", "0.6")),
        "quality": replace(Quality(), every=10),
    } | (rules or {})
    plans = folder.path / "uncertain" / json_sha256([record.name for record in chosen])[:16]
    passes = int(provenance.get("passes", "1"))
    point = measured_point(provenance.get(ASKED_CLOCKS, DEFAULT))
    measurer = MeasuredCosts(
        predictor.networks, target, predictor.cost, plans, passes, plan_rules, programs, point=point
    )
    with steps.step("uncertain", f"Measuring {len(chosen)} backbones on {target}") as tick:
        found = measurer.measure(designs, designs[:0], 0, 0, tick)
    why_not = _why_not(predictor, measurer.hardware, found)
    again = predictor
    if why_not is None:
        with steps.step("refit", "Fitting again") as tick:
            again = _refitted(predictor, designs[~found.noisy], found.costs[~found.noisy])
            write_predictor(folder.path / "refitted_predictor.npz", again.saved)
            solver = replace(solver, pricing=again.priced(board))
            results = _solved_again(results, solver, tick)
    told = _told(predictor, again, chosen, found, measurer.hardware, str(target), why_not)
    for row in told["rows"]:
        steps.say(f"  [dim]{escape(said(row, predictor.saved.cost_unit))}")
    steps.say(f"  Least certain backbones: predicted {told['mean_error']:.1%} away from measured, in the mean")
    if why_not is not None:
        steps.say(f"  [yellow]{escape(f'Not fitted again: {why_not}.')}")
    return Refitted(solver, results, told)


def said(row: dict[str, Any], unit: str) -> str:
    """One backbone in a line."""
    small = {"s": (1e3, "ms"), "j": (1e3, "mJ")}[unit]
    predicted, low, high, measured = (row[name] * small[0] for name in ("predicted", "low", "high", "measured"))
    remarks = [*(["outside its range"] if row["outside"] else []), *(["noisy"] if row["noisy"] else [])]
    note = f" ({', '.join(remarks)})" if remarks else ""
    return (
        f"{row['name']}: {measured:.3f} {small[1]} measured, {predicted:.3f} ({low:.3f} to {high:.3f}) predicted{note}"
    )


def _why_not(predictor: SearchPredictor, on: str, found: Readings) -> str | None:
    if predictor.costs_kind != Kind.MEASURED.value:
        return f"the predictor was fitted on {predictor.costs_kind} costs, which measured ones cannot join"
    if predictor.saved.provenance["on"] != on:
        return f"the predictor was fitted on {predictor.saved.provenance['on']}, this was measured on {on}"
    if predictor.table is None:
        return "the costs it was fitted on do not lie beside its file (give the folder of the fit)"
    return "every reading was noisy" if found.noisy.all() else None


def _refitted(predictor: SearchPredictor, designs: np.ndarray[Any, Any], costs: FloatArray) -> SearchPredictor:
    if predictor.table is None:
        raise ConfigError("the costs that the predictor was fitted on are not there", to_do="give the fit's folder")
    saved, table = predictor.saved, read_cost_table(predictor.table)
    known = table.latency_s[0] if saved.cost_unit == "s" or table.energy_j is None else table.energy_j[0]
    rng = np.random.default_rng((int(saved.provenance.get("seed", "0")), REFIT))
    everything = np.concatenate([table.genome, designs])
    fitted = makers()[saved.model](saved.genes, saved.encoding).fit(everything, np.concatenate([known, costs]), rng)
    provenance = {**saved.provenance, "samples": str(len(everything))}
    return replace(predictor, saved=replace(saved, fitted=fitted, provenance=provenance))


def _solved_again(results: Sequence[ChainResult], solver: ChainSolver, tick: Any) -> list[ChainResult]:
    """Every chain that had been solved, its backbones in the order of their new prices."""
    found = []
    for number, result in enumerate(results):
        tick(number, len(results), "fronts")
        chain = solver.pricing.ordered(result.chain)
        found.append(ChainResult(chain, None if result.front is None else solver(chain)))
    return found


def _told(
    before: SearchPredictor,
    after: SearchPredictor,
    chosen: Sequence[BackboneRecord],
    found: Readings,
    on: str,
    target: str,
    why_not: str | None,
) -> dict[str, Any]:
    genomes = [record.genome for record in chosen]
    predicted, refitted = before.predict(genomes), after.predict(genomes)
    rows = [
        {
            "name": record.name,
            "predicted": float(predicted.mean[number]),
            "low": float(predicted.low[number]),
            "high": float(predicted.high[number]),
            "outside": bool(predicted.outside[number]),
            "measured": float(found.costs[number]),
            "noisy": bool(found.noisy[number]),
            "refitted": float(refitted.mean[number]) if why_not is None else None,
        }
        for number, record in enumerate(chosen)
    ]
    return {
        "target": target,
        "kind": Kind.MEASURED.value,
        "on": on,
        "why_not_refitted": why_not,
        "mean_error": float(np.mean(np.abs(predicted.mean / found.costs - 1.0))),
        "rows": rows,
    }
