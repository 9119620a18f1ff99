"""A small supernet's space for these tests, and accuracies made up for its backbones."""

from __future__ import annotations

import numpy as np

from codesign.space.backbone_space import BackboneSpace, StageSpace, exit_positions
from runtime.contract.arrays import FloatArray

SPACE = BackboneSpace(
    name="made-up",
    resolutions=(16, 24, 32),
    stem_width=8,
    stem_stride=1,
    stages=(
        StageSpace(widths=(8, 16), depths=(1, 2), kernels=(3,), expansions=(1, 2), stride=1),
        StageSpace(widths=(16, 24), depths=(1, 2, 3), kernels=(3, 5), expansions=(2, 4), stride=2),
    ),
    last_width=16,
    activation="relu",
    first_exit=1,
)
SIZES = tuple(len(values) for values in SPACE.gene_choices)


def genomes(count: int, seed: int = 0) -> list[tuple[int, ...]]:
    """Random ones, none twice."""
    rng = np.random.default_rng(seed)
    found: dict[tuple[int, ...], None] = {}
    while len(found) < count:
        found[tuple(int(gene) for gene in rng.integers(SIZES))] = None
    return list(found)


def accuracies(genome: tuple[int, ...]) -> FloatArray:
    """Of every exit, then of the end: more with resolution, depth and width, and with what lies before the exit."""
    design = SPACE.decode(np.asarray(genome))
    grown = 0.3 * genome[0] + 0.2 * genome[1]
    right = [grown + 0.4 * (2 * stage + block) for stage, block in exit_positions(SPACE, design)]
    end = grown + 0.4 * genome[2] + 0.3 * genome[5] + 0.5 * genome[6] + 0.2 * genome[0] * genome[6]
    odds = np.asarray([*(value - 1.0 for value in right), end])
    return np.asarray(1.0 / (1.0 + np.exp(-odds)))
