"""Solve the inner problem of a chain under one set of limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from codesign.policy.exit_log import ExitLog, joined
from codesign.policy.levels import threshold_levels
from codesign.policy.selection import selected_candidates
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import active_energy_j
from runtime.contract.errors import ConfigError, InfeasibleError

from .backbone_record import BackboneRecord
from .chain_bound import adds_nothing
from .exit_sets import exit_sets
from .footprint import Footprint
from .inner import THREE_OBJECTIVES, EnergyKind, solve_inner
from .inner_front import InnerFront
from .inner_grid import InnerLimits
from .pricing import Pricing


@dataclass(frozen=True, slots=True)
class ChainSolver:
    """The declared grid (threshold levels, at most so many exits, all operating points) and its limits."""

    pricing: Pricing
    limits: InnerLimits
    levels: int
    energy: EnergyKind = "back_to_back"

    def log(self, chain: Sequence[BackboneRecord]) -> ExitLog:
        """All candidates of the chain on `select`."""
        return joined([record.log for record in chain])

    def thresholds(self, chain: Sequence[BackboneRecord]) -> FloatArray:
        """(levels, candidates - 1) in nats."""
        return threshold_levels(self.log(chain), self.levels)

    def footprint(self, chain: Sequence[BackboneRecord]) -> Footprint | None:
        """What the chain takes up; None where nothing limits that. Raises ConfigError as `counted` does."""
        return self.counted(chain) if self.limits.needs_footprint else None

    def counted(self, chain: Sequence[BackboneRecord]) -> Footprint:
        """What the chain takes up. Raises ConfigError where that was not counted."""
        counted = [record.footprint for record in chain if record.footprint is not None]
        if len(counted) < len(chain):
            raise ConfigError(
                "memory and size are asked for, but of some backbones neither was counted",
                to_do="evaluate them anew: records of earlier versions lack both",
            )
        return Footprint.of_chain(counted)

    def static_energies_j(self, record: BackboneRecord) -> FloatArray:
        """(points,): energy of a network without exits, of the kind that is minimised, however busy it would be."""
        costs, waiting_j = self.pricing.static(record), self._waiting_j()
        energy_j: FloatArray = costs.energy_j[0]
        if waiting_j is None:
            return energy_j
        return active_energy_j(energy_j, costs.latency_s[0], costs.idle_w) + waiting_j

    def back_to_back_energy_j(self, front: InnerFront) -> FloatArray:
        """(designs,): the energy of one inference of each design of a front, whichever kind was minimised."""
        waiting_j = self._waiting_j()
        if waiting_j is None:
            return front.energy_j
        idle_w = self.pricing.model.idle_w(self.pricing.points)
        energy_j: FloatArray = front.energy_j - waiting_j[front.point] + idle_w[front.point] * front.latency_s
        return energy_j

    def _waiting_j(self) -> FloatArray | None:
        """(points,): idle energy per request that served energy counts; None where inference alone is minimised."""
        if self.energy == "back_to_back":
            return None
        if self.limits.requests_per_s is None:
            raise ConfigError("served energy needs a request rate", to_do="pass requests_per_s")
        waiting_j: FloatArray = self.pricing.model.idle_w(self.pricing.points) / self.limits.requests_per_s
        return waiting_j

    def __call__(self, chain: Sequence[BackboneRecord]) -> InnerFront | None:
        """The exact front over accuracy, energy and latency; None where nothing keeps to the limits."""
        try:
            return solve_inner(
                self.log(chain),
                self.thresholds(chain),
                self.pricing.exited(chain),
                self.pricing.points,
                objectives=THREE_OBJECTIVES,
                energy=self.energy,
                limits=self.limits,
                footprint=self.footprint(chain),
            )
        except InfeasibleError:
            return None

    def can_solve(self, chain: Sequence[BackboneRecord]) -> bool:
        """Whether the solver can hold all sets of the chain's exits."""
        early = sum(len(record.works.heads) for record in chain) - 1
        try:
            exit_sets(early, self.limits.max_exits)
        except ConfigError:
            return False
        return True

    def adds_nothing(self, chain: Sequence[BackboneRecord], known_j: FloatArray, fewest_right: int) -> bool:
        """Whether all designs of a chain are sure to be worse than known ones; see `chain_bound.adds_nothing`."""
        costs, rate = self.pricing.exited(chain), self.limits.requests_per_s
        served = None if self.energy == "back_to_back" else rate
        return adds_nothing(self.log(chain), self.thresholds(chain), costs, known_j, fewest_right, served)

    def without_exits(self, chain: Sequence[BackboneRecord]) -> InnerFront | None:
        """The front of the chain's last network as it stands; None where it does not keep to the limits.

        The front over exits may lack it: another design as accurate on `select`, cheaper, but right on other images.
        """
        return replace(self, limits=replace(self.limits, max_exits=0))(chain)


def exit_labels(chain: Sequence[BackboneRecord], mask: int) -> list[tuple[int, int, bool]]:
    """What each stage of a design ends at: (number of the backbone, exit within it, whether that is its end)."""
    places = [
        (number, index, index == len(record.works.heads) - 1)
        for number, record in enumerate(chain)
        for index in range(len(record.works.heads))
    ]
    return [places[int(candidate)] for candidate in selected_candidates(mask, len(places))]
