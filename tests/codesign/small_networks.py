"""A space, a supernet and a learnable problem that are small enough for milliseconds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx
import torch

from codesign.backbones.slice import BackboneSlice, recalibrate
from codesign.backbones.slice_onnx import cut_name, slice_to_onnx
from codesign.backbones.supernet import Supernet
from codesign.exits.attach import with_exits
from codesign.exits.exited_backbone import ExitedBackbone, exited_backbone
from codesign.exits.shared_heads import ExitedSlice, SharedHeads
from codesign.space.backbone_space import BackboneDesign, BackboneSpace, StageSpace
from codesign.space.preset import TrainingRecipe
from runtime.contract.arrays import IntArray, UInt8Array
from runtime.contract.tensor_spec import TensorSpec

SIDE, CLASSES = 16, 3
SPEC = TensorSpec(SIDE, SIDE, mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
# The stem is 8 wide and the first stage has stride 1, so its first block has a residual where it is 8 wide, too.
SPACE = BackboneSpace(
    name="small",
    resolutions=(12, 16),
    stem_width=8,
    stem_stride=1,
    stages=(
        StageSpace(widths=(8, 12), depths=(1, 2), kernels=(3, 5), expansions=(1, 2), stride=1),
        StageSpace(widths=(12, 16), depths=(1, 2), kernels=(3, 5), expansions=(2,), stride=2),
    ),
    last_width=20,
    activation="relu",
    first_exit=1,
)
RECIPE = TrainingRecipe(
    epochs=4,
    head_epochs=4,
    batch=16,
    min_steps_per_epoch=2,
    learning_rate=0.01,
    weight_decay=0.01,
    label_smoothing=0.05,
    random_slices=1,
    augment="shift",
    fine_tune_epochs=2,
)


def quiet(_done: int, _of: int, _note: str) -> None:
    """A progress callback that says nothing."""


def toy_problem(count: int = 96, seed: int = 0) -> tuple[UInt8Array, IntArray]:
    """Noisy images whose class is the colour that is brighter: learnable from few of them."""
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.arange(count, dtype=np.int64) % CLASSES)
    images = rng.integers(0, 160, size=(count, SIDE, SIDE, 3))
    images[np.arange(count), :, :, labels] += 60
    return images.astype(np.uint8), labels


def small_supernet(seed: int = 0, activation: str = "relu") -> Supernet:
    """A supernet of the small space with random weights; normalisation scales and shifts differ from one and zero."""
    torch.manual_seed(seed)
    supernet = Supernet(replace(SPACE, activation=activation), CLASSES)
    with torch.no_grad():
        for name, parameter in supernet.named_parameters():
            if name.endswith(("scale", "shift")):
                parameter.add_(0.3 * torch.randn_like(parameter))
    return supernet


def design(*genes: int) -> BackboneDesign:
    """A backbone of the small space: resolution, then width, depth, kernel, expansion of each stage, as indices."""
    return SPACE.decode(np.asarray(genes))


def random_batch(count: int = 8, seed: int = 0, side: int = SIDE) -> torch.Tensor:
    """(count, 3, side, side) normalised images."""
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(seed))


def small_exited_slice(of: BackboneDesign, seed: int = 0, activation: str = "relu") -> ExitedSlice:
    """A slice with untrained heads, recalibrated, in eval mode."""
    supernet = small_supernet(seed, activation)
    network = ExitedSlice(BackboneSlice(supernet, of), SharedHeads(supernet.space, CLASSES))
    recalibrate(network, [random_batch(seed=1), random_batch(seed=2)])
    return network


def backbone_graph(network: ExitedSlice) -> onnx.ModelProto:
    """The slice alone, without heads."""
    return slice_to_onnx(network.backbone, SIDE, SIDE, CLASSES)


def blocks_of(network: ExitedSlice) -> tuple[str, ...]:
    """What its blocks hand on."""
    return tuple(cut_name(*position) for position in network.backbone.positions)


def cuts_of(network: ExitedSlice) -> tuple[str, ...]:
    """Where its exits are."""
    return tuple(cut_name(*position) for position in network.positions)


def graph_of(network: ExitedSlice) -> onnx.ModelProto:
    """The graph with all heads."""
    return with_exits(backbone_graph(network), dict(zip(cuts_of(network), network.heads_in_order, strict=True)))


def exited_of(network: ExitedSlice) -> ExitedBackbone:
    """The graph with all heads, its work counted."""
    return exited_backbone(graph_of(network), blocks_of(network), cuts_of(network))
