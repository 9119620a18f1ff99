"""Spaces of every sort, each with designs, for the tests of encodings."""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import IntArray
from tests.codesign.predict.costs.tables import BLOCKS, CELL, LAYERS, OFA, OPERATIONS


def random_designs(genes: Genes, count: int, seed: int = 0) -> IntArray:
    """(count, genes), every gene drawn from its values."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.choice(values, count) for values in genes.values], axis=1)


RESNET = Genes.named(
    [f"{feature}_{unit}_{block}" for feature in ("kernel", "expand") for unit in range(2) for block in range(3)]
    + ["depth_0", "depth_1"],
    values=[(3, 5, 7)] * 6 + [(1, 2, 3)] * 6 + [(1, 2, 3)] * 2,
)
DENSENET = Genes.named(
    [f"kernel_{unit}" for unit in range(3)] + [f"depth_{unit}" for unit in range(3)],
    values=[(1, 3, 5)] * 3 + [(1, 2, 3, 4)] * 3,
)
GENES = {
    "nas-bench-201": Genes.named(CELL, OPERATIONS),
    "fbnet": Genes.named(LAYERS, BLOCKS),
    "ofa": Genes.named(OFA, values=[(3, 5, 7)] * 20 + [(3, 4, 6)] * 20 + [(2, 3, 4)] * 5 + [(128, 176, 224)]),
    "resnet": RESNET,
    "densenet": DENSENET,
    "plain numbers": Genes.named(("width_0", "width_1", "scale"), values=[(8, 16), (8, 16, 24), (1, 2)]),
    "plain choices": Genes.named(("a", "b_0", "b_1"), ("conv", "pool")),
    "one gene": Genes.named(("x",), values=[(0, 1)]),
    "depths only": Genes.named(("depth_0", "depth_1"), values=[(1, 2, 3), (2, 4)]),
    "units of two sorts": Genes.named(
        ("depth_0", "kernel_0_0", "kernel_0_1", "width_0", "se_0_0", "se_0_1", "se_0_2"),
        values=[(1, 2), (3, 5), (3, 5), (16, 24), (0, 1), (0, 1), (0, 1)],
    ),
}
SPACES = {name: (genes, random_designs(genes, 20)) for name, genes in GENES.items()}
