"""The features that transfer works on: encodings side by side, in standard deviations over reference designs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.genes import Genes
from codesign.predict.encodings.encodings import ENCODINGS, encodings_for
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

ONE_HOT, COMBINATIONS, LAYERS, PAIRS, CONSTANT = "one-hot", "fcc", "layers", "pairs", "constant"
MOST_FOR_PAIRS = 40  # one-hot columns; in larger spaces their products are too many to learn from a table
LEAST_SPREAD = 0.05  # of a column's range: a value that almost no reference design has must not weigh by its rarity
SPACE_SAMPLE = 1000  # designs drawn where there are no reference designs
MIDDLE, SCALE = "basis_middle", "basis_scale"


@dataclass(frozen=True, slots=True)
class Basis:
    """Features are (n, columns): each encoding in turn, in small spaces products of one-hot columns, and a 1."""

    genes: Genes
    parts: Mapping[str, slice]  # by name of the encoding, PAIRS and CONSTANT
    middle: FloatArray  # (columns,)
    scale: FloatArray  # (columns,): 1 / standard deviation, 0 where no reference design differs

    @classmethod
    def of(cls, genes: Genes, reference: IntArray) -> Basis:
        """The features of a space, scaled over reference designs, (n, genes)."""
        parts, raw = _raw(genes, reference)
        reach = np.ptp(raw, axis=0)
        spread = np.maximum(raw.std(axis=0), LEAST_SPREAD * reach)
        middle, scale = raw.mean(axis=0), np.where(reach > 0, 1.0 / np.where(reach > 0, spread, 1.0), 0.0)
        middle[parts[CONSTANT]], scale[parts[CONSTANT]] = 0.0, 1.0
        return cls(genes, parts, middle, scale)

    def features(self, designs: IntArray) -> FloatArray:
        """(n, columns)."""
        raw = _raw(self.genes, designs)[1]
        raw -= self.middle
        raw *= self.scale
        return raw

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file; the genes are kept beside."""
        return {MIDDLE: self.middle, SCALE: self.scale}

    @classmethod
    def from_arrays(cls, genes: Genes, arrays: Mapping[str, npt.NDArray[Any]]) -> Basis:
        """What `as_arrays` gave. Raises DataError where it is missing or of other genes."""
        parts = _raw(genes, np.zeros((1, len(genes.names)), dtype=np.int64))[0]
        for name in (MIDDLE, SCALE):
            found = arrays.get(name)
            if found is None or found.shape != (parts[CONSTANT].stop,) or not np.isfinite(found).all():
                raise DataError(f"`{name}` is missing or damaged", to_do="fit the predictor again")
        return cls(genes, parts, arrays[MIDDLE], arrays[SCALE])


def drawn_from_space(genes: Genes) -> IntArray:
    """Reference designs, (SPACE_SAMPLE, genes), where no design is known: uniform over what each gene can take."""
    genes.check_values()
    rng = np.random.default_rng(0)
    return np.stack([rng.choice(np.asarray(values), SPACE_SAMPLE) for values in genes.values], axis=1)


def _raw(genes: Genes, designs: IntArray) -> tuple[dict[str, slice], FloatArray]:
    named = [
        (name, ENCODINGS[name](genes).features(designs))
        for name in (ONE_HOT, COMBINATIONS, LAYERS)
        if name in encodings_for(genes)
    ]
    one_hot = named[0][1]
    if one_hot.shape[1] <= MOST_FOR_PAIRS:
        left, right = np.triu_indices(one_hot.shape[1], k=1)
        named.append((PAIRS, one_hot[:, left] * one_hot[:, right]))
    named.append((CONSTANT, np.ones((len(designs), 1))))
    ends = np.cumsum([0, *(features.shape[1] for _, features in named)]).tolist()
    parts = {name: slice(first, last) for (name, _), first, last in zip(named, ends, ends[1:], strict=False)}
    return parts, np.concatenate([features for _, features in named], axis=1)
