"""Groups of columns whose weights share a prior variance: the evidence decides how much each group counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .block_sums import sums_of_kinds, sums_of_numbers, units_of_counts
from .design_features import DesignFeatures

STILL = 1e-9  # a column that differs by less in all samples says nothing
FAINT = 1e-3  # directions that spread by a smaller share of the widest are left out


@dataclass(frozen=True, slots=True)
class LinearGroup:
    """Features that are mixes of columns, scaled such that their squares sum to 1 for a mean sample."""

    columns: IntArray  # (c,), among those of DesignFeatures
    mix: FloatArray  # (c, features)

    def features(self, centred: FloatArray) -> FloatArray:
        """(n, features), of all columns, (n, columns), less their means over the samples."""
        features: FloatArray = centred[:, self.columns] @ self.mix
        return features


def linear_groups(features: DesignFeatures, centred: FloatArray) -> list[LinearGroup]:
    """The groups that differ at all in the samples.

    They are: every value of every gene; counts times genes of the whole network; the counts of each unit; all counts;
    layer shapes; kinds of blocks over all units; numbers summed over all blocks; each gene as a number; directions of
    layer shapes. The larger of them tell more, the smaller need fewer samples.

    Args:
        centred: (samples, columns), less the columns' means.
    """
    dense = features.dense_columns
    counts = np.arange(dense.start, dense.start + features.counted)
    shapes = np.arange(dense.start + features.counted, dense.stop)
    by_value, cross = np.arange(dense.start), np.arange(dense.stop, features.columns)
    units = units_of_counts(features.counts)
    of_units = [counts[: len(units)][[one == unit for one in units]] for unit in dict.fromkeys(units)]
    groups = [_scaled(centred, columns, np.eye(len(columns))) for columns in (by_value, cross, *of_units)]
    mixes: list[tuple[IntArray, FloatArray]] = [(columns, np.eye(len(columns))) for columns in (counts, shapes)]
    mixes += [(counts, sums) for sums in (sums_of_kinds(features.counts), sums_of_numbers(features.counts))]
    mixes.append((by_value, _numbers(features)))
    groups += [_scaled(centred, columns, mix * _evenly(centred[:, columns] @ mix)) for columns, mix in mixes]
    groups.append(_scaled(centred, shapes, _directions(centred[:, shapes])))
    return [group for group in groups if group is not None]


def _numbers(features: DesignFeatures) -> FloatArray:
    """(one-hot columns, genes): the values of genes, as shares of their greatest; (columns, 0) where they are choices.

    A width is a number: two values that were measured say what one between them costs.
    """
    genes = features.genes
    if genes.choices:
        return np.zeros((features.one_hot_columns, 0))
    mix, first = np.zeros((features.one_hot_columns, len(genes.names))), 0
    for gene, values in enumerate(genes.values):
        mix[first : first + len(values), gene] = np.asarray(values) / max(values[-1], 1)
        first += len(values)
    return mix


def _evenly(features: FloatArray) -> FloatArray:
    """(features,): by what to multiply them so that all spread alike; 0 for those that do not differ."""
    deviations = np.sqrt((features**2).mean(axis=0))
    even: FloatArray = np.where(deviations > STILL, 1.0 / np.maximum(deviations, STILL), 0.0)
    return even


def _directions(columns: FloatArray) -> FloatArray:
    """(columns, directions): principal components, all of them scaled to spread alike.

    Work, traffic and times of layers rise and fall together; what tells a board that computes fast from one that reads
    fast is how little they differ, which equal variances of the columns' own weights would hide.
    """
    even = _evenly(columns)
    if not even.any():
        return np.zeros((columns.shape[1], 0))
    spreads, components = np.linalg.svd(columns * even, full_matrices=False)[1:]
    kept = spreads > FAINT * spreads[0]
    directions: FloatArray = even[:, None] * components[kept].T / spreads[kept]
    return directions


def _scaled(centred: FloatArray, columns: IntArray, mix: FloatArray) -> LinearGroup | None:
    size = float(((centred[:, columns] @ mix) ** 2).sum(axis=1).mean()) if mix.size else 0.0
    return LinearGroup(columns, mix / np.sqrt(size)) if size > STILL**2 else None
