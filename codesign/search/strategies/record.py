"""What a strategy was told, in order, and what it asked for since: the memory that all strategies share."""

from __future__ import annotations

from collections.abc import Set

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import DataError, ShapeError

from .search_space import Key, SearchSpace, keys


class Record:
    """Rows told, one per design in the order in which designs were first told, and the keys of designs asked for."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int) -> None:
        """Of a search in which nothing happened yet."""
        self.space, self.objectives, self.seed = space, objectives, seed
        self.genomes: IntArray = np.zeros((0, space.genes), dtype=np.int64)  # (n, genes)
        self.values: FloatArray = np.zeros((0, objectives))  # (n, objectives); a row of NaN: failed
        self.violations: FloatArray = np.zeros(0)  # (n,)
        self._row: dict[Key, int] = {}
        self._asked: dict[Key, None] = {}

    def __len__(self) -> int:
        """Designs told."""
        return len(self.genomes)

    def __contains__(self, key: Key) -> bool:
        """Whether a design was told or asked for."""
        return key in self._row or key in self._asked

    @property
    def asked(self) -> int:
        """Designs asked for and not told yet."""
        return len(self._asked)

    @property
    def taken(self) -> Set[Key]:
        """Keys of all designs that must not be asked for (again)."""
        return self._row.keys() | self._asked.keys()

    @property
    def feasible(self) -> BoolArray:
        """(n,): neither failed nor breaking a constraint."""
        good: BoolArray = np.isfinite(self.values).all(axis=1) & (self.violations == 0)
        return good

    def generator(self, purpose: int = 0) -> np.random.Generator:
        """The same for the same seed, rows told and designs asked for since: what makes a resumed search the same."""
        return np.random.default_rng([self.seed, purpose, len(self), len(self._asked)])

    def row(self, key: Key) -> int | None:
        """The row of a design; None where it was not told."""
        return self._row.get(key)

    def ask(self, designs: IntArray) -> IntArray:
        """The designs, (n, genes), now asked for; those told or asked for before, and repeats, are left out."""
        kept = []
        for key, design in zip(keys(designs), designs, strict=True):
            if key not in self:
                self._asked[key] = None
                kept.append(design)
        return np.array(kept, dtype=np.int64).reshape(len(kept), self.space.genes)

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`; a design that is told again keeps what was told first."""
        self.space.check(genomes)
        n = len(genomes)
        if objectives.shape != (n, self.objectives) or violations.shape != (n,):
            raise ShapeError(
                f"{n} designs need objectives ({n}, {self.objectives}) and violations ({n},), "
                f"got {objectives.shape} and {violations.shape}",
                to_do="give a row for each design; NaN where its evaluation failed",
            )
        if not (violations >= 0).all():
            raise DataError(
                "a violation is negative or no number", to_do="give 0 for a design that breaks no constraint"
            )
        good: BoolArray = np.all(np.isfinite(objectives), axis=1)
        values = np.where(good[:, None], objectives, np.nan)
        added = []
        for place, key in enumerate(keys(genomes)):
            self._asked.pop(key, None)
            if key not in self._row:
                self._row[key] = len(self._row)
                added.append(place)
        self.genomes = np.concatenate([self.genomes, genomes[added].astype(np.int64)])
        self.values = np.concatenate([self.values, values[added]])
        self.violations = np.concatenate([self.violations, violations[added].astype(np.float64)])
