"""Prices of backbones and chains on one device of one board, each worked out once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

import numpy as np

from runtime.contract.cost import CostModel, StageCosts, StageWork, overhead_costs, stage_costs
from runtime.contract.errors import BoardError, EdgeCodesignError
from runtime.contract.operating_point import OperatingPoint

from .backbone_record import BackboneRecord, Genome
from .chain_costs import ChainCosts, joined
from .whole_costs import Factors, WholeCosts


class StaticNetwork(Protocol):
    """A backbone, evaluated or not, as far as running it without exits goes."""

    @property
    def name(self) -> str:
        """The same name, the same network."""
        ...

    @property
    def genome(self) -> Genome:
        """Its genes."""
        ...

    @property
    def static(self) -> StageWork:
        """The network alone, as one stage."""
        ...


Network = TypeVar("Network", bound=StaticNetwork)


class Pricing:
    """A cost model, the operating points that may be chosen, and two of them by name.

    Args:
        whole: predicted costs of whole backbones, to which the model's blocks are scaled, one factor per backbone.
    Raises:
        BoardError: `default`, `fastest` or the predictor's point is not among the points.
    """

    def __init__(
        self,
        model: CostModel,
        points: Sequence[OperatingPoint],
        default: OperatingPoint,
        fastest: OperatingPoint,
        whole: WholeCosts | None = None,
    ) -> None:
        self.model, self.points, self.whole = model, tuple(points), whole
        of_whole = () if whole is None else (("predictor's", whole.point),)
        for name, point in (("default", default), ("fastest", fastest), *of_whole):
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
                self._exited[record.name] = self.scaled(
                    ChainCosts.from_works(self.model, self.points, record.works), record
                )
        return joined([self._exited[record.name] for record in chain])

    def static(self, record: StaticNetwork) -> StageCosts:
        """What the network alone costs, (1, points)."""
        if record.name not in self._static:
            costs, factors = self._by_model(record), self.factors(record)
            overhead_s, overhead_j = overhead_costs(self.model, self.points)
            self._static[record.name] = (
                StageCosts(
                    latency_s=overhead_s + factors.latency * (costs.latency_s - overhead_s),
                    energy_j=overhead_j + factors.energy * (costs.energy_j - overhead_j),
                    idle_w=costs.idle_w,
                )
                if factors != Factors()
                else costs
            )
        return self._static[record.name]

    def unpriced(self, network: StaticNetwork) -> str | None:
        """Why a network has no price here, such as a predictor's answer that cannot be; None: it has one."""
        try:
            self.static(network)
        except EdgeCodesignError as error:
            return str(error)
        return None

    def factors(self, network: StaticNetwork) -> Factors:
        """What the model's blocks are multiplied by. Raises DataError where what is predicted cannot be."""
        if self.whole is None:
            return Factors()
        overhead_s, overhead_j = overhead_costs(self.model, self.points)
        at = self.points.index(self.whole.point)
        overhead = float((overhead_s if self.whole.unit == "s" else overhead_j)[at])
        return self.whole.factors(network.genome, self._by_model(network), overhead, at)

    def scaled(self, costs: ChainCosts, network: StaticNetwork) -> ChainCosts:
        """The model's costs of one backbone with exits, scaled as the backbone is; heads alike."""
        factors = self.factors(network)
        return costs if factors == Factors() else costs.scaled(factors.latency, factors.energy)

    def _by_model(self, network: StaticNetwork) -> StageCosts:
        return stage_costs(self.model, [network.static], self.points)

    def ordered(self, chain: Sequence[Network]) -> tuple[Network, ...]:
        """The backbones of a chain from cheap to dear (static energy at default clocks), each once."""
        unique = {record.name: record for record in chain}
        return tuple(sorted(unique.values(), key=lambda r: (float(self.static(r).energy_j[0, self.default]), r.name)))

    def full_depth(self, chain: Sequence[StaticNetwork]) -> tuple[float, float]:
        """Latency [s] and energy [J] of running every static network of a chain, at default clocks."""
        costs = [self.static(record) for record in chain]
        at = self.default
        return float(np.sum([c.latency_s[0, at] for c in costs])), float(np.sum([c.energy_j[0, at] for c in costs]))
