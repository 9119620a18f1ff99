"""Spaces and costs for the tests of the house model: made up, so that the truth is known."""

from __future__ import annotations

import numpy as np

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray

KERNELS, EXPANSIONS, RESOLUTIONS = (3, 5, 7), (3, 4, 6), (128, 160, 192)
UNITS, BLOCKS = 3, 2


def unit_genes() -> Genes:
    """Three units of one or two blocks, each with kernel and expansion, and a resolution."""
    names, values = ["resolution"], [RESOLUTIONS]
    for unit in range(UNITS):
        names.append(f"depth_{unit}")
        values.append((1, 2))  # type: ignore[arg-type]
        for block in range(BLOCKS):
            names += [f"kernel_{unit}_{block}", f"expand_{unit}_{block}"]
            values += [(0, *KERNELS) if block else KERNELS, (0, *EXPANSIONS) if block else EXPANSIONS]  # type: ignore[list-item]
    return Genes.named(names, values=values)


def designs_of(genes: Genes, count: int, rng: np.random.Generator) -> IntArray:
    """(count, genes), canonical."""
    drawn = [rng.choice([value for value in values if value], count) for values in genes.values]
    return genes.canonical(np.stack(drawn, axis=1))


def costs_of(genes: Genes, designs: IntArray) -> FloatArray:
    """(n,): a base, and per block its kernel times its expansion, dearer in later units and at a higher resolution."""
    work: FloatArray = np.full(len(designs), 0.0)
    for unit in range(UNITS):
        for block in range(BLOCKS):
            kernel = designs[:, genes.names.index(f"kernel_{unit}_{block}")]
            work += (1.0 + 0.5 * unit) * kernel * designs[:, genes.names.index(f"expand_{unit}_{block}")]
    costs: FloatArray = 0.002 + 1e-4 * work * (designs[:, 0] / 192) ** 2
    return costs


def cell_genes() -> Genes:
    """Four genes of three choices that name no numbers, in a space that nobody knows."""
    return Genes.named([f"edge_{gene}" for gene in range(4)], ("nothing", "left", "right"))
