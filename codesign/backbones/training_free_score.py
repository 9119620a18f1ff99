"""How well an untrained network tells images apart: NASWOT's log-determinant of the kernel of its ReLU codes.

Mellor et al., "Neural Architecture Search without Training", ICML 2021, arXiv:2006.04647, section 3: the code of an
image says which units are on; K[i, j] counts the units on which images i and j agree; the score is ln |det K|, large
where no two images are treated alike. No label is read and nothing is trained, so that it can only order networks; how
well it does is to be shown for each space before it is trusted.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from codesign.space.backbone_space import BackboneDesign, BackboneSpace
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError

from .slice import BackboneSlice, Convolution
from .supernet import Supernet


def untrained(space: BackboneSpace, classes: int, seed: int) -> Supernet:
    """A supernet as it is before training; torch's own generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Supernet(space, classes)


@torch.no_grad()
def naswot_score(supernet: Supernet, design: BackboneDesign, images: Tensor) -> float:
    """The score of one backbone; minus infinity where two images have the same code.

    A unit is on where what enters its activation is positive, also where that is a hard swish. Batch normalisation uses
    the statistics of these images.

    Args:
        images: (batch, 3, height, width), normalised; the batch is the size of the kernel, 64 to 128 in the paper.
    Raises:
        ShapeError: fewer than two images.
    """
    if images.ndim != 4 or len(images) < 2:
        raise ShapeError(
            f"the score needs two images or more, (batch, 3, height, width), got {tuple(images.shape)}",
            to_do="give 64 to 128",
        )
    network = BackboneSlice(supernet, design).train()
    kernel = torch.zeros(len(images), len(images), dtype=torch.float64)

    def count(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        on = (output > 0).flatten(1).float()
        off = 1.0 - on
        kernel.add_((on @ on.T + off @ off.T).double().cpu())

    hooks = [layer.register_forward_hook(count) for layer in _before_activations(network)]
    try:
        network(images)
    finally:
        for hook in hooks:
            hook.remove()
    sign, log_determinant = torch.linalg.slogdet(kernel)
    return float(log_determinant) if sign > 0 else -torch.inf


def genome_scores(space: BackboneSpace, classes: int, images: Tensor, seed: int) -> Callable[[IntArray], FloatArray]:
    """What scores genomes, (n, genes) to (n,): the `Options.score` of search strategy `training-free`."""
    network = untrained(space, classes, seed)

    def scores(genomes: IntArray) -> FloatArray:
        return np.array([naswot_score(network, space.decode(genome), images) for genome in genomes], dtype=np.float64)

    return scores


def _before_activations(network: BackboneSlice) -> list[Convolution]:
    inner = [layer for block in network.blocks_in_order for layer in (block.expand, block.depthwise)]
    return [network.stem, *inner, network.last]
