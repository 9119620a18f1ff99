"""Prices of backbones and chains on one device of one board, each worked out once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runtime.contract.cost import CostModel, StageCosts, stage_costs
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

from .backbone_record import BackboneRecord
from .chain_costs import ChainCosts, joined


class Pricing:
    """A cost model, the operating points that may be chosen, and two of them by name.

    Raises BoardError where `default` or `fastest` is not among the points.
    """

    def __init__(
        self, model: CostModel, points: Sequence[OperatingPoint], default: OperatingPoint, fastest: OperatingPoint
    ) -> None:
        self.model, self.points = model, tuple(points)
        for name, point in (("default", default), ("fastest", fastest)):
            if point not in self.points:
                raise BoardError(
                    f"the {name} operating point ({point}) is not one of the {len(self.points)} to choose from"
                )
        self.default, self.fastest = self.points.index(default), self.points.index(fastest)
        self._exited: dict[str, ChainCosts] = {}
        self._static: dict[str, StageCosts] = {}

    def exited(self, chain: Sequence[BackboneRecord]) -> ChainCosts:
        """What each candidate of a chain adds, at every point."""
        for record in chain:
            if record.name not in self._exited:
                self._exited[record.name] = ChainCosts.from_works(self.model, self.points, record.works)
        return joined([self._exited[record.name] for record in chain])

    def static(self, record: BackboneRecord) -> StageCosts:
        """What the network alone costs, (1, points)."""
        if record.name not in self._static:
            self._static[record.name] = stage_costs(self.model, [record.static], self.points)
        return self._static[record.name]

    def ordered(self, chain: Sequence[BackboneRecord]) -> tuple[BackboneRecord, ...]:
        """The backbones of a chain from cheap to dear (static energy at default clocks), each once."""
        unique = {record.name: record for record in chain}
        return tuple(sorted(unique.values(), key=lambda r: (float(self.static(r).energy_j[0, self.default]), r.name)))

    def full_depth(self, chain: Sequence[BackboneRecord]) -> tuple[float, float]:
        """Latency [s] and energy [J] of running every static network of a chain, at default clocks."""
        costs = [self.static(record) for record in chain]
        at = self.default
        return float(np.sum([c.latency_s[0, at] for c in costs])), float(np.sum([c.energy_j[0, at] for c in costs]))
