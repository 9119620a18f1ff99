"""Costs of networks as a simulated board's model has them, with the scatter of a measurement."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.fitting.measurer import Readings, Tick
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.cost import block_costs, overhead_costs
from runtime.contract.kind import Kind
from runtime.contract.operating_point import OperatingPoint

from .fit_measured import LATENCY
from .fit_networks import FitNetworks

SCATTER = 0.01  # assumed: standard deviation of a measured cost about its mean, as a share of it


@dataclass(frozen=True, slots=True)
class SimulatedCosts:
    """A Measurer without a board: the board model at one operating point, each piece of a network priced by itself.

    Each reading scatters by `scatter`, drawn from the seed, the batch, the attempt and the design's place in it, so
    that nothing depends on when it is asked for.
    """

    networks: FitNetworks
    board: SimulatedBoard
    cost: str  # latency or energy
    seed: int = 0
    scatter: float = SCATTER
    point: OperatingPoint | None = None  # None: default clocks

    @property
    def kind(self) -> Kind:
        """Simulated."""
        return Kind.SIMULATED

    @property
    def hardware(self) -> str:
        """Board, device, and what the scatter is."""
        clocks = "default clocks" if self.point is None else str(self.point)
        return f"{self.board.hardware}, {clocks}, {self.scatter:.1%} scatter assumed"

    def measure(self, designs: IntArray, references: IntArray, batch: int, attempt: int, tick: Tick) -> Readings:
        """Costs of designs and references; none is noisy."""
        latency_s, energy_j = self.exact(np.concatenate([designs, references]))
        rng = np.random.default_rng((self.seed, batch, attempt))
        scatter = np.exp(rng.normal(0.0, self.scatter, len(latency_s)))
        scattered = scatter * (latency_s if self.cost == LATENCY else energy_j)
        count = len(designs)
        tick(count, count, "simulated")
        noisy = np.zeros(count, dtype=bool)
        return Readings(scattered[:count], (scatter * latency_s)[:count], noisy, scattered[count:])

    def exact(self, designs: IntArray) -> tuple[FloatArray, FloatArray]:
        """Seconds and joules, both (n,), as the board model says."""
        point = (self.point or self.board.profile.default_point(self.board.device),)
        pieces = [self.networks.works(design) for design in designs]
        works = [work for of_network in pieces for work in of_network]
        piece_s, piece_j = block_costs(self.board, works, point)
        overhead_s, overhead_j = overhead_costs(self.board, point)
        of_network = np.repeat(np.arange(len(pieces)), [len(of_network) for of_network in pieces])

        def summed(of_pieces: FloatArray, overhead: FloatArray) -> FloatArray:
            total: FloatArray = np.bincount(of_network, weights=of_pieces[:, 0], minlength=len(pieces)) + overhead[0]
            return total

        return summed(piece_s, overhead_s), summed(piece_j, overhead_j)
