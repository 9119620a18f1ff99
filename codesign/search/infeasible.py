"""Why nothing keeps to the limits: the tightest of them, how far the nearest design is, what there is without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from runtime.contract.errors import InfeasibleError

from .chain_solver import ChainSolver
from .constraints import Constraint, stated
from .inner_grid import InnerLimits
from .ledger import Chain
from .nearest import nearest_value

MOST_CHAINS = 60  # that are looked at; of more, the first, which are the backbones by themselves
RATE = Constraint("requests_per_s", "latency_s", "mean time per request", "--request-rate", "ms", 1e3)


@dataclass(frozen=True, slots=True)
class Culprit:
    """A limit without which something remains."""

    constraint: Constraint
    asked: float
    nearest: float
    remaining: int  # designs on the chains' fronts without it

    @property
    def excess(self) -> float:
        """How far the nearest design is, relative to what is asked."""
        return self.constraint.excess(self.nearest, self.asked)

    def sentence(self) -> str:
        """For people."""
        shown = self.constraint.shown(self.nearest)
        designs = "1 design remains" if self.remaining == 1 else f"{self.remaining} designs remain"
        return f"{self.constraint.asked(self.asked)}; the nearest has {shown}; without that limit {designs}"


def infeasible(chains: Sequence[Chain], solver: ChainSolver) -> InfeasibleError:
    """The error to raise where no design of some chains keeps to all limits."""
    if not chains:
        return InfeasibleError("there is not a single design to choose from", to_do="widen the space")
    looked_at = sorted(chains, key=len)[:MOST_CHAINS]
    asked = (*stated(solver.limits), *([RATE] if solver.limits.requests_per_s is not None else []))
    found = [culprit for constraint in asked if (culprit := _without(constraint, looked_at, solver))]
    if found:
        first, *others = sorted(found, key=lambda culprit: culprit.excess)
        also = "".join(f"\n  or else: {culprit.sentence()}" for culprit in others)
        what = f"no design: {first.sentence()}{also}"
        return InfeasibleError(what, where=first.constraint.option, to_do=_advice(first))
    alone = [culprit for constraint in asked if (culprit := _alone(constraint, looked_at, solver))]
    if alone:
        first = max(alone, key=lambda culprit: culprit.excess)
        return InfeasibleError(
            f"no design, nor one that misses a single limit; furthest away, even by itself, is "
            f"{first.constraint.asked(first.asked)}: the nearest has {first.constraint.shown(first.nearest)}",
            where=first.constraint.option,
            to_do=_advice(first),
        )
    options = ", ".join(constraint.option for constraint in asked)
    return InfeasibleError(
        "no design keeps to all limits together, though there are some for each of them",
        where=options,
        to_do="relax two of them, or choose a faster --device or board",
    )


def _without(constraint: Constraint, chains: Sequence[Chain], solver: ChainSolver) -> Culprit | None:
    """The limit as a culprit; None where nothing remains without it either."""
    relaxed = _relaxed(solver, constraint)
    fronts = [(chain, front) for chain in chains if (front := relaxed(chain)) is not None]
    remaining = sum(len(front) for _, front in fronts)
    return _culprit(constraint, [chain for chain, _ in fronts], solver, relaxed, remaining)


def _alone(constraint: Constraint, chains: Sequence[Chain], solver: ChainSolver) -> Culprit | None:
    """The limit where it alone leaves nothing; None where something keeps to it."""
    limits = solver.limits
    nothing = InnerLimits(limits.max_exits, batch=limits.batch, points=limits.points)
    free = replace(solver, limits=nothing, energy="back_to_back" if constraint is RATE else solver.energy)
    if free.energy == "served":
        free = replace(free, limits=replace(nothing, requests_per_s=limits.requests_per_s))
    culprit = _culprit(constraint, chains, solver, free, 0)
    return None if culprit is None or culprit.excess <= 0 else culprit


def _culprit(
    constraint: Constraint, chains: Sequence[Chain], solver: ChainSolver, relaxed: ChainSolver, remaining: int
) -> Culprit | None:
    asked = constraint.of(solver.limits)
    values = [value for chain in chains if (value := nearest_value(relaxed, chain, constraint)) is not None]
    if asked is None or not values:
        return None
    nearest = max(values) if constraint.at_least else min(values)
    return Culprit(constraint, 1.0 / asked if constraint is RATE else asked, nearest, remaining)


def _relaxed(solver: ChainSolver, constraint: Constraint) -> ChainSolver:
    changes: dict[str, Any] = {constraint.limit: None}
    return replace(
        solver, limits=replace(solver.limits, **changes), energy="back_to_back" if constraint is RATE else solver.energy
    )


def _advice(culprit: Culprit) -> str:
    if culprit.constraint is RATE:
        return f"ask for less than {1 / culprit.nearest:.4g} per second, or choose a faster --device or board"
    return f"{culprit.constraint.advice(culprit.nearest)}, or relax another limit"
