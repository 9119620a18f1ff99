"""Sums over all blocks of a network, as mixes of its counts: blocks, kernel sizes, expansions, each kind of block."""

from __future__ import annotations

from itertools import product

import numpy as np

from codesign.predict.encodings.block_features import OPERATION, choice_features
from codesign.predict.encodings.counts import Counts
from runtime.contract.arrays import FloatArray

BLOCKS = "blocks"


def sums_of_numbers(counts: Counts) -> FloatArray:
    """(counts, sums): the number of blocks, then each feature whose values are numbers; 0 for all else."""
    coded = choice_features(counts.genes.choices)
    rows: list[dict[str, int]] = []
    for _, names, values in _blocks(counts):
        said = {name: codes[values[0] - 1] for name, codes in coded.items()}
        numbers = said if names == (OPERATION,) else dict(zip(names, values, strict=True))
        rows.append({BLOCKS: int(any(numbers.values())), **numbers})
    return _mix(counts, rows)


def sums_of_kinds(counts: Counts) -> FloatArray:
    """(counts, kinds): how many blocks of each kind all units have together; none where only one unit has blocks."""
    if len({unit.blocks.unit for unit in counts.units}) < 2:
        return np.zeros((len(counts.columns), 0))
    return _mix(counts, [{f"{names} {values}": 1} for _, names, values in _blocks(counts)])


def units_of_counts(counts: Counts) -> list[int]:
    """The unit of each count that is of blocks; they come first."""
    return [unit for unit, _, _ in _blocks(counts)]


def _blocks(counts: Counts) -> list[tuple[int, tuple[str, ...], tuple[int, ...]]]:
    """Per count of blocks: its unit, the features that it combines, and their values."""
    return [
        (unit.blocks.unit, tuple(unit.blocks.features[feature] for feature in count.features), values)
        for unit in counts.units
        for count in unit.counts
        for values in product(*count.values)
    ]


def _mix(counts: Counts, rows: list[dict[str, int]]) -> FloatArray:
    names = list(dict.fromkeys(name for row in rows for name in row))
    mix: FloatArray = np.zeros((len(counts.columns), len(names)))
    for at, row in enumerate(rows):
        mix[at] = [row.get(name, 0) for name in names]
    return mix
