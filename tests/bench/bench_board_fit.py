"""Fits the simulated boards to public measurements, and prints how far they are off.

    python -m tests.bench.bench_board_fit --data ../shared/data          # errors of the profiles as they are
    python -m tests.bench.bench_board_fit --data ../shared/data --fit    # fit anew; prints values for the profiles

The equations are the product's own (`runtime.boards.simulated_latency`, `simulated_power`). Networks are counted from
their papers (`known_networks`). What is free besides the board: the works of the two proxies, which are not published;
one factor on ViT's multiply-accumulates, since matrix products run in another precision than convolutions (TF32); and
on the TX2 the start-up and launch cycles of each workload, since TensorFlow spends them, not the board.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares, lsq_linear

from runtime.boards.profile import profile
from runtime.boards.simulated_latency import LatencyParameters, latency_terms
from runtime.boards.simulated_power import dissipation
from runtime.contract.arrays import FloatArray
from runtime.contract.work import Work

from .known_networks import inception_v3, mobilenet_v2, vit_small, xception

ORIN_CPU_HZ = 1_728_000_000  # pinned there in every measurement
IDLE_ANCHORS_W = (  # GPU Hz, EMC Hz, CPU cap Hz, VDD_IN with nothing to do; from the same laboratory's traces
    (1_020_000_000, 2_133_000_000, 1_728_000_000, 5.52),
    (612_000_000, 2_133_000_000, 1_497_600_000, 4.99),
    (918_000_000, 3_199_000_000, 1_344_000_000, 6.60),
)


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
    """Fit the board (or leave it) with TensorFlow's start-up and launch cycles for each workload."""
    counted = {
        name: Layers.of((inception_v3 if name.startswith("inception") else xception)(int(name[-3:]), fused=False))
        for name in grids
    }

    def unpack(x: FloatArray) -> tuple[LatencyParameters, dict[str, LatencyParameters]]:
        parameters = start
        if board_is_free:
            rates = np.exp(x[16:18])
            loss = 1 / (1 + np.exp(-x[18]))
            parameters = replace(
                start,
                bytes_per_core_cycle=float(rates[0]),
                bytes_per_emc_cycle=float(rates[1]),
                overlap_loss=float(loss),
            )
        cycles = np.exp(x[:16]).reshape(8, 2)
        return parameters, {
            name: replace(parameters, core_cycles_per_kernel=float(core), cpu_cycles_per_kernel=float(cpu))
            for name, (core, cpu) in zip(counted, cycles, strict=True)
        }

    def residuals(x: FloatArray) -> FloatArray:
        _, each = unpack(x)
        return np.concatenate(
            [np.log(modelled_s(each[name], counted[name], grid) / grid.latency_s) for name, grid in grids.items()]
        )

    begin = np.concatenate([np.log(np.tile([80_000.0, 300_000.0], 8)), np.log([36.0, 11.0]), [1.0]])
    x = least_squares(residuals, begin if board_is_free else begin[:16], loss="soft_l1", f_scale=0.05, max_nfev=40).x
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


