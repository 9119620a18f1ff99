"""The house model of latency over clocks: a smooth roofline, and a Gaussian process for what it leaves over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from codesign.predict.clocks.clock_cells import CLOCKS, ClockCells, Columns, varying
from codesign.predict.clocks.residual import Residual, fit_residuals
from codesign.predict.clocks.roofline import LogPeriods, active_parameters, log_latency
from codesign.predict.clocks.roofline_fit import Observed, fit_rooflines
from runtime.contract.arrays import FloatArray


@dataclass(frozen=True, slots=True)
class Axes:
    """The clocks that vary: their middle (geometric mean) and the standard deviation of their logarithms."""

    middle: dict[str, float]
    spread: dict[str, float]

    @classmethod
    def of(cls, cells: Sequence[ClockCells]) -> Axes:
        """Over all workloads of the board; rates are not clocks."""
        moved = [name for name in varying(cells) if name in CLOCKS]
        logs = {name: np.log(np.concatenate([one.columns[name] for one in cells])) for name in moved}
        return cls(
            {name: float(np.exp(log.mean())) for name, log in logs.items()},
            {name: float(log.std()) for name, log in logs.items()},
        )

    def points(self, columns: Columns) -> FloatArray:
        """(cells, clocks that vary), in standard deviations from the middle."""
        return np.stack([np.log(columns[name] / self.middle[name]) / self.spread[name] for name in self.middle], axis=1)


@dataclass(frozen=True, slots=True)
class HouseFit:
    """One workload: exp(scale + roofline + residual)."""

    axes: Axes
    log_scale: float  # mean ln T of the cells fitted
    log_parameters: FloatArray
    residual: Residual | None  # None where no clock varies
    simplified: str | None

    def predict(self, columns: Columns) -> FloatArray:
        """(cells,) in seconds."""
        log_s, _ = log_latency(self.log_parameters, LogPeriods.of(columns, self.axes.middle))
        if self.residual is not None:
            log_s = log_s + self.residual.at(self.axes.points(columns))
        latency_s: FloatArray = np.exp(self.log_scale + log_s)
        return latency_s


@dataclass(frozen=True, slots=True)
class HouseLatency:
    """`seed` matters only where a workload has more cells than the residual is tuned on."""

    seed: int = 0

    def fit(self, cells: Sequence[ClockCells]) -> list[HouseFit]:
        """All workloads of the board together; see `roofline_fit` and `residual` for what they share."""
        axes = Axes.of(cells)
        active = active_parameters(tuple(axes.middle))
        scales = [float(np.log(one.values).mean()) for one in cells]
        observed = [
            Observed(LogPeriods.of(one.columns, axes.middle), np.log(one.values) - scale)
            for one, scale in zip(cells, scales, strict=True)
        ]
        fitted = fit_rooflines(observed, active)
        residuals: Sequence[Residual | None] = [None] * len(cells)
        if axes.middle:
            left_over = [
                (axes.points(one.columns), seen.log_latency - log_latency(parameters, seen.periods)[0])
                for one, seen, parameters in zip(cells, observed, fitted, strict=True)
            ]
            residuals = fit_residuals(left_over, np.random.default_rng(self.seed))
        return [
            HouseFit(axes, scale, parameters, residual, _note(len(one), len(active)))
            for one, scale, parameters, residual in zip(cells, scales, fitted, residuals, strict=True)
        ]


def _note(cells: int, parameters: int) -> str | None:
    if cells >= parameters:
        return None
    return f"{cells} cells for {parameters} parameters: priors and the board's other workloads decide the rest"
