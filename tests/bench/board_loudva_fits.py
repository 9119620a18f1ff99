"""AGX Xavier, Xavier NX and Nano against LoudVA: board power and latency of one classifier at 11 to 15 GPU clocks.

The classifier is only known to be Inception-class; InceptionV3 at 299 pixels stands for it. Triton answered it over
HTTP: one constant time per board is free, during which the board idles but for what is awake. Memory and CPU stood at
their fastest (MAXN), so what follows their clocks is taken from the profile, where it is assumed.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.boards.simulated_latency import LatencyParameters, latency_terms
from runtime.boards.simulated_power import dissipation
from runtime.contract.arrays import FloatArray
from runtime.contract.operating_point import OperatingPoint

from .board_latency_fits import Layers, stored
from .known_networks import inception_v3

BOARDS = {"agx-xavier": "agx-xavier", "xavier-nx": "xavier-nx", "nano": "jetson-nano"}  # profile -> name in the CSV
IDLE_SHARE = 0.12  # of the GPU's dynamic power, as on the Orin Nano Super: LoudVA read no idle power


@dataclass(frozen=True)
class LoudvaFit:
    """Signed relative errors at each clock, and what clocks save, measured and modelled."""

    gpu_hz: FloatArray
    power: FloatArray
    latency: FloatArray
    server_s: float
    measured_saving: float  # of board energy at the best GPU clock, against the fastest
    modelled_saving: float


def read_loudva(file: Path, board: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """GPU Hz, board W and latency s, (clocks,) each."""
    with file.open(encoding="utf-8") as lines:
        rows = [row for row in csv.DictReader(lines) if row["board"] == BOARDS[board]]
    gpu_hz, board_w, latency_s = np.array(
        [[float(r["gpu_hz"]), float(r["board_w"]), float(r["latency_s"])] for r in rows]
    ).T
    return gpu_hz, board_w, latency_s


def judge_loudva(file: Path, board: str) -> LoudvaFit:
    """How far the profile is off."""
    gpu_hz, board_w, measured_s = read_loudva(file, board)
    simulated = SimulatedBoard(profile(board), "gpu")
    fastest = simulated.profile.max_point("gpu")
    points = tuple(OperatingPoint(fastest.cpu_hz, int(hz), fastest.emc_hz) for hz in gpu_hz)
    works = inception_v3(299)
    each_s = simulated.latency_s(works, points)
    idle_w, entering_s = simulated.idle_w(points), simulated.stage_overhead_s(points)
    network_s = each_s.sum(axis=0) + entering_s
    server_s = float(
        least_squares(
            lambda x: np.log((network_s + x[0]) / measured_s), [0.004], bounds=(0.0, 1.0), loss="soft_l1", f_scale=0.05
        ).x[0]
    )
    above_idle_j = (each_s * (simulated.busy_w(works, points) - idle_w)).sum(axis=0)
    awake_w = next(p.values[0] for p in simulated.profile.active["gpu"] if p.name == "busy_w")
    modelled_s = network_s + server_s
    modelled_w = idle_w + (above_idle_j + awake_w * (server_s + entering_s)) / modelled_s
    return LoudvaFit(
        gpu_hz=gpu_hz,
        power=modelled_w / board_w - 1.0,
        latency=modelled_s / measured_s - 1.0,
        server_s=server_s,
        measured_saving=_saving(board_w * measured_s),
        modelled_saving=_saving(modelled_w * modelled_s),
    )


def fit_loudva(file: Path, board: str) -> dict[str, float]:
    """Values for the profile: rates of the GPU, watts that do not change, watts that follow its clock, and how."""
    gpu_hz, board_w, measured_s = read_loudva(file, board)
    known = profile(board)
    idle = {p.name: p.values for p in known.idle}
    active = {p.name: p.values[0] for p in known.active["gpu"]}
    cpu_hz, emc_hz = (np.full_like(gpu_hz, table.hz[-1]) for table in (known.cpu, known.emc))
    layers, start = Layers.of(inception_v3(299)), stored(board)

    def rates(x: FloatArray) -> LatencyParameters:
        return replace(start, macs_per_core_cycle=float(np.exp(x[0])), bytes_per_core_cycle=float(np.exp(x[1])))

    def taken_s(x: FloatArray) -> FloatArray:
        terms = latency_terms(rates(x), layers.macs, layers.traffic_bytes, layers.kernels, gpu_hz, cpu_hz, emc_hz)
        entering_s = start.stage_cpu_cycles / cpu_hz + start.stage_fixed_s
        taken: FloatArray = layers.times @ terms.latency_s + entering_s + 1e-3 * np.abs(x[2])
        return taken

    # As many bytes per core and cycle as on the Orin Nano Super, unless the data say otherwise.
    cores = float(known.device_names["gpu"].split(",")[1].split()[0])
    prior = np.log(0.07 * cores)
    begin = [np.log(0.4 * cores), prior, 5.0]
    x = least_squares(
        lambda x: np.append(np.log(taken_s(x) / measured_s), 0.02 * (x[1] - prior)),
        begin,
        loss="soft_l1",
        f_scale=0.05,
        x_scale="jac",
    ).x
    terms = latency_terms(rates(x), layers.macs, layers.traffic_bytes, layers.kernels, gpu_hz, cpu_hz, emc_hz)
    core_share = (layers.times @ terms.core_cycles) / gpu_hz / taken_s(x)
    launch_s = (layers.times @ terms.launch_cycles) / cpu_hz
    other_w = idle["cpu_idle_w"][0] + idle["emc_idle_w"][-1] + active["busy_w"]
    other_j = active["joules_per_byte"] * (layers.times @ layers.traffic_bytes) + active["cpu_launch_w"] * launch_s

    def drawn_w(y: FloatArray) -> FloatArray:
        share = dissipation(gpu_hz, known.gpu.hz[-1], float(y[2]), idle["gpu_voltage_exponent"][0])
        drawn: FloatArray = (
            y[0] + other_w + other_j / taken_s(x) + y[1] * share * (IDLE_SHARE + (1 - IDLE_SHARE) * core_share)
        )
        return drawn

    y = least_squares(
        lambda y: np.log(drawn_w(y) / board_w),
        [1.0, 0.6 * board_w[-1], 0.5],
        loss="soft_l1",
        f_scale=0.03,
        bounds=(0.0, 100.0),
    ).x
    return {
        "macs_per_core_cycle": float(np.exp(x[0])),
        "bytes_per_core_cycle": float(np.exp(x[1])),
        "server_s": 1e-3 * abs(float(x[2])),
        "base_w": float(y[0]),
        "gpu_idle_w": IDLE_SHARE * float(y[1]),
        "core_active_w": (1 - IDLE_SHARE) * float(y[1]),
        "gpu_voltage_swing": float(y[2]),
    }


def _saving(energy_j: FloatArray) -> float:
    return 1.0 - float(energy_j.min() / energy_j[-1])
