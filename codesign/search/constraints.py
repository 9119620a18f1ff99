"""What a user may limit, and whether a design keeps to it: the same figures for every design that is chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray
from runtime.contract.cost import active_energy_j, reach_shares

from .chain_solver import ChainSolver
from .inner_grid import InnerLimits
from .ledger import Chain
from .row_limits import SLOWEST_PER_CENT, spared_entries

ROUNDING = 1e-9  # relative: the solver adds the same costs up in another order


@dataclass(frozen=True, slots=True)
class Constraint:
    """One field of `InnerLimits` that bounds a figure of a design."""

    limit: str
    figure: str
    what: str  # for people
    option: str
    unit: str
    per_si: float  # how many of the unit make one of SI
    at_least: bool = False  # the limit is a floor, not a ceiling

    def of(self, limits: InnerLimits) -> float | None:
        """What is asked; None: nothing."""
        asked: float | None = getattr(limits, self.limit)
        return asked

    def kept_by(self, value: float, asked: float) -> bool:
        """Whether a figure keeps to what is asked."""
        slack = ROUNDING * abs(asked)
        return value >= asked - slack if self.at_least else value <= asked + slack

    def excess(self, value: float, asked: float) -> float:
        """How far a figure is from what is asked, relative to it; at most 0 where it keeps to it."""
        gap = asked - value if self.at_least else value - asked
        return gap / abs(asked) if asked else gap

    def shown(self, value: float) -> str:
        """A figure with its unit."""
        return f"{value * self.per_si:.4g} {self.unit}".rstrip()

    def advice(self, reachable: float) -> str:
        """What to ask for instead: rounded to the side that can be reached."""
        rounded = round_outward(reachable * self.per_si, up=not self.at_least)
        return f"{'lower' if self.at_least else 'raise'} {self.option} to {rounded:.6g} {self.unit}".rstrip()

    def asked(self, value: float) -> str:
        """What is asked, in words."""
        return f"{self.what} {'≥' if self.at_least else '≤'} {self.shown(value)}"


def round_outward(value: float, *, up: bool) -> float:
    """To three digits, never past the value the wrong way."""
    if value == 0.0:
        return 0.0
    step: float = 10.0 ** (math.floor(math.log10(abs(value))) - 2)
    return (math.ceil(value / step) if up else math.floor(value / step)) * step


CONSTRAINTS = (
    Constraint("min_accuracy", "accuracy", "accuracy on select", "--min-accuracy", "", 1.0, at_least=True),
    Constraint("max_mean_latency_s", "latency_s", "mean latency", "--max-mean-latency-ms", "ms", 1e3),
    Constraint("max_p99_latency_s", "p99_latency_s", "latency p99", "--max-p99-latency-ms", "ms", 1e3),
    Constraint("max_worst_latency_s", "worst_latency_s", "worst-case latency", "--max-latency-ms", "ms", 1e3),
    Constraint("max_energy_j", "energy_j", "energy", "--max-energy-mj", "mJ", 1e3),
    Constraint("max_memory_bytes", "memory_bytes", "memory", "--max-memory-mb", "MB", 1e-6),
    Constraint("max_size_bytes", "size_bytes", "size", "--max-size-mb", "MB", 1e-6),
    Constraint("min_images_per_s", "images_per_s", "throughput", "--min-throughput", "images/s", 1.0, at_least=True),
)


def stated(limits: InnerLimits) -> tuple[Constraint, ...]:
    """Those that ask for something."""
    return tuple(constraint for constraint in CONSTRAINTS if constraint.of(limits) is not None)


def figures(
    solver: ChainSolver, chain: Chain, mask: int, shares: FloatArray, point: int, accuracy: float
) -> dict[str, float]:
    """The figures of a design that limits speak of.

    Args:
        shares: (stages,) of the samples that leave at each stage.
        point: number of the operating point.
        accuracy: on those samples.
    """
    limits, priced = solver.limits, solver.pricing.exited(chain)
    costs = priced.stage_costs(mask)
    stage_s, reach = costs.latency_s[:, point], reach_shares(shares)
    latency_s, energy_j = float(reach @ stage_s), float(reach @ costs.energy_j[:, point])
    overhead_s = float(priced.overhead_latency_s[point])
    batch_s = latency_s - float(spared_entries(reach[:, None], limits.batch)[0]) * overhead_s
    if solver.energy == "served" and limits.requests_per_s is not None:
        idle_w = float(costs.idle_w[point])
        waiting_j = idle_w / limits.requests_per_s
        energy_j = float(active_energy_j(np.asarray(energy_j), np.asarray(latency_s), np.asarray(idle_w))) + waiting_j
    found = {
        "accuracy": accuracy,
        "latency_s": latency_s,
        "p99_latency_s": float(stage_s[reach > SLOWEST_PER_CENT / 100 + 1e-12].sum()),
        "worst_latency_s": float(stage_s.sum()),
        "energy_j": energy_j,
        "images_per_s": 1.0 / batch_s,
    }
    if (footprint := solver.footprint(chain)) is not None:
        masks = np.asarray([mask])
        found["memory_bytes"] = float(footprint.memory_bytes(priced.backbone, masks, limits.batch)[0])
        found["size_bytes"] = float(footprint.file_bytes(priced.backbone, masks)[0])
    return found


def broken(limits: InnerLimits, found: Mapping[str, float]) -> tuple[Constraint, ...]:
    """The constraints that a design with these figures does not keep to."""
    return tuple(
        constraint
        for constraint in stated(limits)
        if not constraint.kept_by(found[constraint.figure], constraint.of(limits) or 0.0)
    )
