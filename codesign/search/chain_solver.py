"""Solve the inner problem of a chain under one set of limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from codesign.policy.exit_log import ExitLog, joined
from codesign.policy.levels import threshold_levels
from codesign.policy.selection import selected_candidates
from runtime.contract.arrays import FloatArray
from runtime.contract.errors import InfeasibleError

from .backbone_record import BackboneRecord
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
            )
        except InfeasibleError:
            return None


def exit_labels(chain: Sequence[BackboneRecord], mask: int) -> list[tuple[int, int, bool]]:
    """What each stage of a design ends at: (number of the backbone, exit within it, whether that is its end)."""
    places = [
        (number, index, index == len(record.works.heads) - 1)
        for number, record in enumerate(chain)
        for index in range(len(record.works.heads))
    ]
    return [places[int(candidate)] for candidate in selected_candidates(mask, len(places))]
