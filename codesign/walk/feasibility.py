"""Whether a budget can be met at all, said before hours are spent: the smallest network at the fastest clocks."""

from __future__ import annotations

import numpy as np
import torch

from codesign.backbones.slice import BackboneSlice
from codesign.backbones.supernet import Supernet
from codesign.data.dataset import Dataset
from codesign.exits.exited_backbone import ExitedBackbone
from codesign.exits.shared_heads import ExitedSlice, SharedHeads
from codesign.search.chain_costs import ChainCosts
from codesign.search.chain_works import BackboneWorks
from codesign.search.constraints import stated
from codesign.search.foresight import Prospect
from codesign.search.inner_grid import InnerLimits
from codesign.search.pricing import Pricing
from codesign.space.backbone_space import BackboneSpace
from runtime.contract.cost import StageWork, active_energy_j
from runtime.contract.errors import InfeasibleError
from runtime.contract.work import NO_WORK

from .evaluate import to_exited_backbone
from .footprint_of import footprint_of


def smallest_exited(space: BackboneSpace, data: Dataset) -> ExitedBackbone:
    """The smallest backbone of a space with all its exits, untrained."""
    classes = len(data.classes)
    with torch.random.fork_rng():
        backbone = BackboneSlice(Supernet(space, classes), space.smallest())
        return to_exited_backbone(ExitedSlice(backbone, SharedHeads(space, classes)).eval(), data)


def smallest_works(space: BackboneSpace, data: Dataset) -> BackboneWorks:
    """The work of the smallest backbone of a space with all its exits; weights do not matter for it."""
    return works_of(smallest_exited(space, data))


def works_of(exited: ExitedBackbone) -> BackboneWorks:
    """Segments and heads, the end without one."""
    return BackboneWorks(exited.segments, (*exited.heads, NO_WORK))


def check_feasible(
    space: BackboneSpace, data: Dataset, pricing: Pricing, limits: InnerLimits, energy: str = "back_to_back"
) -> None:
    """Raise InfeasibleError, naming the limit and the nearest that can be had, where nothing can meet it.

    In the worst case an image runs through a whole network, so the smallest one without early exits bounds that; the
    mean that a request rate asks for is bounded by everybody leaving where the smallest network can be left soonest.
    """
    exited = smallest_exited(space, data)
    works = works_of(exited)
    blocks = tuple(block for segment in works.segments for block in segment)
    smallest = Prospect((0,) * len(space.gene_choices), StageWork(blocks), accuracy=0.0)
    costs = pricing.scaled(ChainCosts.from_works(pricing.model, pricing.points, works), smallest)
    if limits.points is not None:
        costs = costs.at_points(np.asarray(limits.points))
    whole_s = float(costs.stage_costs(0).latency_s.min())
    left_early_s = [float(costs.stage_costs(1 << early).latency_s[0].min()) for early in range(costs.candidates - 1)]
    soonest_s = min([whole_s, *left_early_s])
    hardware = pricing.model.hardware
    if limits.max_worst_latency_s is not None and whole_s > limits.max_worst_latency_s:
        raise InfeasibleError(
            f"no design can answer within {limits.max_worst_latency_s * 1e3:.3g} ms on {hardware}: "
            f"the smallest network alone takes {whole_s * 1e3:.3g} ms at the fastest clocks",
            where="--max-latency-ms",
            to_do=f"allow {whole_s * 1e3 * 1.05:.3g} ms or more, or choose a faster --device, board or --space",
        )
    if limits.requests_per_s is not None and soonest_s * limits.requests_per_s >= 1.0:
        raise InfeasibleError(
            f"{limits.requests_per_s:g} requests per second cannot be served on {hardware}: the smallest network, "
            f"left as soon as it can be, takes {soonest_s * 1e3:.3g} ms, {1 / soonest_s:.0f} per second at most",
            where="--request-rate",
            to_do=f"ask for less than {1 / soonest_s:.0f}, or choose a faster --device or board",
        )
    nearest = _best_figures(exited, costs, limits, energy)
    for constraint in stated(limits):
        asked, best = constraint.of(limits) or 0.0, nearest.get(constraint.figure)
        if best is not None and not constraint.kept_by(best, asked):
            raise InfeasibleError(
                f"no design: {constraint.asked(asked)} on {hardware}; the smallest network, left as soon as it can be "
                f"at the best clocks, has {constraint.shown(best)}",
                where=constraint.option,
                to_do=f"{constraint.advice(best)}, or choose another --device, board or --space",
            )


def _best_figures(exited: ExitedBackbone, costs: ChainCosts, limits: InnerLimits, energy: str) -> dict[str, float]:
    """What no design of the space can do better, each figure by itself; nothing is known of accuracy."""
    masks = [0, *(1 << early for early in range(costs.candidates - 1))]  # stage 0 alone is run, by everybody
    latency_s = np.stack([costs.stage_costs(mask).latency_s[0] for mask in masks])
    energy_j = np.stack([costs.stage_costs(mask).energy_j[0] for mask in masks])
    if energy == "served" and limits.requests_per_s is not None:
        energy_j = active_energy_j(energy_j, latency_s, costs.idle_w) + costs.idle_w / limits.requests_per_s
    batch_s = latency_s - costs.overhead_latency_s * (1.0 - 1.0 / limits.batch)
    footprint, nothing = footprint_of(exited), np.zeros(1, dtype=np.int64)
    return {
        "latency_s": float(latency_s.min()),
        "p99_latency_s": float(latency_s.min()),
        "energy_j": float(energy_j.min()),
        "images_per_s": float(1.0 / batch_s.min()),
        "memory_bytes": float(footprint.memory_bytes(costs.backbone, nothing, limits.batch)[0]),
        "size_bytes": float(footprint.file_bytes(costs.backbone, nothing)[0]),
    }
