"""Which layers stay in float32: least predicted energy with a predicted change of answers that the user allows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.backbones.onnx_work import in_format, infer_shapes, node_work
from codesign.exits.exited_backbone import ExitedBackbone
from codesign.search.knapsack import solve_knapsack
from codesign.search.pricing import Pricing
from codesign.stages.layers import weighed_layers
from codesign.stages.lower import in_integers
from codesign.stages.sensitivity import changed_answers, layer_sensitivities, logits_of
from runtime.contract.arrays import FloatArray
from runtime.contract.cost import block_costs
from runtime.contract.precision import FP32, INT8

from .progress import Tick

OPTIONS = (FP32, INT8)


@dataclass(frozen=True, slots=True)
class Mixture:
    """The layers of one network that are quantised, and what the surrogate says of that."""

    quantised: tuple[str, ...]
    kept: tuple[str, ...]  # in float32, the least sensitive first
    predicted_change: float  # share of answers, over exits and images
    predicted_saving_j: float  # of the layers alone, at default clocks, were all of them run
    possible_saving_j: float  # were all of them quantised


@dataclass(frozen=True, slots=True)
class LayerTable:
    """The surrogate: what each layer of a network costs in each format, and what its 8 bits alone would change."""

    layers: tuple[str, ...]
    sensitivity_nats: FloatArray  # (layers,)
    all_changed: float  # share of answers, over exits and images, that change when every layer is quantised
    energy_j: FloatArray  # (layers, options), at default clocks

    def changed(self, nats: float) -> float:
        """Share of answers that layers of so much sensitivity together change.

        Independent roundings add up in their squares, and so does the divergence, which for small steps is a square
        itself; how many answers change is proportional to the step. The factor is fixed where all layers are quantised.
        """
        total = float(self.sensitivity_nats.sum())
        return self.all_changed * float(np.sqrt(nats / total)) if total > 0 else 0.0

    def budget_nats(self, allowed_change: float) -> float:
        """The inverse of `changed`, and no more than all there is."""
        total = float(self.sensitivity_nats.sum())
        return total * min(allowed_change / self.all_changed, 1.0) ** 2 if self.all_changed > 0 else total


def judge_layers(
    exited: ExitedBackbone,
    pricing: Pricing,
    calibration: FloatArray,
    images: FloatArray,
    tick: Tick,
    *,
    for_tensorrt: bool = False,
) -> LayerTable:
    """Judge every layer by itself.

    A layer's sensitivity is the divergence of all exits' answers when it alone is quantised, its cost the board's
    energy for its work. Conversions between formats cost nothing here.

    Args:
        exited: in float32.
        calibration: (n, ...), preprocessed training images.
        images: (m, ...), preprocessed, on which sensitivities are taken.
        for_tensorrt: see `quantised`.
    """
    layers = weighed_layers(exited.model)
    nats = layer_sensitivities(
        exited.model, exited.outputs, layers, calibration, images, tick, for_tensorrt=for_tensorrt
    )
    lowered = in_integers(exited.model, exited.cuts, layers, calibration, for_tensorrt=for_tensorrt)
    whole = logits_of(lowered, exited.outputs, images)
    all_changed = changed_answers(logits_of(exited.model, exited.outputs, images), whole)
    return LayerTable(layers, nats, all_changed, _layer_energies_j(exited, layers, pricing))


def choose_layers(table: LayerTable, allowed_change: float) -> Mixture:
    """The cheapest choice of INT8 or FP32 for every layer; exact for the surrogate, which knows no layers together.

    Args:
        allowed_change: share of answers, over exits and images, that may change by the surrogate's count.
    """
    weights = [np.array([0.0, nats]) for nats in table.sensitivity_nats]
    found = solve_knapsack(list(table.energy_j), weights, table.budget_nats(allowed_change))
    taken = [OPTIONS[option] == INT8 for option in found.options]
    kept = [k for k in np.argsort(table.sensitivity_nats, kind="stable").tolist() if not taken[k]]
    all_float_j = float(table.energy_j[:, OPTIONS.index(FP32)].sum())
    return Mixture(
        quantised=tuple(layer for layer, is_taken in zip(table.layers, taken, strict=True) if is_taken),
        kept=tuple(table.layers[k] for k in kept),
        predicted_change=table.changed(max(found.weight, 0.0)),
        predicted_saving_j=all_float_j - found.cost,
        possible_saving_j=all_float_j - float(table.energy_j.min(axis=1).sum()),
    )


def _layer_energies_j(exited: ExitedBackbone, layers: tuple[str, ...], pricing: Pricing) -> FloatArray:
    """(layers, options) at default clocks."""
    shapes = infer_shapes(exited.model)
    nodes = {node.output[0]: node for node in exited.model.graph.node}
    works = [in_format(node_work(nodes[layer], shapes), option) for layer in layers for option in OPTIONS]
    _, energy_j = block_costs(pricing.model, works, [pricing.points[pricing.default]])
    return energy_j[:, 0].reshape(len(layers), len(OPTIONS))
