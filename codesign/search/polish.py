"""Polish the designs of a front: thresholds of their own for every exit, and answers that count in earlier ones.

The exact solver draws all thresholds from one dial and takes each exit's answer by itself. With exits and clocks
fixed, both can be better: answers are averaged, and each threshold is put where it costs least when a fault has its
price, faults being those that are *expected* (`policy.likely_labels`), which other images confirm better than those
that were counted. What decides is still a requirement on the labels of `select`, with its margin, and the limits that
a user stated.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain, islice

import numpy as np

from codesign.policy.averaging import NONE, Averaging, averaged_log
from codesign.policy.exit_log import ExitLog
from codesign.policy.expected_change import expected_change
from codesign.policy.likely_labels import likely_labels
from codesign.policy.refine import PRICES, Fault, priced_path
from codesign.policy.replay import replay
from codesign.policy.requirement import Requirement
from codesign.policy.selection import selected_candidates
from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.exit_policy import ExitPolicy

from .backbone_record import BackboneRecord, Genome
from .chain_solver import ChainSolver
from .choose import ChosenDesign, by_energy, meeting, meets_all
from .constraints import broken, figures, stated
from .ledger import ChainResult

# Larger weights were no better on CIFAR-10.
AVERAGINGS = (NONE, Averaging(0.3), Averaging(0.6), Averaging(0.3, at_the_end=True))
POOL = 40  # sets of exits that are polished, the cheapest first
READY = 28  # of them at most, those that are accurate enough as they are
CAUTIOUS_STEP = 3  # every third price will do for policies that are added
SLACK = 0.01  # accuracy by which a design may miss before it is polished: averaging gives back up to this much

Logits = Callable[[BackboneRecord], FloatArray]  # (candidates, samples, classes) on `select`
Met = Callable[[ExitLog, int, ExitPolicy], bool]


@dataclass(frozen=True, slots=True)
class _Path:
    """Policies of a design that are each best at some price of a fault, the cheapest first."""

    log: ExitLog  # of the kept candidates alone
    mask: int
    policies: list[tuple[float, ExitPolicy]]  # with the joules expected on `select`


@dataclass(frozen=True, slots=True)
class Polisher:
    """What polishing needs besides a design."""

    solver: ChainSolver
    logits: Logits
    averagings: Sequence[Averaging] = AVERAGINGS
    reference: BackboneRecord | None = None  # the full network that harm is counted against; None: a chain's last one
    starts: tuple[Genome, ...] = ()  # backbones whose designs alone are polished too, so that none of them is missed
    weights: FloatArray | None = None  # (samples,), how much each counts for energy, never for accuracy; None: alike
    # What was found once serves all that is wanted: policies by design and averaging, labels' chances by chain.
    paths: dict[tuple[object, ...], _Path] = field(default_factory=dict, repr=False, compare=False)
    likely: dict[tuple[str, ...], FloatArray] = field(default_factory=dict, repr=False, compare=False)

    def log(self, chosen: ChosenDesign) -> ExitLog:
        """What the stages of a design answer on `select`, averaging included."""
        logits = np.concatenate([self.logits(record) for record in chosen.chain])
        own = chosen.chain[0].log
        log = averaged_log(logits, own.labels, chosen.design.mask, chosen.averaging, own.score)
        return log if self.reference is None else replace(log, full=self.reference.log.predictions[-1])

    def _stages(self, chosen: ChosenDesign) -> tuple[ExitLog, int]:
        """What the kept candidates alone answer, with how likely each label is, and the mask that keeps all of them."""
        logits = np.concatenate([self.logits(record) for record in chosen.chain])
        kept = logits[selected_candidates(chosen.design.mask, len(logits))]
        mask = (1 << (len(kept) - 1)) - 1
        own, names = chosen.chain[0].log, tuple(record.name for record in chosen.chain)
        if names not in self.likely:
            self.likely[names] = likely_labels(logits, own.labels)
        log = averaged_log(kept, own.labels, mask, chosen.averaging, own.score)
        full = log.full if self.reference is None else self.reference.log.predictions[-1]
        log = replace(log, full=full, likely=self.likely[names])
        return replace(log, change=expected_change(log.entropy_nats, log.correct, log.full_right)), mask

    def best(self, results: Sequence[ChainResult], wanted: Sequence[Requirement]) -> ChosenDesign | None:
        """The cheapest polished design that meets every requirement; None where none does.

        Under limits no polished one may be left where one is as the solver left it: then that one.
        """

        def met(log: ExitLog, mask: int, policy: ExitPolicy) -> bool:
            return meets_all(log, mask, policy, wanted)

        # The strictest: a pool of what the laxest allows would be full of designs too bold to be polished into it.
        loss = min(requirement.max_loss for requirement in wanted)
        expected = [one.max_expected_loss for one in wanted if one.max_expected_loss is not None]
        bold = min(expected) + SLACK if expected else None
        lax = replace(wanted[0], max_loss=loss + SLACK, standard_errors=0.0, max_expected_loss=bold)
        found = [self._best(pool, lax, self.averagings, met, "wrong") for pool in self._pools(results)]
        polished = min((chosen for chosen in found if chosen is not None), key=self.energy_j, default=None)
        if polished is None and stated(self.solver.limits):
            return next(meeting(results, self.solver, wanted), None)
        return polished

    def _pools(self, results: Sequence[ChainResult]) -> list[Sequence[ChainResult]]:
        """All of them, and each start alone: among all, its designs may not be in time to be polished."""
        alone = [[r for r in results if [record.genome for record in r.chain] == [start]] for start in self.starts]
        return [results, *(pool for pool in alone if pool and len(pool) < len(results))]

    def energy_j(self, chosen: ChosenDesign) -> float:
        """Expected on `select`, back to back."""
        shares = self.shares(self.log(chosen), chosen.design.mask, chosen.policy)
        return float(shares @ np.cumsum(self._stages_j(chosen)))

    def shares(self, log: ExitLog, mask: int, policy: ExitPolicy) -> FloatArray:
        """(stages,): how many of the samples, as they count for energy, leave at each stage."""
        told = replay(log, mask, policy)
        if self.weights is None:
            return told.exit_shares
        counts = np.bincount(told.exits_taken, self.weights, minlength=policy.stages)
        shares: FloatArray = counts / counts.sum()
        return shares

    def least_harmful(
        self, results: Sequence[ChainResult], reference_right: BoolArray, max_harm: float
    ) -> ChosenDesign | None:
        """The cheapest polished design that harms at most a share of the samples; None where none does.

        The last stage answers by itself: averaging there would spend the allowed harm before anybody has left early.
        """

        def met(log: ExitLog, mask: int, policy: ExitPolicy) -> bool:
            return replay(log, mask, policy).harm <= max_harm

        def near(chosen: ChosenDesign) -> bool:
            """As accurate is not as harmless: other networks are right on other images."""
            log = self.solver.log(chosen.chain)
            full = log.full if self.reference is None else self.reference.log.predictions[-1]
            return replay(replace(log, full=full), chosen.design.mask, chosen.policy).harm <= max_harm + SLACK

        averagings = [averaging for averaging in self.averagings if not averaging.at_the_end]
        lax = Requirement(reference_right, max_harm + SLACK, 0.0)
        return self._best(results, lax, averagings, met, "harmed", near)

    def _best(
        self,
        results: Sequence[ChainResult],
        lax: Requirement,
        averagings: Sequence[Averaging],
        met: Met,
        fault: Fault,
        near: Callable[[ChosenDesign], bool] = lambda _chosen: True,
    ) -> ChosenDesign | None:
        # Those that need no polish first: the cheapest that do need it are often too bold for any polish to save.
        expected = None if lax.max_expected_loss is None else lax.max_expected_loss - SLACK
        sure = replace(lax, max_loss=lax.max_loss - SLACK, max_expected_loss=expected)
        ready = islice(_distinct(filter(near, by_energy(results, self.solver, sure))), READY)
        designs = islice(_distinct(chain(ready, filter(near, by_energy(results, self.solver, lax)))), POOL)
        told = (self._cheapest(replace(chosen, averaging=how), met, fault) for chosen in designs for how in averagings)
        found = [pair for pair in told if pair is not None]
        return min(found, key=_joules)[1] if found else None

    def _cheapest(self, chosen: ChosenDesign, met: Met, fault: Fault) -> tuple[float, ChosenDesign] | None:
        """The cheapest policy, of those that are each best at some price of a fault, that meets what is wanted."""
        path = self._path(chosen, fault)
        within = self._within(chosen, path.log, path.mask)
        for energy_j, policy in path.policies:
            if met(path.log, path.mask, policy) and within(policy):
                return energy_j, replace(chosen, policy=policy)
        return None

    def _path(self, chosen: ChosenDesign, fault: Fault) -> _Path:
        """All policies of a design, found once for all that is wanted of it."""
        names = tuple(record.name for record in chosen.chain)
        key = (names, chosen.design.mask, chosen.design.point, chosen.averaging, fault)
        if key not in self.paths:
            log, mask = self._stages(chosen)
            stages_j = self._stages_j(chosen)
            reached_j = np.cumsum(stages_j)
            policies = dict.fromkeys(priced_path(log, mask, stages_j, fault))
            if fault == "wrong":  # and what is best where harm is what a requirement expects: cautious ones among them
                policies |= dict.fromkeys(priced_path(log, mask, stages_j, "expected", PRICES[::CAUTIOUS_STEP]))
            told = [(float(self.shares(log, mask, policy) @ reached_j), policy) for policy in policies]
            self.paths[key] = _Path(log, mask, sorted(told, key=_joules))
        return self.paths[key]

    def figures(self, chosen: ChosenDesign) -> dict[str, float]:
        """What limits speak of, on `select`."""
        log, design = self.log(chosen), chosen.design
        told, shares = replay(log, design.mask, chosen.policy), self.shares(log, design.mask, chosen.policy)
        return figures(self.solver, chosen.chain, design.mask, shares, design.point, told.accuracy)

    def _within(self, chosen: ChosenDesign, log: ExitLog, mask: int) -> Callable[[ExitPolicy], bool]:
        """Whether the design keeps to the limits under a policy: other thresholds send other samples deeper."""
        limits, solver, design = self.solver.limits, self.solver, chosen.design
        if not stated(limits):
            return lambda _policy: True

        def within(policy: ExitPolicy) -> bool:
            told, shares = replay(log, mask, policy), self.shares(log, mask, policy)
            found = figures(solver, chosen.chain, design.mask, shares, design.point, told.accuracy)
            return not broken(limits, found)

        return within

    def _stages_j(self, chosen: ChosenDesign) -> FloatArray:
        costs = self.solver.pricing.exited(chosen.chain).stage_costs(chosen.design.mask)
        energy_j: FloatArray = costs.energy_j[:, chosen.design.point]
        return energy_j


def _joules(found: tuple[float, object]) -> float:
    return found[0]


def _distinct(designs: Iterable[ChosenDesign]) -> Iterable[ChosenDesign]:
    """Of designs with the same exits and clocks, which differ in the dial alone, the first."""
    seen: set[tuple[tuple[str, ...], int, int]] = set()
    for chosen in designs:
        key = tuple(record.name for record in chosen.chain), chosen.design.mask, chosen.design.point
        if key not in seen:
            seen.add(key)
            yield chosen
