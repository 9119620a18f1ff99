"""Whether a budget can be met at all, said before hours are spent: the smallest network at the fastest clocks."""

from __future__ import annotations

import torch

from codesign.backbones.onnx_work import works_of
from codesign.backbones.slice import BackboneSlice
from codesign.backbones.slice_onnx import LOGITS, cut_name, slice_to_onnx
from codesign.backbones.supernet import Supernet
from codesign.data.dataset import Dataset
from codesign.search.inner_grid import InnerLimits
from codesign.search.pricing import Pricing
from codesign.space.backbone_space import BackboneDesign, BackboneSpace
from runtime.contract.cost import StageWork, stage_costs
from runtime.contract.errors import InfeasibleError


def static_work(space: BackboneSpace, design: BackboneDesign, data: Dataset) -> StageWork:
    """The work of a backbone of this space; its weights do not matter."""
    with torch.random.fork_rng():
        network = BackboneSlice(Supernet(space, len(data.classes)), design)
    model = slice_to_onnx(network, data.input.height, data.input.width, len(data.classes))
    return StageWork(works_of(model, [*(cut_name(*position) for position in network.positions), LOGITS]))


def check_feasible(space: BackboneSpace, data: Dataset, pricing: Pricing, limits: InnerLimits) -> None:
    """Raise InfeasibleError, naming the tightest limit and the nearest that can be had, where nothing can meet them."""
    smallest = static_work(space, space.smallest(), data)
    fastest_s = float(stage_costs(pricing.model, [smallest], pricing.points).latency_s.min())
    hardware = pricing.model.hardware
    if limits.max_worst_latency_s is not None and fastest_s > limits.max_worst_latency_s:
        raise InfeasibleError(
            f"no design can answer within {limits.max_worst_latency_s * 1e3:.3g} ms on {hardware}: "
            f"the smallest network alone takes {fastest_s * 1e3:.3g} ms at the fastest clocks",
            where="--max-latency-ms",
            to_do=f"allow {fastest_s * 1e3 * 1.05:.3g} ms or more, or choose a faster --device, board or --space",
        )
    if limits.requests_per_s is not None and fastest_s * limits.requests_per_s >= 1.0:
        raise InfeasibleError(
            f"{limits.requests_per_s:g} requests per second cannot be served on {hardware}: "
            f"the smallest network alone takes {fastest_s * 1e3:.3g} ms, {1 / fastest_s:.0f} per second at most",
            where="--request-rate",
            to_do=f"ask for less than {1 / fastest_s:.0f}, or choose a faster --device or board",
        )
