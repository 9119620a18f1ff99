"""From a finished run and what its bundle really cost in the field to refined modes: same networks, other prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from codesign.policy.replay import replay
from codesign.refine.cost_equations import CostEquations, Scales
from codesign.refine.difference import difference
from codesign.refine.left_out import Wanted
from codesign.refine.observations import KINDS, LEAST_ROWS, observations_of
from codesign.refine.read_served import read_served
from codesign.refine.refined_board import refined_board
from codesign.refine.resolve import LEAST_SAVING, Bench, Resolved, bench_of, resolved, results_of
from codesign.refine.served_costs import Ask, Served, ServedCosts
from codesign.refine.served_mix import Reported, effective_samples, mix_weights
from codesign.refine.spending import Run
from codesign.refine.update import Posterior, updated
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_works import stages_of
from codesign.search.choose import ChosenDesign
from codesign.search.ledger import ChainResult
from codesign.search.polish import Polisher
from runtime.boards.board_profile import BoardProfile
from runtime.boards.profile import profile
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageWork
from runtime.contract.errors import ConfigError, DataError
from runtime.contract.manifest import Manifest
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .certify_step import CERTIFIED_MODE
from .choose_step import DEFAULT_MODE, MODE_LOSSES, laxer_modes, requirement
from .compile import Walked
from .refined_certificate import NewImages, refined_certificate
from .search_step import polisher_of
from .served_modes import ServedModes, design_json
from .settings import Settings

UNEXPLAINED = 0.06  # standard deviation of a cell's logarithm
FEW = 100.0  # evenly weighted images: with fewer, the served mix is unlike anything that was labelled


@dataclass(frozen=True, slots=True)
class RefineOptions:
    """What a user asks of a refinement. Raises ConfigError on a value that cannot be meant."""

    least_rows: int = LEAST_ROWS
    least_saving: float = LEAST_SAVING
    unit: str | None = None  # a bundle for this unit alone
    since_us: int | None = None
    until_us: int | None = None

    def __post_init__(self) -> None:
        if self.least_rows < 1:
            raise ConfigError(f"--min-rows must be at least 1, got {self.least_rows}")
        if not 0 <= self.least_saving < 1:
            raise ConfigError(
                f"--min-saving is a share between 0 and 1, got {self.least_saving}", to_do="one per cent is 0.01"
            )


@dataclass(frozen=True, slots=True)
class Refinement:
    """What was learnt, and what becomes of each mode."""

    parent: Manifest
    served: ServedCosts
    posterior: Posterior
    bench: Bench
    found: Mapping[str, Resolved]
    certificate: Mapping[str, Any] | None  # of the certified mode, as a bundle carries it
    told: dict[str, Any]  # for scripts and people
    withdrawn: tuple[str, ...] = ()  # modes of the bundle that new images do not bear out

    @property
    def changed(self) -> bool:
        """Whether anything is worth a new bundle."""
        return bool(self.withdrawn) or any(found.changed for found in self.found.values())


def refined(
    settings: Settings,
    walked: Walked,
    bundles: Sequence[ServedModes],
    ask: Ask,
    options: RefineOptions,
    new: NewImages | None = None,
) -> Refinement:
    """Learn from the collected set, and solve again.

    Args:
        bundles: that were served, at least one; the last is what is refined.
        ask: SQL over the collected set.
        new: labelled images, to certify on instead of the run's own.
    Raises:
        ConfigError: the unit never reported.
        DataError: the set says nothing of these bundles.
    """
    now = bundles[-1]
    parent = now.manifest
    board, polisher = profile(settings.board), polisher_of(walked.searched)
    chosen = _chosen(bundles)
    served = _heard(ask, settings, walked, chosen, board, options)
    designs = {served_as: _stages(design) for served_as, design in chosen.items()}
    equations = CostEquations.of(board, settings.device, _works(chosen), _scales(walked, chosen))
    posterior = updated(equations, observations_of(served, designs, equations, options.least_rows))
    weights = _weights(walked, served, polisher, chosen)
    remarks = (
        f"Refined: {served.rows:,} images of {len(served.units)} units, served at "
        f"{len(served.points)} operating points corrected the terms below.",
    )
    shipped = polisher.solver.pricing.model
    model = refined_board(posterior, f"{shipped.hardware}; refined by what was served", remarks, options.unit)
    bench = bench_of(posterior, model, polisher, weights, _anchor(now, served, polisher, weights))
    results = results_of([design.chain for design in now.chosen.values()], bench.doubtful.solver)
    found = {name: _resolve(name, walked, now, settings, bench, results, options) for name in MODE_LOSSES}
    notes = [*_mix_notes(weights), *_fit_notes(posterior)]
    certificate: Mapping[str, Any] | None = None
    if CERTIFIED_MODE in now.chosen:
        kept, sentence = refined_certificate(
            walked, now, settings, bench, results, new, least_saving=options.least_saving, unit=options.unit
        )
        notes += [sentence] if sentence else []
        if kept is not None:
            found[CERTIFIED_MODE], certificate = kept.found, kept.certificate
    elif new is not None:
        notes.append("The new images were not used: to certify on them takes a bundle with a certified mode.")
    told = difference(served, posterior, bench, found, parent.bundle_id, notes)
    for row in told["modes"]:
        row["design"] = design_json(found[row["mode"]].after)
    withdrawn = tuple(sorted(now.chosen.keys() - found.keys()))
    return Refinement(parent, served, posterior, bench, found, certificate, told, withdrawn)


def _chosen(bundles: Sequence[ServedModes]) -> dict[Served, ChosenDesign]:
    """Every design that was served."""
    return {(each.manifest.bundle_id, name): design for each in bundles for name, design in each.chosen.items()}


def _heard(
    ask: Ask,
    settings: Settings,
    walked: Walked,
    chosen: Mapping[Served, ChosenDesign],
    board: BoardProfile,
    options: RefineOptions,
) -> ServedCosts:
    throttle_c = next(p.values[0] for p in board.thermal if p.name == "throttle_c")
    stages = {served_as: design.policy.stages for served_as, design in chosen.items()}
    wanted = Wanted(
        settings.board,
        stages,
        walked.searched.solver.pricing.points,
        throttle_c,
        options.since_us,
        options.until_us,
    )
    served = read_served(ask, wanted)
    if not served.times:
        reasons = "; ".join(f"{count:,} rows: {why}" for why, count in served.left_out.items()) or "it holds no rows"
        raise DataError(
            f"the telemetry says nothing of the run's bundle on {settings.board}: {reasons}",
            to_do="give the run whose bundle was served, and the set that its boards were collected into",
        )
    if options.unit is not None and options.unit not in served.units:
        raise ConfigError(
            f"unit {options.unit!r} reported nothing that can be used",
            where="--unit",
            to_do=f"use one of {', '.join(served.units[:8])}",
        )
    return served


def _stages(chosen: ChosenDesign) -> tuple[StageWork, ...]:
    return tuple(stages_of([record.works for record in chosen.chain], chosen.design.mask))


def _records(chosen: Mapping[Served, ChosenDesign]) -> tuple[BackboneRecord, ...]:
    """The served networks."""
    return tuple({record.name: record for design in chosen.values() for record in design.chain}.values())


def _works(chosen: Mapping[Served, ChosenDesign]) -> list[Work]:
    """Every piece that any design of the served networks may run."""
    return [
        work
        for record in _records(chosen)
        for work in (*(block for segment in record.works.segments for block in segment), *record.works.heads)
    ]


def _scales(walked: Walked, chosen: Mapping[Served, ChosenDesign]) -> Scales:
    """What a predictor had made of the board's model, piece by piece; two networks' shared pieces go by the last."""
    pricing = walked.searched.solver.pricing
    found: dict[Work, tuple[float, float]] = {}
    for record in _records(chosen):
        factors = pricing.factors(record)
        pieces = (*(block for segment in record.works.segments for block in segment), *record.works.heads[:-1])
        found |= dict.fromkeys(pieces, (factors.latency, factors.energy / factors.latency))
    return found


def _weights(
    walked: Walked, served: ServedCosts, polisher: Polisher, chosen: Mapping[Served, ChosenDesign]
) -> FloatArray:
    """(samples,) of `select`, so that its images leave where served ones do."""
    reported = []
    for served_as, design in chosen.items():
        if (images := served.exits.get(served_as)) is not None:
            taken = replay(polisher.log(design), design.design.mask, design.policy).exits_taken
            reported.append(Reported(taken, images))
    return mix_weights(walked.searched.reference.log.samples, reported)


def _mix_notes(weights: FloatArray) -> list[str]:
    told = effective_samples(weights)
    if told >= min(FEW, 0.5 * len(weights)):
        return []
    return [
        f"Served images leave so differently that the labelled ones speak for them like {told:.0f} even ones: "
        "label some from the field, and give them with --data."
    ]


def _fit_notes(posterior: Posterior) -> list[str]:
    """Where factors on terms, pieces and clocks leave cells unexplained, the equations themselves are wrong."""
    return [
        f"{what.capitalize()} of served cells still scatters by {sd:.0%}, which neither terms nor clocks explain: "
        "measure, fit a predictor (codesign fit) and compile with it."
        for what, sd in zip(KINDS, np.sqrt(posterior.variances.noise), strict=True)
        if sd > UNEXPLAINED
    ]


def _anchor(now: ServedModes, served: ServedCosts, polisher: Polisher, weights: FloatArray) -> Run:
    """The default mode at the clocks that most images were served at."""
    chosen = now.chosen[DEFAULT_MODE]
    log = polisher.log(chosen)
    shares = replace(polisher, weights=weights).shares(log, chosen.design.mask, chosen.policy)
    images: dict[OperatingPoint, int] = {}
    for cell in served.times:
        images[cell.point] = images.get(cell.point, 0) + cell.rows
    return Run(_stages(chosen), shares, max(images, key=lambda point: images[point]))


def _resolve(
    name: str,
    walked: Walked,
    now: ServedModes,
    settings: Settings,
    bench: Bench,
    results: list[ChainResult],
    options: RefineOptions,
) -> Resolved:
    reference = walked.searched.reference.log.correct[-1]
    wanted = [requirement(reference, settings.max_accuracy_loss, other) for other in laxer_modes(name)]
    found = bench.doubtful.best(results, wanted)
    return resolved(now.chosen[name], bench, found, least_saving=options.least_saving, unit=options.unit)
