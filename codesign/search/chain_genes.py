"""A chain of one to three backbones as one row of genes: every backbone's genes, then how many of them there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .backbone_record import Genome

MOST_BACKBONES = 3


@dataclass(frozen=True, slots=True)
class ChainGenes:
    """The rows of one space of backbones; genes of backbones beyond the count are carried along and mean nothing."""

    choices: tuple[tuple[int, ...], ...]  # per gene of one backbone the values that may be chosen
    most: int = MOST_BACKBONES

    @property
    def backbone(self) -> tuple[int, ...]:
        """Choices of each gene of one backbone."""
        return tuple(map(len, self.choices))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Choices of each gene of a row."""
        return (*self.backbone * self.most, self.most)

    def genomes(self, row: IntArray) -> list[Genome]:
        """The backbones of a row, in its order; a row may name the same one twice."""
        return [
            tuple(values[place] for values, place in zip(self.choices, places, strict=True))
            for places in self._backbones(row)
        ]

    def _backbones(self, row: IntArray) -> list[tuple[int, ...]]:
        """Their places among each gene's choices."""
        genes = len(self.choices)
        return [tuple(row[at * genes : (at + 1) * genes].tolist()) for at in range(int(row[-1]) + 1)]

    def canonical(self, rows: IntArray) -> IntArray:
        """(n, genes): rows of the same chain made equal: each backbone once, in rising order, other genes zero."""
        found = np.zeros_like(rows)
        for row, chain in zip(found, map(self._backbones, rows), strict=True):
            unique = sorted(set(chain))
            row[: len(unique) * len(self.choices)] = np.concatenate(unique)
            row[-1] = len(unique) - 1
        return found

    def keys(self, rows: IntArray) -> set[bytes]:
        """One for each chain among (n, genes) rows."""
        return {row.tobytes() for row in self.canonical(rows)}

    def _row(self, *backbones: tuple[int, ...]) -> IntArray:
        """The row of a chain, from places."""
        row = np.zeros(len(self.sizes), dtype=np.int64)
        row[: len(backbones) * len(self.choices)] = np.concatenate(backbones)
        row[-1] = len(backbones) - 1
        return row

    def _places(self, chain: Sequence[Genome]) -> list[tuple[int, ...]] | None:
        """A chain as places among the choices; None where one of its values is not offered."""
        if any(value not in values for genome in chain for value, values in zip(genome, self.choices, strict=True)):
            return None
        return [tuple(map(tuple.index, self.choices, genome)) for genome in chain]

    def first_rows(self, count: int, seed: int, known: Sequence[Sequence[Genome]] = ()) -> FloatArray:
        """(count, genes): random chains; for certain: the largest, the smallest, the smallest before the largest.

        Args:
            known: the chains of a front found elsewhere, in its order; they take the place of random ones, half of all
                at most, evenly spread where there are more.
        """
        rng = np.random.default_rng([seed, 5])
        rows = rng.integers(self.sizes, size=(count, len(self.sizes)))
        rows[:, -1] = np.arange(count) % self.most
        smallest = (0,) * len(self.choices)
        largest = tuple(size - 1 for size in self.backbone)
        certain = [self._row(largest), self._row(smallest)]
        if self.most > 1:
            certain.append(self._row(smallest, largest))
        placed = [self._places(chain) for chain in known if len(chain) <= self.most]
        offered = [chain for chain in placed if chain is not None]
        room = min(len(offered), max(0, count // 2 - len(certain)))
        certain += [self._row(*offered[place]) for place in np.linspace(0, len(offered) - 1, room).astype(int)]
        for index, row in enumerate(certain[:count]):
            rows[index] = row
        return rows.astype(np.float64)
