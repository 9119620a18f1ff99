"""Polish the designs of a front: thresholds of their own for every exit, and answers that count in earlier ones.

The exact solver draws all thresholds from one dial and takes each exit's answer by itself. With exits and clocks
fixed, both can be better: the dial is re-read on the averaged answers, and each threshold is then moved to where it
costs least. What decides is still a requirement on `select`, with its margin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from codesign.policy.averaging import NONE, Averaging, averaged_log
from codesign.policy.exit_log import ExitLog
from codesign.policy.levels import threshold_levels
from codesign.policy.refine import Bound, refine_thresholds
from codesign.policy.replay import Replay, replay
from codesign.policy.requirement import Requirement
from codesign.policy.selection import policy_of, selected_candidates
from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.exit_policy import ExitPolicy

from .backbone_record import BackboneRecord
from .chain_solver import ChainSolver
from .choose import ChosenDesign, by_energy, meets_all
from .outer import ChainResult

# Larger weights were no better on CIFAR-10.
AVERAGINGS = (NONE, Averaging(0.3), Averaging(0.6), Averaging(0.3, at_the_end=True))
POOL = 40  # sets of exits that are polished, the cheapest first
MOVED = 5  # of them and their averagings, the cheapest have every threshold moved by itself
LEVELS = 60
SLACK = 0.01  # accuracy by which a design may miss before it is polished: averaging gives back up to this much

Logits = Callable[[BackboneRecord], FloatArray]  # (candidates, samples, classes) on `select`
Met = Callable[[ExitLog, int, ExitPolicy], bool]
Bounds = Callable[[Replay], Bound]


@dataclass(frozen=True, slots=True)
class Polisher:
    """What polishing needs besides a design."""

    solver: ChainSolver
    logits: Logits
    averagings: Sequence[Averaging] = AVERAGINGS
    reference: BackboneRecord | None = None  # the full network that harm is counted against; None: a chain's last one

    def log(self, chosen: ChosenDesign) -> ExitLog:
        """What the stages of a design answer on `select`, averaging included."""
        logits = np.concatenate([self.logits(record) for record in chosen.chain])
        log = averaged_log(logits, chosen.chain[0].log.labels, chosen.design.mask, chosen.averaging)
        return log if self.reference is None else replace(log, full=self.reference.log.predictions[-1])

    def _stages(self, chosen: ChosenDesign) -> tuple[ExitLog, int]:
        """What the kept candidates alone answer, and the mask that keeps all of them.

        A dial over these has no level to waste on exits that the design lacks, and costs a fraction of the time.
        """
        logits = np.concatenate([self.logits(record) for record in chosen.chain])
        kept = logits[selected_candidates(chosen.design.mask, len(logits))]
        mask = (1 << (len(kept) - 1)) - 1
        log = averaged_log(kept, chosen.chain[0].log.labels, mask, chosen.averaging)
        return (log if self.reference is None else replace(log, full=self.reference.log.predictions[-1])), mask

    def best(self, results: Sequence[ChainResult], wanted: Sequence[Requirement]) -> ChosenDesign | None:
        """The cheapest polished design that meets every requirement; None where none does."""

        def met(log: ExitLog, mask: int, policy: ExitPolicy) -> bool:
            return meets_all(log, mask, policy, wanted)

        loss = max(requirement.max_loss for requirement in wanted)
        lax = replace(wanted[0], max_loss=loss + SLACK, standard_errors=0.0)
        return self._best(results, lax, self.averagings, met, lambda start: Bound(min_accuracy=start.accuracy))

    def least_harmful(
        self, results: Sequence[ChainResult], reference_right: BoolArray, max_harm: float
    ) -> ChosenDesign | None:
        """The cheapest polished design that harms at most a share of the samples; None where none does.

        The last stage answers by itself: averaging there would spend the allowed harm before anybody has left early.
        """

        def met(log: ExitLog, mask: int, policy: ExitPolicy) -> bool:
            return replay(log, mask, policy).harm <= max_harm

        averagings = [averaging for averaging in self.averagings if not averaging.at_the_end]
        lax = Requirement(reference_right, max_harm + SLACK, 0.0)
        return self._best(results, lax, averagings, met, lambda _start: Bound(max_harm=max_harm))

    def _best(
        self,
        results: Sequence[ChainResult],
        lax: Requirement,
        averagings: Sequence[Averaging],
        met: Met,
        bound: Bounds,
    ) -> ChosenDesign | None:
        designs = islice(_distinct(by_energy(results, self.solver, lax)), POOL)
        dialled = [self._dialled(replace(chosen, averaging=how), met) for chosen in designs for how in averagings]
        ranked = sorted((pair for pair in dialled if pair is not None), key=_joules)
        moved = [self._moved(chosen, met, bound) for _, chosen in ranked[:MOVED]]
        return min(moved, key=_joules)[1] if moved else None

    def _dialled(self, chosen: ChosenDesign, met: Met) -> tuple[float, ChosenDesign] | None:
        """The boldest policy of the dial that meets what is wanted; None where none does."""
        log, mask = self._stages(chosen)
        dial = (policy_of(mask, row) for row in threshold_levels(log, LEVELS, "harmless"))
        policy = next((policy for policy in dial if met(log, mask, policy)), None)
        if policy is None:
            return None
        found = replace(chosen, policy=policy)
        return self._expected_j(replay(log, mask, found.policy), found), found

    def _moved(self, chosen: ChosenDesign, met: Met, bound: Bounds) -> tuple[float, ChosenDesign]:
        """Every threshold moved by itself within a bound; all where they were if that breaks what is wanted."""
        log, mask = self._stages(chosen)
        within = bound(replay(log, mask, chosen.policy))
        moved = refine_thresholds(log, mask, chosen.policy, self._stages_j(chosen), within)
        found = replace(chosen, policy=moved) if met(log, mask, moved) else chosen
        return self._expected_j(replay(log, mask, found.policy), found), found

    def _stages_j(self, chosen: ChosenDesign) -> FloatArray:
        costs = self.solver.pricing.exited(chosen.chain).stage_costs(chosen.design.mask)
        energy_j: FloatArray = costs.energy_j[:, chosen.design.point]
        return energy_j

    def _expected_j(self, outcome: Replay, chosen: ChosenDesign) -> float:
        return float(outcome.exit_shares @ np.cumsum(self._stages_j(chosen)))


def _joules(found: tuple[float, ChosenDesign]) -> float:
    return found[0]


def _distinct(designs: Iterable[ChosenDesign]) -> Iterable[ChosenDesign]:
    """Of designs with the same exits and clocks, which differ in the dial alone, the first."""
    seen: set[tuple[tuple[str, ...], int, int]] = set()
    for chosen in designs:
        key = tuple(record.name for record in chosen.chain), chosen.design.mask, chosen.design.point
        if key not in seen:
            seen.add(key)
            yield chosen
