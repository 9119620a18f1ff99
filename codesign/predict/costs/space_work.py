"""The work of designs, where the macro-architecture around their genes is published."""

from __future__ import annotations

from runtime.contract.arrays import IntArray

from .fbnet_work import fbnet_layers
from .genes import Genes
from .known_spaces import FBNET, NAS_BENCH_201, OFA_MOBILENETV3, known_space
from .layer_works import LayerWorks, works_of
from .nas_bench_201_work import nas_bench_201_layers
from .ofa_work import ofa_layers


def layer_works(genes: Genes, designs: IntArray, *, pruned: bool = False) -> LayerWorks | None:
    """Works of designs, (n, genes); None where the space is none of the known ones.

    Args:
        pruned: operations without effect on the answer cost nothing, as if a compiler had dropped them; only cells
            (NAS-Bench-201) have such.
    Raises:
        ShapeError: designs have other genes.
    """
    written = genes.canonical(designs)
    space = known_space(genes.names, genes.choices)
    if space == NAS_BENCH_201:
        return works_of(nas_bench_201_layers(genes, written, pruned=pruned), len(written))
    if space == FBNET:
        return works_of(fbnet_layers(genes, written), len(written))
    if space == OFA_MOBILENETV3:
        return works_of(ofa_layers(genes, written), len(written))
    return None


def prunable(genes: Genes) -> bool:
    """Whether designs of the space may hold operations without effect."""
    return known_space(genes.names, genes.choices) == NAS_BENCH_201
