"""The six bars, the oracle beside them, and one-backbone designs against chains: all on the untouched test split."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from codesign.policy.exit_log import ExitLog
from codesign.policy.requirement import Requirement
from codesign.search.backbone_record import BackboneRecord
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign, Pick, static_by_energy
from codesign.search.ledger import ChainResult

from .outcome import Outcome, best_static_point, design_outcome, static_outcome

TestLog = Callable[[ChosenDesign], ExitLog]


@dataclass(frozen=True, slots=True)
class StaticChoice:
    """The static network a design is compared with."""

    record: BackboneRecord
    accuracy: float  # on test
    reaches: bool  # False: no static network of the archive is as accurate as the design; this is the most accurate


@dataclass(frozen=True, slots=True)
class Comparison:
    """All outcomes on test, for the default mode."""

    static: StaticChoice  # keeps to the requirement on `select`, as the design does
    static_by_test_alone: StaticChoice  # the cheapest that happens to be as accurate on test
    static_by_test_alone_max_clocks: Outcome
    static_default_mode: Outcome
    static_max_clocks: Outcome
    static_best_clocks: Outcome
    exits_max_clocks: Outcome
    exits_best_clocks: Outcome
    sequential: Outcome
    sequential_design: ChosenDesign | None  # None: no exit pays on the best static network
    sequential_backbone: BackboneRecord
    oracle: Outcome


@dataclass(frozen=True, slots=True)
class FamilyGain:
    """What the cheapest design of one family reaches on test, and saves against a static network as accurate."""

    design: ChosenDesign
    outcome: Outcome
    saving: float  # of energy_j, against the static network at maximum clocks; negative: it costs more


@dataclass(frozen=True, slots=True)
class Judge:
    """What comparing needs: prices, limits, and test accuracies, worked out only where they are asked for."""

    solver: ChainSolver
    requests_per_s: float
    max_latency_s: float | None
    test_log: TestLog
    static_test_accuracy: Callable[[BackboneRecord], float]
    pick: Pick  # what chose the design chooses what it is compared with

    def cheapest_static(
        self, records: Sequence[BackboneRecord], accuracy: float, requirement: Requirement | None
    ) -> StaticChoice:
        """The cheapest static network at maximum clocks with at least this accuracy on test.

        Args:
            requirement: what a network must keep to on `select`, so that it could have been chosen without knowing the
                test labels, by the rule that chose the design it is compared with. None lets the test labels choose
                among all of the archive: of many networks the luckiest wins, which is an oracle's baseline.
        """
        if requirement is not None:
            records = [r for r in records if requirement.met_by(r.log.correct[-1])] or records
        pricing = self.solver.pricing
        best: StaticChoice | None = None
        for record in sorted(records, key=lambda r: (float(pricing.static(r).energy_j[0, pricing.fastest]), r.name)):
            found = StaticChoice(record, self.static_test_accuracy(record), reaches=True)
            if found.accuracy >= accuracy - 1e-12:
                return found
            if best is None or found.accuracy > best.accuracy:
                best = found
        if best is None:
            raise ValueError("an archive without a single backbone cannot be compared with")
        return StaticChoice(best.record, best.accuracy, reaches=False)

    def static_at(self, choice: StaticChoice, point: int | None) -> Outcome:
        """A static network at a point, or at its own best."""
        pricing = self.solver.pricing
        if point is None:
            limits = self.solver.limits
            best = best_static_point(
                choice.record,
                pricing,
                self.requests_per_s,
                self.max_latency_s,
                self.solver.energy,
                max_energy_j=limits.max_energy_j,
                points=limits.points,
            )
            point = pricing.fastest if best is None else best
        return static_outcome(choice.record, choice.accuracy, pricing, self.requests_per_s, point)

    def outcome(self, chosen: ChosenDesign, *, point: int | None = None, oracle: bool = False) -> Outcome:
        """A design on test."""
        log = self.test_log(chosen)
        return design_outcome(chosen, log, self.solver.pricing, self.requests_per_s, point=point, oracle=oracle)


def compare(
    joint: ChosenDesign,
    records: Sequence[BackboneRecord],
    results: Sequence[ChainResult],
    judge: Judge,
    requirement: Requirement,
) -> Comparison:
    """The joint design against everything simpler, each with the accuracy the joint design reaches.

    `sequential` takes the cheapest static network that keeps to the same requirement on `select`, then adds the exits
    and clocks that save most under that requirement: what one gets by optimising one after the other.
    """
    pricing = judge.solver.pricing
    found = judge.outcome(joint)
    static = judge.cheapest_static(records, found.accuracy, requirement)
    by_test = judge.cheapest_static(records, found.accuracy, None)
    backbone = next(iter(static_by_energy(records, judge.solver, requirement)), None) or joint.chain[-1]
    alone = [result for result in results if result.chain[0].genome == backbone.genome and len(result.chain) == 1]
    design = judge.pick(alone, [requirement])
    if design is None:
        sequential = judge.static_at(StaticChoice(backbone, judge.static_test_accuracy(backbone), reaches=True), None)
    else:
        sequential = judge.outcome(design)
    return Comparison(
        static=static,
        static_by_test_alone=by_test,
        static_by_test_alone_max_clocks=judge.static_at(by_test, pricing.fastest),
        static_default_mode=judge.static_at(static, pricing.default),
        static_max_clocks=judge.static_at(static, pricing.fastest),
        static_best_clocks=judge.static_at(static, None),
        exits_max_clocks=judge.outcome(joint, point=pricing.fastest),
        exits_best_clocks=found,
        sequential=sequential,
        sequential_design=design,
        sequential_backbone=backbone,
        oracle=judge.outcome(joint, oracle=True),
    )


def family_gain(
    results: Sequence[ChainResult], records: Sequence[BackboneRecord], judge: Judge, requirement: Requirement
) -> FamilyGain | None:
    """The cheapest design of some chains that keeps to the requirement; None where none does."""
    design = judge.pick(results, [requirement])
    if design is None:
        return None
    outcome = judge.outcome(design)
    static = judge.static_at(
        judge.cheapest_static(records, outcome.accuracy, requirement), judge.solver.pricing.fastest
    )
    return FamilyGain(design, outcome, 1.0 - outcome.energy_j / static.energy_j)
