"""Work of NAS-Bench-201's networks: 15 copies of a cell, between a stem, two reductions and a classifier.

Macro-architecture of arXiv:2001.00326 at 32 × 32: a convolution to 16 channels, five cells, a residual block to 32
channels at half the size, five cells, another to 64, five cells. Frameworks that run a network operation by operation
run every edge of the cell, also dead ones, which no path of operations other than "none" connects to both the cell's
input and its output. (Of the boards of HELP's table, measured, 20 in 21 do: a quadratic in how often each operation
stands in the cell explains 0.85-0.99 of the variance of ln latency, but 0.67-0.80 when dead edges are left out.)
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runtime.contract.arrays import BoolArray, IntArray

from .genes import Genes
from .known_spaces import CELL_EDGES
from .layer_works import ENDS, FILL, POOL, Layer, addition, classifier, convolution

SIZES, WIDTHS, CELLS = (32, 16, 8), (16, 32, 64), 5
CLASSES = 100
NONE, AVERAGE = "none", "avg_pool_3x3"
KERNELS = {"nor_conv_1x1": 1, "nor_conv_3x3": 3}
OUTPUT_NODE = 3


def nas_bench_201_layers(genes: Genes, designs: IntArray, *, pruned: bool) -> Iterator[Layer]:
    """Layers of designs, (n, 6).

    Args:
        pruned: dead edges cost nothing, nor do edges that carry nothing.
    """
    live = live_edges(genes, designs)
    runs = live if pruned else np.ones_like(live)
    has = {name: CELLS * (runs & (designs == code)).astype(np.int64) for code, name in enumerate(genes.choices)}
    sums = _sums(genes, runs)
    yield convolution(ENDS, (3, WIDTHS[0]), (SIZES[0], SIZES[0]), 3)
    for stage, (size, width) in enumerate(zip(SIZES, WIDTHS, strict=True)):
        if stage:
            before, half = SIZES[stage - 1], WIDTHS[stage - 1]
            yield convolution(stage, (half, width), (before, size), 3)
            yield convolution(stage, (width, width), (size, size), 3)
            yield convolution(stage, (half, width), (size, size))  # the short cut, after pooling
        values = width * size**2
        for gene in range(len(CELL_EDGES)):
            for name, kernel in KERNELS.items():
                if name in has:
                    yield convolution(stage, (width, width), (size, size), kernel, times=has[name][:, gene])
        for name, kind, macs in ((AVERAGE, POOL, 9 * values), (NONE, FILL, 0)):
            if name in has:
                times = has[name].sum(axis=1)
                yield Layer(kind, stage, macs=macs, input_values=values, output_values=values, times=times)
        yield addition(stage, values, CELLS * sums)
    yield classifier(WIDTHS[-1], CLASSES)


def live_edges(genes: Genes, designs: IntArray) -> BoolArray:
    """(n, 6): whether the edge carries something from the cell's input to its output."""
    edges = _edges(genes)
    none = genes.choices.index(NONE) if NONE in genes.choices else -1
    carries = designs != none
    reached: BoolArray = np.zeros((len(designs), OUTPUT_NODE + 1), dtype=bool)
    needed: BoolArray = np.zeros((len(designs), OUTPUT_NODE + 1), dtype=bool)
    reached[:, 0] = needed[:, OUTPUT_NODE] = True
    for to, source in sorted(edges):
        reached[:, to] |= reached[:, source] & carries[:, edges.index((to, source))]
    for to, source in sorted(edges, reverse=True):
        needed[:, source] |= needed[:, to] & carries[:, edges.index((to, source))]
    to_nodes, sources = ([edge[end] for edge in edges] for end in (0, 1))
    live: BoolArray = carries & reached[:, sources] & needed[:, to_nodes]
    return live


def _edges(genes: Genes) -> list[tuple[int, int]]:
    """(to, from) of each gene, in the order of a design's columns."""
    by_name = {f"op_{to}<-{source}": (to, source) for to, source in CELL_EDGES}
    return [by_name[name] for name in genes.names]


def _sums(genes: Genes, runs: BoolArray) -> IntArray:
    """(n,): additions in a cell; a node adds up what its edges bring."""
    total = np.zeros(len(runs), dtype=np.int64)
    for node in range(1, OUTPUT_NODE + 1):
        into = [gene for gene, (to, _) in enumerate(_edges(genes)) if to == node]
        total += np.maximum(runs[:, into].sum(axis=1) - 1, 0)
    return total