def fit_orin_power(file: Path, latency: LatencyFit) -> None:
    """Least squares for idle and active watts from mean power under periodic load; prints values and errors.

    Mean power = idle + requests per second × joules above idle. Joules per byte and the voltage swings are taken from
    the profile, where they are assumed: at one GPU clock they cannot be told from the watts of the core. The compute
    proxy is judged but not fitted: its work is unknown, and it runs into the board's power limit.
    """
    board = profile("orin-nano-super")
    idle = {p.name: p.values[0] for p in board.idle}
    active = {p.name: p.values[0] for p in board.active["gpu"]}
    names = ("base_w", "gpu_idle_w", *(f"emc_idle_w, step to {hz / 1e6:.0f} MHz" for hz in board.emc.hz[1:]))
    names = (*names, "core_active_w", "busy_w")
    rows, known_w, measured_w, labels = [], [], [], []

    def idle_terms(gpu_hz: float, emc_hz: float, cpu_hz: float) -> tuple[list[float], float]:
        gpu = float(dissipation(np.array([gpu_hz]), board.gpu.hz[-1], idle["gpu_voltage_swing"])[0])
        cpu = float(dissipation(np.array([cpu_hz]), board.cpu.hz[-1], idle["cpu_voltage_swing"])[0])
        return [1.0, gpu, *(float(emc_hz >= step) for step in board.emc.hz[1:])], idle["cpu_idle_w"] * cpu

    gpu_hz: float
    emc_hz: float
    for gpu_hz, emc_hz, cpu_hz, watts in IDLE_ANCHORS_W:
        row, known = idle_terms(gpu_hz, emc_hz, cpu_hz)
        rows.append([*row, 0.0, 0.0])
        known_w.append(known)
        measured_w.append(watts)
        labels.append(f"idle, GPU {gpu_hz / 1e6:.0f}, EMC {emc_hz / 1e6:.0f}")
    with file.open(encoding="utf-8") as lines:
        entries = [entry for entry in csv.DictReader(lines) if entry["workload"] in latency.layers]
    for entry in entries:  # a proxy without a latency grid is left out: its work is unknown
        layers, rate = latency.layers[entry["workload"]], float(entry["requests_per_s"])
        gpu_hz, emc_hz = float(entry["gpu_hz"]), float(entry["emc_hz"])
        clocks = (np.array([gpu_hz]), np.array([float(ORIN_CPU_HZ)]), np.array([emc_hz]))
        terms = latency_terms(latency.parameters, layers.macs, layers.traffic_bytes, layers.kernels, *clocks)
        core_s = float(layers.times @ terms.core_cycles) / gpu_hz
        launch_s = float(layers.times @ terms.launch_cycles) / ORIN_CPU_HZ
        busy_s = float(layers.times @ terms.latency_s[:, 0])
        row, known = idle_terms(gpu_hz, emc_hz, ORIN_CPU_HZ)
        rows.append([*row, rate * core_s, rate * busy_s])
        moved_j = active["joules_per_byte"] * float(layers.times @ layers.traffic_bytes)
        known_w.append(known + rate * (moved_j + active["cpu_launch_w"] * launch_s))
        measured_w.append(float(entry["vdd_in_w"]))
        labels.append(f"{entry['workload']}, EMC {emc_hz / 1e6:.0f}")
    matrix, target = np.array(rows), np.array(measured_w) - np.array(known_w)
    fitted = np.array(["cproxyv2" not in label for label in labels])
    solution = lsq_linear(matrix[fitted], target[fitted], bounds=(0.0, np.inf))
    for name, value in zip(names, solution.x, strict=True):
        print(f"  {name} = {value:.4g}")
    for label, error, watts in zip(labels, matrix @ solution.x - target, measured_w, strict=True):
        print(f"    {label:28s} measured {watts:.2f} W, off by {error:+.3f} W ({100 * error / watts:+.1f} %)")


def print_errors(fit: LatencyFit) -> None:
    """Mean, 95th percentile and maximum of the absolute relative error for each workload."""
    for name, errors in fit.errors.items():
        percent = 100 * np.abs(errors)
        print(
            f"  {name:22s} n={percent.size:4d}  mean {percent.mean():5.2f} %"
            f"  95p {np.quantile(percent, 0.95):5.2f} %  max {percent.max():5.2f} %"
        )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the error table, and the fitted values where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds dvfs/*.csv")
    parser.add_argument("--fit", action="store_true", help="fit the boards anew instead of judging the profiles")
    options = parser.parse_args(arguments)
    dvfs: Path = options.data / "dvfs"
    print("orin-nano-super, latency")
    orin = fit_orin(
        read_grids(dvfs / "orin_nano_super_latency.csv", "latency_p50_s"),
        stored("orin-nano-super"),
        board_is_free=options.fit,
    )
    print_errors(orin)
    print(f"  free ViT factor {orin.layers['vit'].macs.sum() / Layers.of(vit_small()).macs.sum():.3f}")
    if options.fit:
        print(orin.parameters)
        print("orin-nano-super, power")
        fit_orin_power(dvfs / "orin_nano_super_power.csv", orin)
    print("tx2, latency")
    tx2 = fit_tx2(
        read_grids(dvfs / "tx2_latency.csv", "latency_s", cores="4"), stored("tx2"), board_is_free=options.fit
    )
    print_errors(tx2)
    if options.fit:
        print(tx2.parameters)


if __name__ == "__main__":
    main()
