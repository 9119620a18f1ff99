"""Fits the simulated boards to public measurements, and prints how far they are off.

    python -m tests.bench.bench_board_fit --data ../shared/data          # errors of the profiles as they are
    python -m tests.bench.bench_board_fit --data ../shared/data --fit    # fit anew; prints values for the profiles
    python -m tests.bench.bench_board_fit --data ../shared/data --json errors.json

Errors are relative. What is free in each comparison besides the board stands in `board_latency_fits`,
`board_power_fits` and `board_loudva_fits`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from runtime.boards.profile import known_boards, profile
from runtime.boards.simulated import SimulatedBoard
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import block_costs
from runtime.contract.work import Work

from .board_latency_fits import Layers, fit_orin, fit_tx2, read_grids, stored
from .board_loudva_fits import BOARDS, fit_loudva, judge_loudva
from .board_power_fits import fit_orin_power, periodic_rows
from .known_networks import inception_v3, mobilenet_v2, vit_small

NETWORKS = {"MobileNetV2 at 224": mobilenet_v2(), "InceptionV3 at 299": inception_v3(299)}


def summary(errors: FloatArray) -> dict[str, float]:
    """Mean, 95th percentile and maximum of absolute relative errors."""
    absolute = np.abs(errors)
    return {
        "cells": float(absolute.size),
        "mean_error": float(absolute.mean()),
        "p95_error": float(np.quantile(absolute, 0.95)),
        "max_error": float(absolute.max()),
    }


def savings(board: SimulatedBoard, works: Sequence[Work]) -> float:
    """Share of board energy that the best clocks save against the fastest, one inference after the other."""
    points = board.clocks.choices()
    energy_j = block_costs(board, works, points)[1].sum(axis=0)
    return 1.0 - float(energy_j.min() / energy_j[points.index(board.profile.max_point(board.device))])


def print_errors(title: str, errors: Mapping[str, FloatArray]) -> dict[str, dict[str, float]]:
    """A line for each workload; returns what was printed."""
    print(title)
    found = {name: summary(of_name) for name, of_name in errors.items()}
    for name, row in found.items():
        mean, p95, largest = (100 * row[key] for key in ("mean_error", "p95_error", "max_error"))
        print(f"  {name:22s} n={row['cells']:4.0f}  mean {mean:5.2f} %  95p {p95:5.2f} %  max {largest:5.2f} %")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the error tables, and the fitted values where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds dvfs/*.csv")
    parser.add_argument("--fit", action="store_true", help="fit the boards anew instead of judging the profiles")
    parser.add_argument("--json", type=Path, help="write the printed errors here too")
    options = parser.parse_args(arguments)
    dvfs: Path = options.data / "dvfs"
    report: dict[str, Any] = {"kind": "simulated boards against public measurements, relative errors"}
    orin_grids = read_grids(dvfs / "orin_nano_super_latency.csv", "latency_p50_s")
    orin = fit_orin(orin_grids, stored("orin-nano-super"), board_is_free=options.fit)
    report["orin-nano-super latency"] = print_errors("orin-nano-super, latency", orin.errors)
    print(f"  free ViT factor {orin.layers['vit'].macs.sum() / Layers.of(vit_small()).macs.sum():.3f}")
    if options.fit:
        print(orin.parameters)
        print("orin-nano-super, power")
        fit_orin_power(dvfs / "orin_nano_super_power.csv", orin)
    print("orin-nano-super, mean board power under periodic load")
    report["orin-nano-super periodic power"] = []
    for row in periodic_rows(dvfs):
        error = row.modelled_w / row.measured_w - 1.0
        print(
            f"  {row.workload:10s} EMC {row.emc_hz / 1e6:6.1f} MHz, {row.requests_per_s:4.0f}/s:"
            f" measured {row.measured_w:.2f} W, simulated {row.modelled_w:.2f} W ({100 * error:+.1f} %)"
        )
        report["orin-nano-super periodic power"].append(
            {
                "workload": row.workload,
                "emc_hz": row.emc_hz,
                "measured_w": row.measured_w,
                "simulated_w": row.modelled_w,
            }
        )
    loudva = dvfs / "loudva_power_latency.csv"
    for board in BOARDS:
        judged = judge_loudva(loudva, board)
        report[board] = print_errors(f"{board}, LoudVA", {"power": judged.power, "latency": judged.latency})
        shown = (100 * judged.measured_saving, 100 * judged.modelled_saving, 1e3 * judged.server_s)
        print("  best GPU clock alone saves {:.1f} % measured, {:.1f} % simulated; server {:.1f} ms".format(*shown))
        report[board]["saving"] = {"measured": judged.measured_saving, "simulated": judged.modelled_saving}
        if options.fit:
            print("  " + ", ".join(f"{name} = {value:.4g}" for name, value in fit_loudva(loudva, board).items()))
    tx2_grids = read_grids(dvfs / "tx2_latency.csv", "latency_s", cores="4")
    tx2 = fit_tx2(tx2_grids, stored("tx2"), board_is_free=options.fit)
    report["tx2 latency"] = print_errors("tx2, latency", tx2.errors)
    if options.fit:
        print(tx2.parameters)
    print("best clocks against the fastest, board energy saved, one inference after the other (simulated)")
    report["savings"] = {}
    for name in known_boards():
        for device in profile(name).devices:
            simulated = SimulatedBoard(profile(name), device)
            saved = {network: savings(simulated, works) for network, works in NETWORKS.items()}
            print(f"  {name:16s} {device}  " + ", ".join(f"{net} {100 * share:4.1f} %" for net, share in saved.items()))
            report["savings"][f"{name} {device}"] = saved
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
