"""Backbone records made up for tests: work that grows with `size`, exits that are right more often with `skill`."""

from __future__ import annotations

import numpy as np

from codesign.policy.exit_log import ExitLog
from codesign.search.backbone_record import BackboneRecord, Genome
from codesign.search.chain_solver import ChainSolver
from codesign.search.chain_works import BackboneWorks
from codesign.search.inner import EnergyKind
from codesign.search.inner_grid import InnerLimits
from codesign.search.pricing import Pricing
from runtime.contract.cost import StageWork
from runtime.contract.work import NO_WORK, Work
from tests.codesign.policy.logs import CLASSES
from tests.codesign.search.chains import FormulaBoard, operating_points

SAMPLES = 80
POINTS = tuple(operating_points(2))


def log_of(candidates: int, skill: float, seed: int, samples: int = SAMPLES) -> ExitLog:
    """Answers on the same samples whatever the seed; the seed varies what the exits make of them."""
    shared = np.random.default_rng(7)
    labels, hardness = shared.integers(0, CLASSES, samples), shared.normal(size=samples)
    depth = np.linspace(0.5, 1.0, candidates)[:, None]
    noise = np.random.default_rng(seed).normal(size=(candidates, samples))
    margin = 2.0 * skill * depth - hardness + 0.4 * noise
    predictions = np.where(margin > 0.0, labels, (labels + 1) % CLASSES)
    entropy_nats = np.log(CLASSES) / (1.0 + np.exp(2.0 * np.abs(margin)))
    return ExitLog(entropy_nats, predictions, labels)


def record(
    genome: Genome, *, size: float = 1.0, skill: float = 0.8, candidates: int = 3, seed: int = 0
) -> BackboneRecord:
    """A backbone of as many equal segments as candidates, with heads of a tenth of one."""
    segment = (Work(4e6 * size, 2e6 * size, 2e5), Work(2e6 * size, 1e6 * size, 1e5))
    head = Work(4e5 * size, 2e5 * size, 3e4)
    works = BackboneWorks((segment,) * candidates, (*(head,) * (candidates - 1), NO_WORK))
    return BackboneRecord(genome, works, StageWork(segment * candidates), log_of(candidates, skill, seed))


def pricing() -> Pricing:
    """Eight operating points; by default the slowest of them, at most the fastest."""
    return Pricing(FormulaBoard(), POINTS, default=POINTS[0], fastest=POINTS[-1])


def solver(limits: InnerLimits | None = None, *, levels: int = 8, energy: EnergyKind = "back_to_back") -> ChainSolver:
    """Over all exits and points, without limits unless given."""
    return ChainSolver(pricing(), limits or InnerLimits(), levels, energy)
