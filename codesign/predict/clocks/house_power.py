"""The house model of power over clocks: idle and dynamic watts that never fall with a clock, shared within a board.

Back to back:        P = c0 + c1 f + c2 (1 - exp(-f / knee)) + c3 f³ + a ramp between neighbouring EMC clocks
Under periodic load: P = the same, for idling + requests per second × joules per request, j0 + j2 f²

f is the GPU's clock over its highest; the CPU's has terms n f, n f³ and f for n cores. c3 f³ is C V² f with a voltage
that rises with f, and j2 f² the same per request, whose cycles do not depend on f. The term with the knee is what wakes
up with any work at all: without it the lowest clocks of a Xavier NX cannot be met. Every weight is at least 0. Each
workload adds its own share to what the board's have in common; under periodic load idling is the board's alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from codesign.predict.clocks.clock_cells import CORES, CPU, EMC, GPU, RATE, ClockCells, Columns, cells_in, varying
from runtime.contract.arrays import FloatArray

KNEE = 0.15  # of the highest clock
# Assumed: weights over mean power before any cell was seen, and how firmly: 0.1 is an equation good to 2 % against
# weights known to 20 % of the mean power. Chosen, like the knee, on the three public boards with power over GPU clocks.
CONSTANT_ALONE, CONSTANT_WITH_GPU = 0.8, 0.1
GPU_CENTRES = (0.7, 0.3, 0.2)  # f, knee, f³
PENALTY = 0.1
WEAK_PENALTY = 0.02  # of EMC, CPU and request terms, of which nothing is known beforehand


@dataclass(frozen=True, slots=True)
class PowerTerms:
    """The columns that varied over the board's cells and the scales that bring every term to order 1."""

    top: dict[str, float]  # the highest value of each column that varies
    emc_hz: tuple[float, ...]  # the EMC clocks seen, rising
    alone: bool  # one workload

    @classmethod
    def of(cls, cells: Sequence[ClockCells]) -> PowerTerms:
        """Over all workloads of the board."""
        top = {name: max(float(one.columns[name].max()) for one in cells) for name in varying(cells)}
        emc_hz = np.unique(np.concatenate([one.columns[EMC] for one in cells])) if EMC in top else np.empty(0)
        if RATE in cells[0].columns and RATE not in top:  # a steady rate is periodic load all the same
            top[RATE] = float(cells[0].columns[RATE].max()) or 1.0
        return cls(top, tuple(emc_hz.tolist()), len(cells) == 1)

    @property
    def periodic(self) -> bool:
        """Whether power is the mean over a period with idling in it."""
        return RATE in self.top

    def of_board(self, columns: Columns) -> FloatArray:
        """(cells, terms): power at these clocks, idle or busy."""
        terms: list[FloatArray] = [np.ones(cells_in(columns))]
        if GPU in self.top:
            gpu = columns[GPU] / self.top[GPU]
            terms += [gpu, 1.0 - np.exp(-gpu / KNEE), gpu**3]
        if CPU in self.top or CORES in self.top:
            cpu, cores = (self._share(name, columns) for name in (CPU, CORES))
            terms += [cpu * cores, cpu**3 * cores, cpu]
        for low, high in zip(self.emc_hz, self.emc_hz[1:], strict=False):
            terms.append(np.clip((columns[EMC] - low) / (high - low), 0.0, 1.0))
        return np.stack(terms, axis=1)

    def _share(self, name: str, columns: Columns) -> FloatArray:
        """(cells,): the column over its highest value; 1 where it was held still."""
        return columns[name] / self.top[name] if name in self.top else np.ones(cells_in(columns))

    def centres(self, terms: int) -> FloatArray:
        """(terms,): what the board's weights are before any cell was seen, over mean power."""
        gpu = GPU in self.top and not self.periodic
        known = (CONSTANT_WITH_GPU, *GPU_CENTRES) if gpu else (CONSTANT_ALONE,)
        return np.array([*known, *[0.0] * (terms - len(known))])

    def penalties(self, terms: int) -> FloatArray:
        """(terms,): how firmly the board's weights are held to their centres."""
        known = 1 + len(GPU_CENTRES) * (GPU in self.top)
        return np.array([*[PENALTY] * known, *[WEAK_PENALTY] * (terms - known)])

    def per_request(self, columns: Columns) -> FloatArray:
        """(cells, terms): requests per second times what a request costs."""
        rate = columns[RATE] / self.top[RATE]
        terms = [rate]
        if GPU in self.top:
            terms.append(rate * (columns[GPU] / self.top[GPU]) ** 2)
        return np.stack(terms, axis=1)

    def of_workload(self, columns: Columns) -> FloatArray:
        """(cells, terms): what a workload adds to the board's terms; nothing where it is the board's only one."""
        if self.periodic:
            return self.per_request(columns)
        return np.empty((cells_in(columns), 0)) if self.alone else self.of_board(columns)


@dataclass(frozen=True, slots=True)
class HousePowerFit:
    """One workload; never falls when a clock or the request rate rises."""

    terms: PowerTerms
    board: FloatArray
    own: FloatArray
    simplified: str | None

    def predict(self, columns: Columns) -> FloatArray:
        """(cells,) in watts."""
        power_w: FloatArray = self.terms.of_board(columns) @ self.board + self.terms.of_workload(columns) @ self.own
        return power_w


@dataclass(frozen=True, slots=True)
class HousePower:
    """Least squares of relative errors, all workloads of a board at once."""

    def fit(self, cells: Sequence[ClockCells]) -> list[HousePowerFit]:
        """One fit per workload, in the order given."""
        terms = PowerTerms.of(cells)
        board = [terms.of_board(one.columns) / one.values[:, None] for one in cells]
        own = [terms.of_workload(one.columns) / one.values[:, None] for one in cells]
        shared, each = board[0].shape[1], own[0].shape[1]
        cell_count, weight_count = sum(map(len, cells)), shared + each * len(cells)
        mean_w = float(np.mean(np.concatenate([one.values for one in cells])))
        design = np.zeros((cell_count + weight_count, weight_count))
        first = 0
        for index, one in enumerate(cells):
            rows, columns = slice(first, first + len(one)), slice(shared + each * index, shared + each * (index + 1))
            design[rows, :shared], design[rows, columns] = board[index] * mean_w, own[index] * mean_w
            first += len(one)
        own_penalty = WEAK_PENALTY if terms.periodic else PENALTY
        penalties = np.concatenate([terms.penalties(shared), np.full(each * len(cells), own_penalty)])
        design[cell_count:] = np.diag(penalties)
        centres = np.concatenate([terms.centres(shared), np.zeros(each * len(cells))])
        weights, _ = nnls(design, np.concatenate([np.ones(cell_count), centres * penalties]))
        weights *= mean_w
        note = None
        if cell_count < weight_count:
            note = f"{cell_count} cells of the board for {weight_count} terms: a prior decides the rest"
        return [
            HousePowerFit(terms, weights[:shared], weights[shared + each * i : shared + each * (i + 1)], note)
            for i in range(len(cells))
        ]
