"""A small closed loop in memory: shipped, served on boards that are otherwise, and learnt from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from codesign.policy.replay import replay
from codesign.refine.cost_equations import CostEquations
from codesign.refine.observations import observations_of
from codesign.refine.refined_board import refined_board
from codesign.refine.resolve import Bench, bench_of
from codesign.refine.served_costs import PowerCell, ServedCosts, TimeCell
from codesign.refine.served_mix import Reported, mix_weights
from codesign.refine.spending import Run
from codesign.refine.update import updated
from codesign.search.choose import ChosenDesign
from runtime.contract.cost import stage_costs
from runtime.contract.operating_point import OperatingPoint
from tests.bench.refine_fleet import BUNDLE, Fleet, Scenario, Shipped, field_shares, fleet_of, shipped, written

ANOTHER = Scenario("another carrier", 1.6, 0.8, 0.8, base=0.5, harder=0.3)
MODE = "balanced"


@dataclass(frozen=True)
class Loop:
    """What was shipped, what is true, what was learnt."""

    ours: Shipped
    fleet: Fleet
    scenario: Scenario
    served: ServedCosts
    bench: Bench

    def true_j(self, chosen: ChosenDesign) -> float:
        """Of a mean image of the field on the mean unit."""
        shares = field_shares(self.ours, chosen, self.scenario)
        return float(self.fleet.costs(self.ours.stages(chosen), shares, [chosen.design.operating_point])[1][0])


def cells(ours: Shipped, fleet: Fleet, scenario: Scenario, points: list[OperatingPoint]) -> ServedCosts:
    """The default mode, a thousand images of every unit at each point."""
    rng, served = np.random.default_rng(5), (BUNDLE, MODE)
    chosen = dict(ours.modes.items())[MODE]
    shares, times, powers = field_shares(ours, chosen, scenario), [], []
    images = tuple(int(share) for share in np.round(1000 * shares))
    for number, unit in enumerate(fleet.units):
        for point in points:
            costs = stage_costs(unit, ours.stages(chosen), [point])
            reached_s, reached_j = costs.latency_s[:, 0].cumsum(), costs.energy_j[:, 0].cumsum()
            off = np.exp(0.003 * rng.normal(size=len(shares) + 1))
            times += [
                TimeCell(f"u{number}", served, k, point, images[k], float(reached_s[k] * off[k]), 0.02)
                for k in range(len(shares))
                if images[k]
            ]
            power_w = float(shares @ reached_j / (shares @ reached_s) * off[-1])
            powers.append(PowerCell(f"u{number}", served, point, images, sum(images), power_w, 0.02))
    of_all = tuple(len(fleet.units) * len(points) * count for count in images)
    return ServedCosts(tuple(times), tuple(powers), (), {served: of_all}, {}, sum(cell.rows for cell in times))


@cache
def closed_loop(*, several_clocks: bool = True) -> Loop:
    """On a TX2's GPU; with one clock served only, nothing tells which terms are off."""
    rng = np.random.default_rng(3)
    ours = shipped("tx2", "gpu", rng, samples=400)
    fleet = fleet_of(ours, ANOTHER, 3, rng)
    default = ours.modes.balanced
    offered = [costs.operating_point for costs in written(ours)[1][MODE].at_other_clocks]
    points = [default.design.operating_point, *(offered if several_clocks else [])]
    served = cells(ours, fleet, ANOTHER, list(dict.fromkeys(points)))
    blocks = [block for segment in ours.record.works.segments for block in segment]
    equations = CostEquations.of(ours.board, ours.device, [*blocks, *ours.record.works.heads])
    designs = {(BUNDLE, MODE): ours.stages(default)}
    posterior = updated(equations, observations_of(served, designs, equations))
    taken = replay(ours.polisher.log(default), default.design.mask, default.policy).exits_taken
    weights = mix_weights(ours.record.log.samples, [Reported(taken, served.exits[(BUNDLE, MODE)])])
    shares = replace(ours.polisher, weights=weights).shares(
        ours.polisher.log(default), default.design.mask, default.policy
    )
    board = refined_board(posterior, "refined", ())
    anchor = Run(ours.stages(default), shares, default.design.operating_point)
    return Loop(ours, fleet, ANOTHER, served, bench_of(posterior, board, ours.polisher, weights, anchor))
