"""New designs from known ones: some genes changed, or two designs mixed.

What falls into a hole of a listed space moves to the nearest listed design that is none of `avoid`.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from runtime.contract.arrays import IntArray

from .search_space import Key, SearchSpace


def one_gene_changed(
    space: SearchSpace, designs: IntArray, rng: np.random.Generator, avoid: Collection[Key] = ()
) -> IntArray:
    """(n, genes): each design with another value in one gene, drawn evenly among genes that have another."""
    changed: IntArray = designs.astype(np.int64)
    sizes = np.asarray(space.gene_sizes)
    free = np.flatnonzero(sizes > 1)
    if len(free) and len(designs):
        rows, genes = np.arange(len(designs)), rng.choice(free, size=len(designs))
        changed[rows, genes] = (changed[rows, genes] + rng.integers(1, sizes[genes])) % sizes[genes]
    return space.legal(changed, avoid)


def genes_redrawn(
    space: SearchSpace, designs: IntArray, chance: float, rng: np.random.Generator, avoid: Collection[Key] = ()
) -> IntArray:
    """(n, genes): each gene drawn anew with this probability."""
    redrawn = rng.integers(space.gene_sizes, size=designs.shape)
    return space.legal(np.where(rng.random(designs.shape) < chance, redrawn, designs), avoid)


def mixed(
    space: SearchSpace, first: IntArray, second: IntArray, rng: np.random.Generator, avoid: Collection[Key] = ()
) -> IntArray:
    """(n, genes): each gene from one of two parents (n, genes), evenly."""
    return space.legal(np.where(rng.random(first.shape) < 0.5, first, second), avoid)
