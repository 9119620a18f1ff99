"""The designs a strategy may propose: a value for each gene, and which of those combinations are there."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError, DataError, ShapeError

LISTED = 1 << 17  # spaces up to this many designs are listed whole once random draws no longer find new ones
DRAWS = 30  # rounds of random draws before that
NEAREST = 16  # listed designs that count as neighbours where none differs in one gene only
CHUNK = 1 << 22  # elements compared at once when the nearest listed design is looked for

Key = bytes  # of a design: equal for equal designs only


@dataclass(frozen=True, slots=True)
class SearchSpace:
    """Designs are places, (n, genes) int64: gene g takes 0 … gene_sizes[g] − 1.

    Where several combinations are the same design (a gene of a layer that is absent), `canonical` maps each to the one
    that is proposed. Where only some combinations can be evaluated (a table with holes), `designs` lists them, and
    `legal` moves any other to the nearest listed one.
    """

    gene_sizes: tuple[int, ...]
    canonical: Callable[[IntArray], IntArray] | None = None  # (n, genes) -> (n, genes)
    designs: IntArray | None = None  # (designs, genes), canonical and distinct; None: all combinations

    def __post_init__(self) -> None:
        """Raises ConfigError: no genes, a gene without values; DataError: listed designs that are not of the space."""
        if not self.gene_sizes or min(self.gene_sizes) < 1:
            raise ConfigError(
                f"a space needs genes with at least one value each, got sizes {list(self.gene_sizes)}",
                to_do="leave out genes that can take no value, not all genes",
            )
        if self.designs is not None:
            if len(self.designs) == 0:
                raise DataError("the space lists no designs", to_do="list one or more, or leave the list out")
            self.check(self.designs)

    @property
    def genes(self) -> int:
        """How many numbers a design is."""
        return len(self.gene_sizes)

    @property
    def combinations(self) -> int:
        """Of values; designs may be fewer, see `canonical` and `designs`."""
        return math.prod(self.gene_sizes)

    def check(self, designs: IntArray) -> None:
        """Raises ShapeError for anything but whole numbers (n, genes), DataError for a place that a gene has not."""
        if designs.ndim != 2 or designs.shape[1] != self.genes or not np.issubdtype(designs.dtype, np.integer):
            raise ShapeError(
                f"designs must be whole numbers (n, {self.genes}), got {designs.dtype} {designs.shape}",
                to_do="give a row for each design and a column for each gene",
            )
        wrong = (designs < 0) | (designs >= np.asarray(self.gene_sizes))
        if wrong.any():
            row, gene = (int(place) for place in np.argwhere(wrong)[0])
            raise DataError(
                f"gene {gene} of design {row} is {designs[row, gene]}, but it has {self.gene_sizes[gene]} values",
                to_do="give places among a gene's values, from 0",
            )

    def legal(self, designs: IntArray, avoid: Collection[Key] = ()) -> IntArray:
        """(n, genes) int64: each design in canonical form, moved to a listed one where it is not listed itself.

        Moved to the nearest that is none of `avoid`, if there are any: fewest genes differ; of several, the least sum
        of differences of places, then the first listed.
        """
        moved: IntArray = designs.astype(np.int64)
        if self.canonical is not None:
            moved = self.canonical(moved).astype(np.int64)
        if self.designs is None or len(self.designs) == self.combinations:
            return moved
        listed = {key: row for row, key in enumerate(keys(self.designs))}
        holes = np.array([row for row, key in enumerate(keys(moved)) if key not in listed], dtype=np.int64)
        free = np.array([row for key, row in listed.items() if key not in avoid], dtype=np.int64)
        near = self.designs[free] if len(free) else self.designs
        at_once = max(1, CHUNK // near.size)
        for start in range(0, len(holes), at_once):
            some = holes[start : start + at_once]
            moved[some] = near[self._distances(moved[some], near).argmin(axis=1)]
        return moved

    def fresh(self, rng: np.random.Generator, count: int, taken: Collection[Key]) -> IntArray:
        """(≤ count, genes): distinct designs drawn evenly from those whose keys are not `taken`; fewer if none is left.

        Evenly over combinations, where `canonical` joins some. In a space too large to be listed, fewer may also come
        where nearly all that is drawn is taken.
        """
        if self.designs is not None:
            return self._among(self.designs, rng, count, taken)
        found: dict[Key, IntArray] = {}
        for _ in range(DRAWS):
            if len(found) >= count:
                break
            drawn = self.legal(rng.integers(self.gene_sizes, size=(max(2 * count, 16), self.genes)))
            found |= {key: row for key, row in zip(keys(drawn), drawn, strict=True) if key not in taken}
        if len(found) < count and self.combinations <= LISTED:
            return self._among(self.all(), rng, count, taken)
        return self._rows(list(islice(found.values(), count)))

    def all(self) -> IntArray:
        """(designs, genes): every design once. Raises ConfigError where there are more than can be listed."""
        if self.designs is not None:
            return self.designs.astype(np.int64)
        if self.combinations > LISTED:
            raise ConfigError(
                f"a space of {self.combinations:,} combinations is too large to be listed",
                to_do="draw from it, by SearchSpace.fresh",
            )
        grid = np.stack(np.unravel_index(np.arange(self.combinations), self.gene_sizes), axis=1)
        return np.unique(self.legal(grid), axis=0) if self.canonical is not None else grid.astype(np.int64)

    def neighbours(self, design: IntArray) -> IntArray:
        """(n, genes): the designs that differ from a (genes,) design in one gene, each once, itself left out.

        Where designs are listed and none of them does, the few nearest.
        """
        own: IntArray = np.asarray(design, dtype=np.int64)[None]
        if self.designs is not None and len(self.designs) < self.combinations:
            distances = self._distances(own, self.designs)[0]
            single = np.flatnonzero((distances > 0) & (distances < 2 * self._far))
            nearest = np.argsort(distances, kind="stable")
            rows = single if len(single) else nearest[distances[nearest] > 0][:NEAREST]
            return self.designs[rows].astype(np.int64)
        varied = np.repeat(own, sum(self.gene_sizes), axis=0)
        row = 0
        for gene, size in enumerate(self.gene_sizes):
            varied[row : row + size, gene] = np.arange(size)
            row += size
        moved = self.legal(varied)
        found = {key: place for key, place in zip(keys(moved), moved, strict=True) if key != keys(own)[0]}
        return self._rows(list(found.values()))

    @property
    def _far(self) -> int:
        """More than places can differ by in sum: what a gene that differs counts beside by how much it does."""
        return sum(self.gene_sizes)

    def _distances(self, designs: IntArray, others: IntArray) -> IntArray:
        """(n, others): genes that differ first, then by how much."""
        difference = np.abs(designs[:, None, :] - others[None])
        distances: IntArray = (difference > 0).sum(axis=2) * self._far + difference.sum(axis=2)
        return distances

    def _among(self, listed: IntArray, rng: np.random.Generator, count: int, taken: Collection[Key]) -> IntArray:
        free = np.array([index for index, key in enumerate(keys(listed)) if key not in taken], dtype=np.int64)
        drawn: IntArray = listed[rng.permutation(free)[:count]].astype(np.int64)
        return drawn

    def _rows(self, rows: list[IntArray]) -> IntArray:
        return np.array(rows, dtype=np.int64).reshape(len(rows), self.genes)


def keys(designs: IntArray) -> list[Key]:
    """One per design, (n, genes): equal where the designs are."""
    return [row.tobytes() for row in np.ascontiguousarray(designs, dtype=np.int64)]
