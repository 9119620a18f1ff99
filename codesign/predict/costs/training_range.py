"""What a predictor has seen: which values each gene had in the designs that it was fitted on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .gene_names import WHOLE_NETWORK
from .genes import Genes

ARRAY = "seen_values"


@dataclass(frozen=True, slots=True)
class TrainingRange:
    """Values seen per gene.

    A number that concerns the whole network (a resolution) is inside between the least and the greatest that were seen.
    Any other gene is inside at values that it, or its feature elsewhere in its unit, was seen with.
    """

    genes: Genes
    seen: IntArray  # (genes, most values of any): ascending, the last one repeated to fill the row

    @classmethod
    def of(cls, genes: Genes, designs: IntArray) -> TrainingRange:
        """The range of designs, (n, genes). Raises DataError where there are none."""
        written = genes.canonical(designs)
        if not len(written):
            raise DataError("no designs to fit on", to_do="measure some")
        places = list(zip(genes.features, genes.units, strict=True))
        rows = []
        for gene, place in enumerate(places):
            alike = [gene] if place[1] == WHOLE_NETWORK else [at for at, other in enumerate(places) if other == place]
            rows.append(np.unique(written[:, alike]))
        width = max(map(len, rows))
        return cls(genes, np.stack([np.pad(row, (0, width - len(row)), mode="edge") for row in rows]))

    def beyond(self, designs: IntArray) -> FloatArray:
        """(n,): the share of genes that are outside, 0 where none is.

        A number beyond its range counts as often as the square of its distance in widths of that range, at least once.
        """
        written = self.genes.canonical(designs)
        total = np.zeros(len(written))
        for gene, seen in enumerate(self.seen):
            column = written[:, gene]
            if self.genes.units[gene] == WHOLE_NETWORK and not self.genes.choices:
                far = np.maximum(np.maximum(seen[0] - column, column - seen[-1]), 0) / max(seen[-1] - seen[0], 1)
                total += np.where(far > 0, np.maximum(far, 1.0) ** 2, 0.0)
            else:
                total += seen[np.minimum(np.searchsorted(seen, column), len(seen) - 1)] != column
        return total / len(self.genes.names)

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file; the genes are kept beside."""
        return {ARRAY: self.seen}

    @classmethod
    def from_arrays(cls, genes: Genes, arrays: Mapping[str, npt.NDArray[Any]]) -> TrainingRange:
        """What `as_arrays` gave. Raises DataError where it is missing or of other genes."""
        seen = arrays.get(ARRAY)
        if (
            seen is None
            or seen.ndim != 2
            or len(seen) != len(genes.names)
            or not np.issubdtype(seen.dtype, np.integer)
            or not seen.size
            or (np.diff(seen, axis=1) < 0).any()
        ):
            raise DataError(f"`{ARRAY}` is missing or damaged", to_do="fit the predictor again")
        return cls(genes, seen)
