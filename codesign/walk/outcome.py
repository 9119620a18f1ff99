"""What a design does to a split of images: accuracy by replay, costs by the one accounting."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.policy.exit_log import ExitLog
from codesign.policy.replay import Replay, oracle_replay, replay
from codesign.search.backbone_record import BackboneRecord
from codesign.search.choose import ChosenDesign
from codesign.search.pricing import Pricing
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import StageCosts, expected_costs, reach_shares, served_energy_j


@dataclass(frozen=True, slots=True)
class Outcome:
    """Means per image of one design on one split at one operating point."""

    accuracy: float
    energy_j: float
    served_energy_j: float | None  # None: the rate cannot be served
    latency_s: float
    worst_latency_s: float
    macs: float
    point: int  # index into the pricing's points
    harm: float = 0.0
    replay: Replay | None = None  # None for a static network


def design_outcome(
    chosen: ChosenDesign,
    log: ExitLog,
    pricing: Pricing,
    requests_per_s: float,
    *,
    point: int | None = None,
    oracle: bool = False,
) -> Outcome:
    """A design with its exits on the log of a split, at its own clocks or at others; with `oracle`, the bound."""
    mask = chosen.design.mask
    outcome = oracle_replay(log, mask) if oracle else replay(log, mask, chosen.policy)
    costs = pricing.exited(chosen.chain)
    at = chosen.design.point if point is None else point
    return _outcome(
        costs.stage_costs(mask),
        outcome.exit_shares,
        costs.stage_macs(mask),
        at,
        requests_per_s,
        outcome.accuracy,
        outcome,
    )


def static_outcome(
    record: BackboneRecord, accuracy: float, pricing: Pricing, requests_per_s: float, point: int
) -> Outcome:
    """A network without exits."""
    macs = np.asarray([record.static.macs])
    return _outcome(pricing.static(record), np.ones(1), macs, point, requests_per_s, accuracy, None)


def best_static_point(
    record: BackboneRecord,
    pricing: Pricing,
    requests_per_s: float,
    max_latency_s: float | None,
    energy: str,
    *,
    max_energy_j: float | None = None,
    points: tuple[int, ...] | None = None,
) -> int | None:
    """The operating point of least energy at which a network keeps to the limits; None where there is none."""
    costs = pricing.static(record)
    latency_s, energy_j = costs.latency_s[0], costs.energy_j[0]
    served_j = served_energy_j(energy_j, latency_s, costs.idle_w, requests_per_s)
    joules = served_j if energy == "served" else energy_j
    allowed = np.isfinite(served_j) & (latency_s <= (max_latency_s or np.inf)) & (joules <= (max_energy_j or np.inf))
    if points is not None:
        allowed &= np.isin(np.arange(allowed.size), points)
    if not allowed.any():
        return None
    return int(np.argmin(np.where(allowed, joules, np.inf)))


def _outcome(
    costs: StageCosts,
    shares: FloatArray,
    macs: FloatArray,
    point: int,
    rate: float,
    accuracy: float,
    played: Replay | None,
) -> Outcome:
    latency_s, energy_j = expected_costs(shares, costs)
    served_j = served_energy_j(energy_j, latency_s, costs.idle_w, rate)[point]
    return Outcome(
        accuracy=accuracy,
        energy_j=float(energy_j[point]),
        served_energy_j=float(served_j) if np.isfinite(served_j) else None,
        latency_s=float(latency_s[point]),
        worst_latency_s=float(costs.latency_s[:, point].sum()),
        macs=float(reach_shares(shares) @ macs),
        point=point,
        harm=0.0 if played is None else played.harm,
        replay=played,
    )
