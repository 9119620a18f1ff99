"""What the genes of a space are called, which values they take, and where in the network each sits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import DataError, ShapeError

from .gene_names import feature_of, is_depth, place_of, units_of


@dataclass(frozen=True, slots=True)
class Genes:
    """The genes of a space, in the order of a design's columns.

    A design is whole numbers, one per gene: an index into `choices` where there are any, else the value itself. Where
    there are no choices, 0 says that the layer is absent.
    """

    names: tuple[str, ...]  # "kernel_3", "depth_1", "resolution", "layer_7", "op_2<-1"
    choices: tuple[str, ...]  # what the values are called ("k3_e6"); empty where they are numbers
    features: tuple[str, ...]  # per gene: "kernel", "depth", "resolution", "layer", "op"
    units: tuple[int, ...]  # per gene: the unit (stage) it belongs to; -1: the whole network
    values: tuple[tuple[int, ...], ...]  # per gene: the values it can take, ascending; empty where not known

    @classmethod
    def named(
        cls, names: Sequence[str], choices: Sequence[str] = (), values: Sequence[Sequence[int]] | None = None
    ) -> Genes:
        """Read features and units from the names (see gene_names).

        Args:
            names: one per gene, all different.
            choices: what the values of all genes are called, if they are not numbers.
            values: per gene what it can take; left out: all choices, or unknown (`with_values_of` fills them in).
        Raises:
            DataError: no genes, a name or choice twice or blank, values for another number of genes.
        """
        for what, given in (("gene", names), ("choice", choices)):
            if repeated := sorted({name for name in given if list(given).count(name) > 1}):
                raise DataError(f"{what} {repeated[0]!r} is there twice", to_do="give each a name of its own")
            if any(not name.strip() for name in given):
                raise DataError(f"a {what} has no name", to_do=f"name every {what}")
        if not names:
            raise DataError("a space needs at least one gene", to_do="name its genes")
        if values is not None and len(values) != len(names):
            raise DataError(
                f"values of {len(values)} genes, but {len(names)} names", to_do="give one list for each gene"
            )
        if values is None:
            values = [range(len(choices))] * len(names)
        return cls(
            names=tuple(names),
            choices=tuple(choices),
            features=tuple(feature_of(name) for name in names),
            units=units_of(names, choices),
            values=tuple(tuple(sorted({int(value) for value in of_gene})) for of_gene in values),
        )

    def with_values_of(self, designs: IntArray) -> Genes:
        """The same genes, which can take what they could before and what these designs, (n, genes), have."""
        self.check(designs)
        seen = [{int(value) for value in np.unique(designs[:, gene])} for gene in range(len(self.names))]
        return replace(
            self, values=tuple(tuple(sorted({*old, *new})) for old, new in zip(self.values, seen, strict=True))
        )

    def check(self, designs: IntArray) -> None:
        """Refuse what is not designs of this space: whole numbers (n, genes), each 0 or more, or an index of a choice.

        Raises:
            ShapeError: another shape or type.
            DataError: a value that no gene can have.
        """
        if designs.ndim != 2 or designs.shape[1] != len(self.names) or not np.issubdtype(designs.dtype, np.integer):
            raise ShapeError(
                f"designs must be whole numbers (n, {len(self.names)}), got {designs.dtype} {designs.shape}",
                to_do=f"give a column for each of {', '.join(self.names[:3])}{', …' if len(self.names) > 3 else ''}",
            )
        wrong = (designs < 0) | (designs >= len(self.choices) if self.choices else False)
        if wrong.any():
            row, gene = (int(place) for place in np.argwhere(wrong)[0])
            raise DataError(
                f"gene {self.names[gene]!r} of design {row} has the value {designs[row, gene]}",
                to_do=f"number choices from 0 to {len(self.choices) - 1}" if self.choices else "write 0 and more",
            )

    def check_values(self) -> None:
        """Raises DataError where it is not known what a gene can take."""
        for name, values in zip(self.names, self.values, strict=True):
            if not values:
                raise DataError(
                    f"the values that gene {name!r} can take are not known",
                    to_do="fill them in by Genes.with_values_of",
                )

    def blocks_of(self, unit: int) -> dict[str, tuple[int, ...]]:
        """Per feature of a unit the columns of its genes, first block first; depth genes are left out."""
        columns: dict[str, list[int]] = {}
        for gene, (feature, of) in enumerate(zip(self.features, self.units, strict=True)):
            if of == unit and not is_depth(feature):
                columns.setdefault(feature, []).append(gene)
        return {
            feature: tuple(sorted(genes, key=lambda gene: place_of(self.names[gene])))
            for feature, genes in columns.items()
        }

    def depth_of(self, unit: int) -> int | None:
        """The column of the gene that says how many blocks a unit has; None where there is none."""
        found = [
            gene
            for gene, (feature, of) in enumerate(zip(self.features, self.units, strict=True))
            if of == unit and is_depth(feature)
        ]
        return found[0] if len(found) == 1 else None

    def canonical(self, designs: IntArray) -> IntArray:
        """(n, genes) int64: the same networks, with 0 in the genes of layers that their unit's depth leaves out.

        Tables differ in what they hold there; what an absent layer would have been changes no cost.
        """
        self.check(designs)
        written: IntArray = designs.astype(np.int64)  # a table's small integers wrap around in sums
        if self.choices:
            return written
        for unit in sorted(set(self.units)):
            depth = self.depth_of(unit)
            for columns in self.blocks_of(unit).values():
                if depth is not None and self._counts(depth, len(columns)):
                    for block, column in enumerate(columns):
                        written[designs[:, depth] <= block, column] = 0
        return written

    def repeats_of(self, unit: int) -> int | None:
        """The depth gene by which a unit's only block is repeated; None where its blocks have genes of their own."""
        depth, blocks = self.depth_of(unit), self.blocks_of(unit)
        if depth is None or not blocks or any(len(columns) != 1 for columns in blocks.values()):
            return None
        return depth if self.values[depth] and self.values[depth][0] >= 1 else None

    def counted_by_depth(self, unit: int) -> bool:
        """Whether the depth gene of a unit says no more than its blocks do."""
        depth, blocks = self.depth_of(unit), self.blocks_of(unit)
        if self.repeats_of(unit) is not None:
            return True
        return depth is not None and any(self._counts(depth, len(columns)) for columns in blocks.values())

    def _counts(self, depth: int, blocks: int) -> bool:
        """Whether values of this depth gene are numbers of blocks, of which there is a gene for each."""
        values = self.values[depth]
        return blocks > 1 and bool(values) and (values[-1] == blocks or (values[0] >= 1 and values[-1] <= blocks))
