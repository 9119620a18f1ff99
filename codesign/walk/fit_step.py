"""Fits a predictor for a board: opens what measures, runs the loop, writes what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from rich.console import Console

from codesign.predict.fitting.depth_bins import DepthBins
from codesign.predict.fitting.loop import run_loop
from codesign.predict.fitting.measurer import Measurer
from codesign.predict.fitting.rules import LoopRules
from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.errors import ConfigError
from runtime.measure.plan import Quality

from .fit_best import with_best_model
from .fit_clocks import DEFAULT, measured_point, simulated_point
from .fit_folder import FitFolder, write_results
from .fit_journal import open_journal
from .fit_measured import LATENCY, MeasuredCosts
from .fit_models import BEST, FitModel
from .fit_networks import FitNetworks, fit_networks
from .fit_simulated import SimulatedCosts
from .fit_watch import FitWatch
from .fit_where import ASKED_CLOCKS, measured_where, simulated_where
from .measure_run import Programs
from .measure_target import MeasureTarget
from .run_folder import clear_storage_errors


@dataclass(frozen=True, slots=True)
class FitSettings:
    """What was asked for. Either a simulated board or a place to measure."""

    space: str
    model: FitModel
    rules: LoopRules
    cost: str = LATENCY
    board: str | None = None
    device: str = "gpu"
    target: MeasureTarget | None = None
    passes: int = 1
    runs: int = 150
    keep: float = 0.6
    image: tuple[int, int] = (32, 32)  # height and width that backbones of a supernet take
    classes: int = 10  # likewise, that they tell apart
    clocks: str = DEFAULT
    plan_rules: Mapping[str, Any] = field(default_factory=dict)  # more changes to the plan; tests measure less

    def __post_init__(self) -> None:
        if (self.board is None) == (self.target is None):
            raise ConfigError(
                "costs come either from a simulated board or from measuring",
                to_do="give --board NAME, or --measure local, or --measure ssh://user@host",
            )
        if self.passes < 1 or self.runs < 10 or not 0.0 < self.keep <= 1.0:
            raise ConfigError(
                f"passes={self.passes}, runs={self.runs}, keep={self.keep} measure nothing",
                to_do="give at least 1 pass of at least 10 runs, and keep a share of them",
            )


@dataclass(frozen=True, slots=True)
class FitResult:
    """Where everything is, and the report."""

    folder: FitFolder
    report: Mapping[str, Any]


def fit_predictor(
    settings: FitSettings, out: Path, console: Console | None = None, programs: Programs | None = None
) -> FitResult:
    """Run the loop in a folder; a run that was interrupted there goes on.

    Raises:
        ConfigError: an unknown space or board, or the folder holds a run of other settings.
        BoardError: measuring fails; what was measured is kept.
        StorageError: the folder cannot be written, or is damaged.
    """
    networks = fit_networks(settings.space, settings.image, settings.classes)
    folder = FitFolder(out)
    measurer = _measurer(settings, networks, folder, programs or Programs())
    with clear_storage_errors(out):
        out.mkdir(parents=True, exist_ok=True)
    bins = DepthBins.equal(networks.source.depths, settings.rules.bins)
    how = f"{settings.model.name} from {settings.rules.sampling} samples"
    title = f"{networks.name}, {settings.cost}, {measurer.kind}: {how}"
    watch = FitWatch(bins, settings.rules.bin_accuracy, title, console)
    with open_journal(folder.journal, _decisive(settings, networks, measurer)) as journal, watch.shown():
        predictor = settings.model.make(networks.genes)
        outcome = run_loop(networks.source, settings.rules, predictor, measurer, journal, watch)
        batches = journal.batches()
        model, standings = settings.model, list[dict[str, Any]]()
        if model.name == BEST:
            model, outcome, standings = with_best_model(networks, settings.rules, outcome, watch.tick)
    if outcome.set_aside:
        watch.say(f"{outcome.set_aside} designs were noisy, and are left out of training and test")
    report = write_results(
        folder,
        networks,
        model,
        settings.rules,
        outcome,
        batches,
        settings.cost,
        measurer.kind,
        _where(settings, folder),
        standings,
    )
    return FitResult(folder, report)


def _measurer(settings: FitSettings, networks: FitNetworks, folder: FitFolder, programs: Programs) -> Measurer:
    if settings.target is None:
        board = profile(str(settings.board))
        point = None if settings.clocks == DEFAULT else simulated_point(settings.clocks, board, settings.device)
        simulated = SimulatedBoard(board, settings.device)
        return SimulatedCosts(networks, simulated, settings.cost, settings.rules.seed, point=point)
    rules = {
        "runs": settings.runs,
        "keep": settings.keep,
        # Batches have reference designs of their own; the records' check is for what happens within one.
        "quality": replace(Quality(), every=10, max_spread=settings.rules.max_spread),
    } | dict(settings.plan_rules)
    return MeasuredCosts(
        networks,
        settings.target,
        settings.cost,
        folder.plans,
        settings.passes,
        rules,
        programs,
        point=measured_point(settings.clocks),
    )


def _decisive(settings: FitSettings, networks: FitNetworks, measurer: Measurer) -> dict[str, Any]:
    """All that decides which designs are measured, and how; flat, so that a difference can be named."""
    where = str(settings.target) if settings.target is not None else measurer.hardware
    return {
        "space": networks.decisive(),
        "where": where,
        "cost": settings.cost,
        "model": f"{settings.model.name}:{settings.model.encoding}",
        "passes": settings.passes,
        "runs": settings.runs,
        "keep": settings.keep,
        "clocks": settings.clocks,
        **settings.rules.to_json(),
    }


def _where(settings: FitSettings, folder: FitFolder) -> dict[str, str]:
    if settings.target is None:
        board = profile(str(settings.board))
        point = simulated_point(settings.clocks, board, settings.device)
        return simulated_where(SimulatedBoard(board, settings.device), point)
    measuring = {
        ASKED_CLOCKS: settings.clocks,
        "passes": str(settings.passes),
        "runs": str(settings.runs),
        "keep": str(settings.keep),
    }
    return measured_where(folder.plans) | measuring
