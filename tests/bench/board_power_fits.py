"""Power of the Orin Nano Super against public traces: fitting watts, and mean power under periodic load."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import lsq_linear

from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_latency import latency_terms
from runtime.boards.simulated_power import dissipation
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import Work

from .board_latency_fits import ORIN_CPU_HZ, LatencyFit, fit_orin, read_grids, stored

IDLE_ANCHORS_W = (  # GPU Hz, EMC Hz, CPU cap Hz, VDD_IN with nothing to do; from the same laboratory's traces
    (1_020_000_000, 2_133_000_000, 1_728_000_000, 5.52),
    (612_000_000, 2_133_000_000, 1_497_600_000, 4.99),
    (918_000_000, 3_199_000_000, 1_344_000_000, 6.60),
)


RAILS = ("VDD_CPU_GPU_CV", "VDD_SOC")


@dataclass(frozen=True)
class PeriodicRow:
    """Mean board power of one workload at a request rate: what was measured, and what the simulated board draws."""

    workload: str
    emc_hz: int
    requests_per_s: float
    measured_w: float
    modelled_w: float
    measured_s: float
    modelled_s: float
    measured_rails_w: dict[str, float]  # of the rails within the board's
    modelled_rails_w: dict[str, float]


def mean_rails_w(
    board: SimulatedBoard, works: Sequence[Work], point: OperatingPoint, requests_per_s: float
) -> dict[str, float]:
    """Every rail's mean power under periodic load, leaving out what entering the stage takes."""
    mean_w = board.rails_w_at(None, point)
    idle_w = dict(mean_w)
    for work, taken_s in zip(works, board.latency_s(works, [point])[:, 0], strict=True):
        for rail, busy_w in board.rails_w_at(work, point).items():
            mean_w[rail] += requests_per_s * float(taken_s) * (busy_w - idle_w[rail])
    return mean_w


def periodic_rows(dvfs: Path, latency: LatencyFit | None = None) -> list[PeriodicRow]:
    """Every row of the power CSV whose workload has a latency grid; of the others the work is unknown."""
    if latency is None:
        grids = read_grids(dvfs / "orin_nano_super_latency.csv", "latency_p50_s")
        latency = fit_orin(grids, stored("orin-nano-super"), board_is_free=False)
    board = SimulatedBoard(profile("orin-nano-super"), "gpu")
    found = []
    with (dvfs / "orin_nano_super_power.csv").open(encoding="utf-8") as lines:
        entries = [entry for entry in csv.DictReader(lines) if entry["workload"] in latency.layers]
    for entry in entries:
        # Layer by layer: the slower of computing and moving differs from one to the next.
        layers, rate = latency.layers[entry["workload"]], float(entry["requests_per_s"])
        works = layers.works()
        point = (OperatingPoint(ORIN_CPU_HZ, int(entry["gpu_hz"]), int(entry["emc_hz"])),)
        rails_w = mean_rails_w(board, works, point[0], rate)
        taken_s = board.latency_s(works, point).sum(axis=0) + board.stage_overhead_s(point)
        found.append(
            PeriodicRow(
                workload=entry["workload"],
                emc_hz=point[0].emc_hz,
                requests_per_s=rate,
                measured_w=float(entry["vdd_in_w"]),
                modelled_w=float(board.periodic_w(works, point, rate)[0]),
                measured_s=float(entry["latency_p50_s"]),
                modelled_s=float(taken_s[0]),
                measured_rails_w={rail: float(entry[f"{rail.lower()}_w"]) for rail in RAILS},
                modelled_rails_w={rail: rails_w[rail] for rail in RAILS},
            )
        )
    return found


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
        gpu = float(
            dissipation(np.array([gpu_hz]), board.gpu.hz[-1], idle["gpu_voltage_swing"], idle["gpu_voltage_exponent"])[
                0
            ]
        )
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
