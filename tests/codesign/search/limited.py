"""Every design of a small problem, its figures worked out image by image: what limits are held against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.policy.replay import replay
from codesign.policy.selection import policy_of, selected_candidates
from codesign.search.footprint import STAGE_FILE_BYTES, Footprint
from codesign.search.inner import EnergyKind
from runtime.contract.arrays import FloatArray
from tests.codesign.search.chains import Case


def footprint(seed: int, candidates: int) -> Footprint:
    """Made-up bytes; an end has no head."""
    rng = np.random.default_rng(seed)
    arrays = [rng.integers(1, 50, candidates).astype(float) for _ in range(6)]
    for head in arrays[1::2]:
        head[-1] = 0.0
    return Footprint(*arrays)


@dataclass(frozen=True)
class Design:
    """Row, point, and every figure."""

    level: int
    mask: int
    point: int
    figures: dict[str, float]


def figures_one_by_one(
    case: Case, level: int, mask: int, point: int, taken: Footprint, batch: int, served_at: float | None
) -> dict[str, float]:
    """Without a formula of the product but the stages' costs."""
    costs = case.costs.stage_costs(mask)
    outcome = replay(case.log, mask, policy_of(mask, case.thresholds_nats[level]))
    reached_s, reached_j = np.cumsum(costs.latency_s[:, point]), np.cumsum(costs.energy_j[:, point])
    each_s = np.sort(reached_s[outcome.exits_taken])
    energy_j = float(reached_j[outcome.exits_taken].mean())
    if served_at is not None:
        idle_w = float(costs.idle_w[point])
        energy_j += idle_w * (1 / served_at - float(each_s.mean()))
    kept = selected_candidates(mask, case.log.candidates).tolist()
    runs = {
        c
        for c in range(case.log.candidates)
        if any(k >= c and case.costs.backbone[k] == case.costs.backbone[c] for k in kept)
    }
    alive = [taken.segment_alive_bytes[c] for c in runs] + [taken.head_alive_bytes[c] for c in kept]
    weights = sum(taken.segment_weight_bytes[c] for c in runs) + sum(taken.head_weight_bytes[c] for c in kept)
    files = sum(taken.segment_file_bytes[c] for c in runs) + sum(
        taken.head_file_bytes[c] + STAGE_FILE_BYTES for c in kept
    )
    reach = [float((outcome.exits_taken >= stage).mean()) for stage in range(len(kept))]
    overhead_s = float(case.costs.overhead_latency_s[point])
    batch_s = sum(
        batch * share * (stage_s - overhead_s) + (1 - (1 - share) ** batch) * overhead_s
        for share, stage_s in zip(reach, costs.latency_s[:, point], strict=True)
    )
    return {
        "accuracy": outcome.accuracy,
        "latency_s": float(each_s.mean()),
        "p99_latency_s": float(each_s[int(np.ceil(0.99 * len(each_s))) - 1]),
        "worst_latency_s": float(reached_s[-1]),
        "energy_j": energy_j,
        "images_per_s": batch / batch_s,
        "memory_bytes": float(weights + batch * max(alive)),
        "size_bytes": float(files),
    }


def every_design(case: Case, taken: Footprint, batch: int, energy: EnergyKind, rate: float) -> list[Design]:
    """All levels, masks and points."""
    return [
        Design(level, mask, point, figures_one_by_one(case, level, mask, point, taken, batch, served_at))
        for served_at in [rate if energy == "served" else None]
        for level in range(len(case.thresholds_nats))
        for mask in range(1 << (case.log.candidates - 1))
        for point in range(case.costs.points)
    ]


def objectives(designs: list[Design]) -> FloatArray:
    """(designs, 3), all to be small."""
    rows = [(-d.figures["accuracy"], d.figures["energy_j"], d.figures["latency_s"]) for d in designs]
    return np.asarray(rows).reshape(-1, 3)
