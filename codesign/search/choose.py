"""Pick designs from fronts: the cheapest that keeps to an accuracy requirement."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from codesign.policy.averaging import NONE, Averaging
from codesign.policy.exit_log import ExitLog
from codesign.policy.expected_change import expected_change
from codesign.policy.replay import Replay, replay
from codesign.policy.requirement import Requirement
from codesign.policy.selection import policy_of, selected_candidates
from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.exit_policy import ExitPolicy

from .backbone_record import BackboneRecord
from .chain_solver import ChainSolver
from .inner_front import InnerDesign
from .ledger import Chain, ChainResult

Pick = Callable[[Sequence[ChainResult], Sequence[Requirement]], "ChosenDesign | None"]  # cheapest that meets all


@dataclass(frozen=True, slots=True)
class ChosenDesign:
    """One design with the policy that goes into the bundle; a backbone that is never run is not in its chain."""

    chain: Chain
    design: InnerDesign
    policy: ExitPolicy
    averaging: Averaging = NONE


def without_unused(chain: Chain, mask: int) -> tuple[Chain, int]:
    """The backbones that are really run (those in which an exit is kept, and the last), and their mask."""
    used, of_used, bits = [], 0, 0
    for number, record in enumerate(chain):
        candidates = len(record.works.heads)
        own, mask = mask & ((1 << candidates) - 1), mask >> candidates
        if own or number == len(chain) - 1:
            used.append(record)
            of_used |= own << bits
            bits += candidates
    return tuple(used), of_used


def right_answers(outcome: Replay, log_correct: BoolArray, mask: int) -> BoolArray:
    """(samples,): whether the policy's answer was right."""
    kept = selected_candidates(mask, len(log_correct))
    right: BoolArray = log_correct[kept[outcome.exits_taken], np.arange(log_correct.shape[1])]
    return right


def by_energy(results: Sequence[ChainResult], solver: ChainSolver, requirement: Requirement) -> Iterator[ChosenDesign]:
    """All designs that keep to the requirement on `select`, cheapest first."""
    rows = [
        (float(result.front.energy_j[row]), number, row)
        for number, result in enumerate(results)
        if result.front is not None
        for row in np.flatnonzero(result.front.accuracy >= requirement.min_accuracy - 1e-12).tolist()
    ]
    prepared: dict[int, tuple[ExitLog, FloatArray]] = {}
    for _, number, row in sorted(rows):
        result = results[number]
        if result.front is None:
            continue
        if number not in prepared:
            log = _with_change(solver.log(result.chain), [requirement])
            prepared[number] = log, solver.thresholds(result.chain)
        log, thresholds = prepared[number]
        design = result.front.design(row)
        policy = policy_of(design.mask, thresholds[design.level], log.score)
        if meets_all(log, design.mask, policy, [requirement]):
            chain, mask = without_unused(result.chain, design.mask)
            yield ChosenDesign(chain, replace(design, mask=mask), policy)


def meets_all(log: ExitLog, mask: int, policy: ExitPolicy, wanted: Sequence[Requirement]) -> bool:
    """Whether a policy keeps to every requirement on the log of its design, in what is counted and what is expected."""
    told = replay(log, mask, policy)
    right = right_answers(told, log.correct, mask)
    if not all(requirement.met_by(right) for requirement in wanted):
        return False
    change = _with_change(log, wanted).change
    if change is None:
        return True
    expected = change.at(selected_candidates(mask, log.candidates)[told.exits_taken])
    return all(requirement.met_by(right, expected) for requirement in wanted)


def _with_change(log: ExitLog, wanted: Sequence[Requirement]) -> ExitLog:
    """The log with what its candidates are expected to change, if anybody asks and it is not there yet."""
    asking = next((one for one in wanted if one.max_expected_loss is not None), None)
    if asking is None or log.change is not None:
        return log
    return replace(log, change=expected_change(log.entropy_nats, log.correct, asking.reference_right))


def meeting(
    results: Sequence[ChainResult], solver: ChainSolver, wanted: Sequence[Requirement]
) -> Iterator[ChosenDesign]:
    """Designs as the solver left them that keep to every requirement on `select`, cheapest first."""
    for chosen in by_energy(results, solver, wanted[0]):
        if meets_all(solver.log(chosen.chain), chosen.design.mask, chosen.policy, wanted[1:]):
            yield chosen


def full_network(records: Sequence[BackboneRecord]) -> BackboneRecord:
    """What a loss is counted against: the most accurate static network on `select`; the smaller one of equals."""
    return max(records, key=lambda record: (record.accuracy, -record.static.macs, record.name))


def static_by_energy(
    records: Sequence[BackboneRecord], solver: ChainSolver, requirement: Requirement
) -> list[BackboneRecord]:
    """Static networks that keep to the requirement, cheapest at default clocks first."""
    pricing = solver.pricing
    meeting = [record for record in records if requirement.met_by(record.log.correct[-1])]
    return sorted(meeting, key=lambda record: (float(pricing.static(record).energy_j[0, pricing.default]), record.name))
