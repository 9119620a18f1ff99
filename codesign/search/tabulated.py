"""A search whose evaluations are rows of a cost table: the space of its genes, what each design is worth, its front."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from codesign.predict.costs.cost_table import CostTable
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, DataError

from .pareto import dominated_by, hypervolume
from .strategies.search_space import SearchSpace, keys

ACCURACY, LATENCY, ENERGY = "accuracy", "latency", "energy"
OBJECTIVES = {ACCURACY: "error", LATENCY: "latency_s", ENERGY: "energy_j"}  # as asked for, as minimised


@dataclass(frozen=True, slots=True)
class Tabulated:
    """Designs by place among the values of each gene, each once; objectives are minimised, accuracy as 1 − accuracy."""

    space: SearchSpace
    names: tuple[str, ...]  # of the objectives: "error", "latency_s", "energy_j"
    designs: IntArray  # (n, genes)
    worth: FloatArray  # (n, objectives), finite
    reference: FloatArray  # (objectives,): the worst value of each
    exact: FloatArray  # (k, objectives): the front of all designs, each point once
    exact_hypervolume: float  # up to the reference
    _row: dict[bytes, int]

    @classmethod
    def of(cls, table: CostTable, device: str, objectives: Sequence[str], where: Path) -> Tabulated:
        """Of one board of a table.

        Rows without a figure for one of the objectives are left out; of rows with the same genome the first counts.

        Args:
            objectives: of OBJECTIVES, each once.
            where: the table's file, for messages.
        Raises:
            ConfigError: an objective that is not known or there twice.
            DataError: no such board, an objective that the table does not have, fewer than two designs with all of
                them, an objective that is the same for all.
        """
        names = tuple(_named(objectives))
        columns = np.stack([_column(table, table.device(device), name, where) for name in objectives], axis=1)
        places = np.stack(
            [np.searchsorted(np.unique(gene), gene) for gene in table.genome.T], axis=1
        )  # values that no row has are no choices
        rows = np.flatnonzero(np.isfinite(columns).all(axis=1))
        rows = np.array(list(dict(zip(reversed(keys(places[rows])), reversed(rows.tolist()), strict=True)).values()))
        rows = np.sort(rows).astype(np.int64)
        if len(rows) < 2:
            raise DataError(
                f"{len(rows)} designs have {', '.join(objectives)} on {device!r}",
                where=str(where),
                to_do="choose other objectives or another board",
            )
        designs, worth = places[rows].astype(np.int64), columns[rows]
        for name, column in zip(objectives, worth.T, strict=True):
            if column.min() == column.max():
                raise DataError(
                    f"{name} is the same for all designs: no front can be better than another in it",
                    where=str(where),
                    to_do="leave it out of the objectives",
                )
        sizes = tuple(int(size) for size in places.max(axis=0) + 1)
        whole = SearchSpace(sizes)
        reference = worth.max(axis=0)
        once = np.unique(worth, axis=0)
        exact = once[~dominated_by(once, once)]
        return cls(
            space=whole if whole.combinations == len(designs) else SearchSpace(sizes, designs=designs),
            names=names,
            designs=designs,
            worth=worth,
            reference=reference,
            exact=exact,
            exact_hypervolume=hypervolume(exact, reference),
            _row={key: row for row, key in enumerate(keys(designs))},
        )

    @property
    def holes(self) -> int:
        """Combinations of values that no row has."""
        return self.space.combinations - len(self.designs)

    def rows(self, designs: IntArray) -> IntArray:
        """(n,): the rows of designs, (n, genes), which must be there."""
        return np.array([self._row[key] for key in keys(designs)], dtype=np.int64)

    def scaled(self, points: FloatArray) -> FloatArray:
        """(n, objectives): 0 at the best value that the front has, 1 at the reference."""
        best = self.exact.min(axis=0)
        scaled: FloatArray = (points - best) / (self.reference - best)
        return scaled


def _named(objectives: Sequence[str]) -> list[str]:
    for name in objectives:
        if name not in OBJECTIVES:
            raise ConfigError(f"no objective {name!r}", to_do=f"choose of {', '.join(OBJECTIVES)}")
        if list(objectives).count(name) > 1:
            raise ConfigError(f"objective {name!r} is there twice", to_do="name each once")
    if not objectives:
        raise ConfigError("no objectives", to_do=f"choose of {', '.join(OBJECTIVES)}")
    return [OBJECTIVES[name] for name in objectives]


def _column(table: CostTable, device: int, name: str, where: Path) -> FloatArray:
    """(n,), NaN where not known."""
    missing = f"the table has no {name}"
    if name == LATENCY:
        latency_s: FloatArray = table.latency_s[device].astype(np.float64)
        return latency_s
    if name == ENERGY:
        if table.energy_j is None:
            raise DataError(missing, where=f"{where}: energy_j", to_do="leave energy out of --objectives")
        energy_j: FloatArray = table.energy_j[device].astype(np.float64)
        return energy_j
    if table.accuracy is None:
        raise DataError(missing, where=f"{where}: accuracy", to_do="use a table with accuracies, as NAS-Bench-201's")
    error: FloatArray = 1.0 - table.accuracy.astype(np.float64)
    return error
