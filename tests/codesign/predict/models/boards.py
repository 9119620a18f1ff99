"""Made-up boards: designs of every sort of space with costs that are a sum over blocks, and a little noise."""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray
from tests.codesign.predict.encodings.spaces import GENES, random_designs

FBNET, CELLS, RESNET = GENES["fbnet"], GENES["nas-bench-201"], GENES["resnet"]


def designs_and_costs(
    genes: Genes, count: int, seed: int = 0, noise: float = 0.01, level: float = 0.02
) -> tuple[IntArray, FloatArray]:
    """(count, genes) and (count,): whatever the seed, a block costs the same; `level` is about what a network costs."""
    designs = random_designs(genes, count, seed)
    written = genes.canonical(designs)
    total: FloatArray = np.full(count, 0.5)
    for gene in range(len(genes.names)):
        of_value = np.random.default_rng([99, gene]).uniform(0.1, 2.0, 1 + max(genes.values[gene]))
        total += of_value[written[:, gene]] / len(genes.names)
    return designs, level * total * np.exp(noise * np.random.default_rng([7, seed]).normal(size=count))
