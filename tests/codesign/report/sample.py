"""A made-up but plausible results object, and the awkward variants of it that a page must survive."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from codesign.report.results import BAR_NAMES

CLOCKS = {"cpu_hz": 1_190_400_000, "gpu_hz": 510_000_000, "emc_hz": 2_133_000_000}
FAST = {"cpu_hz": 1_728_000_000, "gpu_hz": 1_020_000_000, "emc_hz": 3_199_000_000}
IDLE_W, RATE_HZ = 3.1, 30.0
STAGES = ("A · block 3", "A · block 5", "A · end", "B · end")


def served_j(energy_j: float, latency_s: float, idle_w: float = IDLE_W) -> float:
    """Board joules per request with the waiting at `idle_w`."""
    return energy_j + idle_w * (1 / RATE_HZ - latency_s)


def bar(name: str, energy_j: float, accuracy: float, latency_s: float, idle_w: float = IDLE_W) -> dict[str, Any]:
    """One bar."""
    return {
        "name": name,
        "mode": "balanced",
        "accuracy": accuracy,
        "accuracy_kind": "measured",
        "energy_j": energy_j,
        "served_energy_j": served_j(energy_j, latency_s, idle_w),
        "energy_kind": "simulated",
        "latency_s": latency_s,
        "split": "test",
        "operating_point": dict(FAST if "max" in name else CLOCKS),
        "design": "MBConv d2 w24 r32" if name.startswith("static") else "A d1 w16 (exits 3, 5) → B d2 w24",
        "macs": 5.1e6 if name.startswith("static") else 2.2e6,
    }


def exits(shares: Sequence[float], labels: Sequence[str]) -> list[dict[str, Any]]:
    """Exits with the given test shares; on select a little more leave at the first."""
    shift = 0.02 if len(shares) > 1 and shares[-1] > 0.02 else 0.0
    select = [share + shift * ((i == 0) - (i == len(shares) - 1)) for i, share in enumerate(shares)]
    return [
        {
            "stage": i,
            "label": label,
            "select_share": select[i],
            "test_share": share,
            "accuracy_of_leavers": None if share == 0 else 0.998 - 0.04 * i,
            "macs": 0.6e6 + 6.1e6 * (i / max(len(shares) - 1, 1)) ** 1.6,
        }
        for i, (share, label) in enumerate(zip(shares, labels, strict=True))
    ]


def mode(
    name: str,
    accuracy: float,
    energy_j: float,
    shares: Sequence[float],
    *,
    default: bool = False,
    labels: Sequence[str] = STAGES,
    classes: Sequence[str] = tuple("0123456789"),
) -> dict[str, Any]:
    """One mode."""
    outcome = {
        "accuracy": accuracy,
        "energy_j": energy_j,
        "served_energy_j": served_j(energy_j, energy_j / 7.5),
        "latency_s": energy_j / 7.5,
        "worst_latency_s": energy_j / 7.5 * 2.4,
    }
    return {
        "name": name,
        "default": default,
        "design": f"d-{name}-3f9a",
        "description": "MBConv backbone A (depth 1, width 16), exits after block 3, 5; then backbone B (depth 2)",
        "operating_point": dict(CLOCKS),
        "thresholds_nats": [0.31 + 0.17 * i for i in range(len(shares) - 1)],
        "select": {
            **outcome,
            "accuracy": min(accuracy + 0.003, 1.0),
            "energy_j": energy_j * 0.98,
            "latency_s": outcome["latency_s"] * 0.98,
        },
        "test": {**outcome, "harm": 0.006},
        "exits": exits(shares, labels),
        "per_class": [
            {"class": label, "n": 36, "full": 0.972, "policy": 0.972 + 0.0278 * round(1.3 * math.sin(2.1 * i) - 0.35)}
            for i, label in enumerate(classes)
        ],
    }


def points(count: int, energy_j: float, best: float, steepness: float) -> list[dict[str, float]]:
    """A front that rises towards `best`."""
    return [
        {
            "accuracy": best - 0.09 * math.exp(-steepness * i / count),
            "energy_j": energy_j * (1 + 2.4 * i / count),
            "latency_s": energy_j * (1 + 2.4 * i / count) / 7.5,
        }
        for i in range(count)
    ]


def cloud(count: int) -> list[dict[str, float]]:
    """Searched designs under the fronts; golden-ratio steps fill the plane evenly without a seed."""
    found = []
    for i in range(count):
        u, v = (i * 0.61803398875) % 1.0, (i * 0.7548776662) % 1.0
        energy_j = 0.0021 + 0.011 * u**1.4
        best = 0.986 - 0.11 * math.exp(-(energy_j - 0.0015) * 620)
        found.append({"accuracy": max(best - 0.12 * v * v - 0.002, 0.3), "energy_j": energy_j, "latency_s": 0.001})
    return found


def sample(
    *,
    classes: Sequence[str] = tuple("0123456789"),
    chosen_j: float = 0.00412,
    static_j: float = 0.0061,
    chosen_accuracy: float = 0.9861,
    shares: Sequence[float] = (0.58, 0.17, 0.14, 0.11),
    labels: Sequence[str] = STAGES,
) -> dict[str, Any]:
    """A whole results object, two backbones in a chain with four exits by default."""
    per_class = 36
    values = dict(
        zip(
            BAR_NAMES,
            (
                (0.0074, 0.9861, 0.00081, 3.6),
                (0.0083, 0.9861, 0.00068, 4.4),
                (static_j, 0.9861, 0.00112, IDLE_W),
                (chosen_j * 1.32, chosen_accuracy, 0.00051, 4.4),
                (static_j * 0.84, 0.9833, 0.00097, IDLE_W),
                (chosen_j, chosen_accuracy, 0.00074, IDLE_W),
            ),
            strict=True,
        )
    )
    default = mode("balanced", chosen_accuracy, chosen_j, shares, default=True, labels=labels, classes=classes)
    moved = min(0.08, shares[-1]) if len(shares) > 1 else 0.0
    thrifty = [shares[0] + moved, *shares[1:-1], shares[-1] - moved] if len(shares) > 1 else list(shares)
    return {
        "schema": "1.0",
        "created": "2026-11-21T04:30:00+00:00",
        "command": "codesign compile --data digits --board orin-nano-super --out runs/digits",
        "tool_version": "0.1.0",
        "machine": "Linux x86_64, 2 cores, 8 GB",
        "data": {
            "name": "digits",
            "classes": list(classes),
            "splits": {
                name: {"n": n * len(classes), "class_counts": [n] * len(classes)}
                for name, n in (("train", 90), ("select", 30), ("certify", 24), ("test", per_class))
            },
            "imbalance": None,
            "notes": ["8×8 grey images, enlarged to 32×32 and repeated on three channels."],
        },
        "board": {
            "name": "orin-nano-super",
            "device": "gpu",
            "hardware": "orin-nano-super gpu, VDD_IN, simulated",
            "operating_points": 704,
            "assumptions": [
                "Power gating and carrier board as on the developer kit.",
                "Kernels of one stage run without gaps; a stage adds 60 µs.",
            ],
        },
        "settings": {
            "request_rate_hz": RATE_HZ,
            "max_accuracy_loss": 0.01,
            "max_latency_s": None,
            "seed": 0,
            "energy_objective": "back_to_back",
        },
        "full_network": {
            "accuracy": 0.9889,
            "split": "test",
            "macs": 5.1e6,
            "design": "MBConv depth 2, width 24, 32 px",
        },
        "bars": [bar(name, *row) for name, row in values.items()],
        "oracle": bar("oracle", chosen_j * 0.72, 0.9972, 0.00049),
        "macs": {"static": 5.1e6, "exits": 2.2e6},
        "certificate": None,
        "modes": [
            mode("accurate", 0.9889, chosen_j * 1.34, shares, labels=labels, classes=classes),
            default,
            mode("frugal", 0.9722, chosen_j * 0.74, thrifty, labels=labels, classes=classes),
        ],
        "fronts": {
            "split": "select",
            "kind": "simulated",
            "static": points(9, 0.0033, 0.9900, 4.6),
            "single": points(14, 0.0028, 0.9905, 5.0),
            "chain": [
                *points(16, 0.0019, 0.9870, 4.6),
                *(
                    {"accuracy": min(accuracy + 0.003, 1.0), "energy_j": energy_j * 0.98, "latency_s": 0.001}
                    for accuracy, energy_j in (
                        (0.9722, chosen_j * 0.74),
                        (chosen_accuracy, chosen_j),
                        (0.9889, chosen_j * 1.34),
                    )
                ),
            ],
            "searched": cloud(900),
        },
        "gains": {
            "single": {"energy_j": 0.0055, "accuracy": 0.9865, "saving_vs_static": 0.14},
            "chain": {
                "energy_j": chosen_j * 0.98,
                "accuracy": min(chosen_accuracy + 0.003, 1.0),
                "saving_vs_static": 0.345,
            },
        },
        "history": [
            {"generation": g, "evaluations": 12 * (g + 1), "hypervolume": 0.62 - 0.2 * math.exp(-0.45 * g)}
            for g in range(12)
        ],
        "timing_s": {"data": 1.2, "supernet": 812.4, "exits": 164.0, "search": 96.3, "finalists": 21.7, "bundle": 9.4},
        "peak_memory_bytes": 1_340_000_000,
        "verification": {
            "cut_vs_uncut_max_abs_difference": 1.2e-7,
            "golden_samples": 8,
            "bundle_id": "9b1c7a52f0e4d86a3b5c7f1e2d4a6b8c0e1f3a5b7c9d1e3f5a7b9c1d3e5f7a9b",
        },
    }
