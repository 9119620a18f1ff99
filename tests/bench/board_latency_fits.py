"""Latency of the simulated boards against public measurements: fitting, and judging what the profiles say.

The equations are the product's own (`runtime.boards.simulated_latency`). Networks are counted from their papers
(`known_networks`). What is free besides the board: the works of the two proxies, which are not published; one factor on
ViT's multiply-accumulates, since matrix products run in another precision than convolutions (TF32); and on the TX2 the
start-up and launch cycles and a fixed time of each workload, since TensorFlow spends them, not the board.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from runtime.boards.profile import profile
from runtime.boards.simulated_latency import LatencyParameters, latency_terms
from runtime.contract.arrays import FloatArray
from runtime.contract.work import Work

from .known_networks import inception_v3, mobilenet_v2, vit_small, xception

ORIN_CPU_HZ = 1_728_000_000  # pinned there in every measurement


@dataclass(frozen=True)
class Grid:
    """Measured latencies of one workload; every array is (settings,)."""

    gpu_hz: FloatArray
    emc_hz: FloatArray
    cpu_hz: FloatArray
    latency_s: FloatArray


@dataclass(frozen=True)
class Layers:
    """Works of one workload, (distinct layers,), and how often each occurs."""

    macs: FloatArray
    traffic_bytes: FloatArray
    kernels: FloatArray
    times: FloatArray

    @classmethod
    def of(cls, works: Sequence[Work]) -> Layers:
        rows = np.array([(work.macs, work.traffic_bytes, work.kernels) for work in works])
        distinct, times = np.unique(rows, axis=0, return_counts=True)
        macs, traffic_bytes, kernels = distinct.T
        return cls(macs, traffic_bytes, kernels, times.astype(np.float64))

    def works(self) -> list[Work]:
        """Each distinct layer with all of its occurrences in one: everything is linear in them."""
        rows = zip(self.macs, self.traffic_bytes, self.kernels, self.times, strict=True)
        return [Work(macs * n, traffic_bytes * n, kernels * n) for macs, traffic_bytes, kernels, n in rows]


@dataclass(frozen=True)
class LatencyFit:
    """Parameters, the layers with whatever was free about them, and signed relative errors per workload."""

    parameters: LatencyParameters
    layers: dict[str, Layers]
    errors: Mapping[str, FloatArray]


def read_grids(file: Path, latency: str, cores: str | None = None) -> dict[str, Grid]:
    """Workload -> measured grid; `cores` selects rows, a missing CPU clock is the one that was pinned."""
    found: dict[str, list[tuple[float, ...]]] = {}
    with file.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if cores is None or row["n_cpu_cores"] == cores:
                clocks = (float(row["gpu_hz"]), float(row["emc_hz"]), float(row.get("cpu_hz", ORIN_CPU_HZ)))
                found.setdefault(row["workload"], []).append((*clocks, float(row[latency])))
    return {name: Grid(*np.array(rows).T) for name, rows in found.items()}


def modelled_s(parameters: LatencyParameters, layers: Layers, grid: Grid) -> FloatArray:
    """(settings,): one inference as one stage."""
    terms = latency_terms(
        parameters, layers.macs, layers.traffic_bytes, layers.kernels, grid.gpu_hz, grid.cpu_hz, grid.emc_hz
    )
    overhead_s = parameters.stage_cpu_cycles / grid.cpu_hz + parameters.stage_fixed_s
    modelled: FloatArray = layers.times @ terms.latency_s + overhead_s
    return modelled


def stored(board: str) -> LatencyParameters:
    """What the profile says now."""
    return LatencyParameters(**{p.name: p.values[0] for p in profile(board).latency["gpu"]})


def fit_orin(grids: dict[str, Grid], start: LatencyParameters, *, board_is_free: bool) -> LatencyFit:
    """Fit the board (or leave it) with the free parts of the workloads."""
    mobilenet, vit = Layers.of(mobilenet_v2()), Layers.of(vit_small())

    def unpack(x: FloatArray) -> tuple[LatencyParameters, dict[str, Layers]]:
        parameters = start
        if board_is_free:
            rates = np.exp(x[5:9])
            parameters = replace(
                start,
                macs_per_core_cycle=float(rates[0]),
                bytes_per_core_cycle=float(rates[1]),
                bytes_per_emc_cycle=float(rates[2]),
                cpu_cycles_per_kernel=float(rates[3]),
                overlap_loss=float(1 / (1 + np.exp(-x[9]))),
            )
        once = np.ones(1)
        return parameters, {
            "mobilenet": mobilenet,
            "vit": replace(vit, macs=vit.macs * np.exp(x[0])),
            "proxy": Layers(np.exp(x[1:2]), np.exp(x[2:3]), once, once),
            "cproxyv2": Layers(np.exp(x[3:4]), np.exp(x[4:5]), once, once),
        }

    begin = np.append(np.log([0.2, 1e8, 2e8, 1e9, 4e8, 160.0, 70.0, 16.0, 18000.0]), -2.0)
    x = _solved(unpack, grids, begin if board_is_free else begin[:5])
    return _judged(unpack(x), grids)


def fit_tx2(grids: dict[str, Grid], start: LatencyParameters, *, board_is_free: bool) -> LatencyFit:
    """Fit the board (or leave it) with TensorFlow's start-up and launch cycles and fixed seconds of each workload."""
    counted = {
        name: Layers.of((inception_v3 if name.startswith("inception") else xception)(int(name[-3:]), fused=False))
        for name in grids
    }
    free = 3 * len(counted)

    def unpack(x: FloatArray) -> tuple[LatencyParameters, dict[str, LatencyParameters]]:
        parameters = start
        if board_is_free:
            rates = np.exp(x[free : free + 2])
            loss = 1 / (1 + np.exp(-x[free + 2]))
            parameters = replace(
                start,
                bytes_per_core_cycle=float(rates[0]),
                bytes_per_emc_cycle=float(rates[1]),
                overlap_loss=float(loss),
            )
        own = np.exp(x[:free]).reshape(-1, 3)
        return parameters, {
            name: replace(
                parameters,
                core_cycles_per_kernel=float(core),
                cpu_cycles_per_kernel=float(cpu),
                stage_fixed_s=float(fixed_s),
            )
            for name, (core, cpu, fixed_s) in zip(counted, own, strict=True)
        }

    def residuals(x: FloatArray) -> FloatArray:
        _, each = unpack(x)
        return np.concatenate(
            [np.log(modelled_s(each[name], counted[name], grid) / grid.latency_s) for name, grid in grids.items()]
        )

    begin = np.log(np.tile([80_000.0, 300_000.0, 5e-3], len(counted)))
    if board_is_free:
        begin = np.concatenate([begin, np.log([36.0, 11.0]), [0.0]])
    x = least_squares(residuals, begin, loss="soft_l1", f_scale=0.05, max_nfev=60).x
    parameters, each = unpack(x)
    errors = {name: modelled_s(each[name], counted[name], grid) / grid.latency_s - 1.0 for name, grid in grids.items()}
    return LatencyFit(parameters, counted, errors)


def _solved(
    unpack: Callable[[FloatArray], tuple[LatencyParameters, dict[str, Layers]]],
    grids: dict[str, Grid],
    begin: FloatArray,
) -> FloatArray:
    def residuals(x: FloatArray) -> FloatArray:
        parameters, layers = unpack(x)
        return np.concatenate(
            [np.log(modelled_s(parameters, layers[name], grid) / grid.latency_s) for name, grid in grids.items()]
        )

    # A robust loss: the compute proxy is slower at the highest clocks than just below them, a power limit at work.
    solved: FloatArray = least_squares(residuals, begin, loss="soft_l1", f_scale=0.02).x
    return solved


def _judged(found: tuple[LatencyParameters, dict[str, Layers]], grids: dict[str, Grid]) -> LatencyFit:
    parameters, layers = found
    errors = {name: modelled_s(parameters, layers[name], grid) / grid.latency_s - 1.0 for name, grid in grids.items()}
    return LatencyFit(parameters, layers, errors)
