"""The inner problem solved again for the same backbones, at refined prices and the served mix of exits.

What is chosen is priced on the safe side: clocks of which little is known carry their doubt. What is kept, changed, or
not worth changing is decided on the interval of the saving, not on its middle. Accuracy is asked of `select` as it was
when the bundle was compiled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from codesign.policy.replay import replay
from codesign.search.chain_solver import ChainSolver
from codesign.search.chain_works import stages_of
from codesign.search.choose import ChosenDesign
from codesign.search.constraints import broken, figures, stated
from codesign.search.ledger import Chain, ChainResult, chain_key
from codesign.search.polish import Polisher
from codesign.search.pricing import Pricing
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import reach_shares, served_energy_j

from .refined_board import RefinedBoard
from .spending import Run, Saving, doubts, ratio_variance, saving
from .update import Posterior

DOUBT = 1.0  # standard errors that clocks must be better by to be preferred to those that were served
LEAST_SAVING = 0.01  # below that nothing is changed: a roll-out has its price
NOTHING = Saving(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Resolved:
    """One mode, before and after."""

    before: ChosenDesign
    after: ChosenDesign  # the same where nothing is worth changing
    saving: Saving  # of joules, under the served mix
    must_change: str | None = None  # the limit that the shipped design does not keep at refined prices
    better_unknown: tuple[ChosenDesign, float] | None = None  # clocks worth a measurement, and what they might save

    @property
    def changed(self) -> bool:
        """Whether the mode is another one now."""
        return self.after is not self.before


@dataclass(frozen=True, slots=True)
class Bench:
    """Prices and images to judge designs by: as believed, and with doubt added."""

    posterior: Posterior
    believed: Polisher
    doubtful: Polisher
    requests_per_s: float | None  # where energy as served is what is minimised

    @property
    def solver(self) -> ChainSolver:
        """At the prices that are believed."""
        return self.believed.solver

    def run(self, chosen: ChosenDesign) -> Run:
        """A design as it would be served."""
        mask = chosen.design.mask
        works = stages_of([record.works for record in chosen.chain], mask)
        shares = self.believed.shares(self.believed.log(chosen), mask, chosen.policy)
        return Run(tuple(works), shares, chosen.design.operating_point)

    def saving(self, before: ChosenDesign, after: ChosenDesign, unit: str | None = None) -> Saving:
        """Of one design over another, with its interval."""
        return saving(
            self.posterior,
            self.run(before),
            self.run(after),
            sampling_variance=self._mix_variance(before, after),
            requests_per_s=self.requests_per_s,
            unit=unit,
        )

    def broken(self, chosen: ChosenDesign) -> str | None:
        """The limit that a design does not keep to, in words."""
        over = broken(self.solver.limits, self.believed.figures(chosen))
        return over[0].asked(over[0].of(self.solver.limits) or 0.0) if over else None

    def _mix_variance(self, before: ChosenDesign, after: ChosenDesign) -> float:
        """Of the logarithm of the ratio of two designs: other images might have been labelled, or served ones differ.

        Weights that make one design's mix of exits come true need not be right for another design's. How far the ratio
        moves by weighting at all is taken for how far it may be off.
        """
        now_j, then_j = (self._image_j(chosen) for chosen in (before, after))
        plain = np.ones(len(now_j))
        weights = plain if self.believed.weights is None else self.believed.weights
        moved = np.log((weights @ then_j) / (weights @ now_j)) - np.log((plain @ then_j) / (plain @ now_j))
        return ratio_variance(now_j, then_j, weights) + float(moved) ** 2

    def _image_j(self, chosen: ChosenDesign) -> FloatArray:
        """(samples,): joules of each labelled image."""
        costs = self.solver.pricing.exited(chosen.chain).stage_costs(chosen.design.mask)
        reached_j = np.cumsum(costs.energy_j[:, chosen.design.point])
        taken = replay(self.believed.log(chosen), chosen.design.mask, chosen.policy).exits_taken
        image_j: FloatArray = reached_j[taken]
        return image_j


def bench_of(
    posterior: Posterior, board: RefinedBoard, polisher: Polisher, weights: FloatArray | None, anchor: Run
) -> Bench:
    """Refined prices in place of those that a polisher had.

    Args:
        polisher: of the run; its prices say which points there are.
        weights: (samples,), of the served mix.
        anchor: what is served most, beside which other clocks are doubted.
    """
    shipped = polisher.solver.pricing
    points = shipped.points
    doubt = doubts(posterior, anchor, points, DOUBT)

    def priced(model: RefinedBoard) -> Polisher:
        pricing = Pricing(model, points, points[shipped.default], points[shipped.fastest])
        solver = replace(polisher.solver, pricing=pricing)
        return replace(polisher, solver=solver, weights=weights, paths={}, likely={})

    served = polisher.solver.energy == "served"
    return Bench(
        posterior,
        priced(board),
        priced(replace(board, doubt=doubt)),
        polisher.solver.limits.requests_per_s if served else None,
    )


def results_of(chains: Sequence[Chain], solver: ChainSolver) -> list[ChainResult]:
    """The exact fronts of chains, each once, and of their last networks as they stand."""
    distinct = {chain_key(chain): chain for chain in chains}
    alone = {chain_key(chain[-1:]): chain[-1:] for chain in chains}
    found = [ChainResult(chain, solver(chain)) for chain in distinct.values() if solver.can_solve(chain)]
    return [*found, *(ChainResult(chain, solver.without_exits(chain)) for chain in alone.values())]


def reclocked(chosen: ChosenDesign, polisher: Polisher) -> ChosenDesign:
    """The same exits and thresholds at the clocks of least energy that keep to the limits; as it is where none do."""
    solver, mask = polisher.solver, chosen.design.mask
    log = polisher.log(chosen)
    shares, accuracy = polisher.shares(log, mask, chosen.policy), replay(log, mask, chosen.policy).accuracy
    costs = solver.pricing.exited(chosen.chain).stage_costs(mask)
    reach = reach_shares(shares)
    latency_s, energy_j = reach @ costs.latency_s, reach @ costs.energy_j
    rate = solver.limits.requests_per_s
    if rate is not None:
        served_j = served_energy_j(energy_j, latency_s, costs.idle_w, rate)
        energy_j = np.where(np.isfinite(served_j), served_j if solver.energy == "served" else energy_j, np.inf)
    if solver.limits.points is not None:
        energy_j = np.where(np.isin(np.arange(energy_j.size), solver.limits.points), energy_j, np.inf)
    for point in np.argsort(energy_j, kind="stable").tolist():
        if not np.isfinite(energy_j[point]):
            break
        if not stated(solver.limits) or not broken(
            solver.limits, figures(solver, chosen.chain, mask, shares, point, accuracy)
        ):
            return _at(chosen, polisher, point)
    return chosen


def _at(chosen: ChosenDesign, polisher: Polisher, point: int) -> ChosenDesign:
    if point == chosen.design.point:
        return chosen
    pricing = polisher.solver.pricing
    return replace(chosen, design=replace(chosen.design, point=point, operating_point=pricing.points[point]))


def resolved(
    before: ChosenDesign,
    bench: Bench,
    found: ChosenDesign | None,
    *,
    least_saving: float = LEAST_SAVING,
    unit: str | None = None,
) -> Resolved:
    """What becomes of one mode.

    Args:
        before: as it was shipped.
        found: the cheapest design that meets what the mode asks, at doubtful prices; None: none does.
    """
    options = [reclocked(before, bench.doubtful)]
    if found is not None:
        options.append(reclocked(found, bench.doubtful))
    options = [chosen for chosen in options if chosen is not before and not bench.broken(chosen)]
    told = [(bench.saving(before, chosen, unit), chosen) for chosen in options]
    must = bench.broken(before)
    unknown = _worth_a_look(before, bench, unit, least_saving)
    if must is not None and told:
        best = max(told, key=lambda pair: pair[0].expected)
        return Resolved(before, best[1], best[0], must)
    worth = [pair for pair in told if pair[0].sure and pair[0].expected >= least_saving]
    if not worth:
        return Resolved(before, before, NOTHING, must, unknown)
    best = max(worth, key=lambda pair: pair[0].low)
    return Resolved(before, best[1], best[0], must, unknown if unknown and unknown[1] > best[0].expected else None)


def _worth_a_look(
    before: ChosenDesign, bench: Bench, unit: str | None, least_saving: float
) -> tuple[ChosenDesign, float] | None:
    """Other clocks that are believed to be cheaper, though nobody can be sure: worth serving at for a while."""
    hoped = reclocked(before, bench.believed)
    if hoped is before:
        return None
    told = bench.saving(before, hoped, unit)
    return None if told.sure or told.expected < least_saving else (hoped, told.expected)
