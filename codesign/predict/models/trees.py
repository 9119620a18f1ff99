"""Regression trees as plain arrays: all of one depth, so that many designs run through many trees at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from codesign.predict.costs.predictor import Arrays
from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import DataError

from .stored import floats, whole_numbers

SPLITS, COLUMNS, THRESHOLDS, LEAVES = "tree_splits", "split_columns", "split_thresholds", "tree_leaves"


@dataclass(frozen=True, slots=True)
class Trees:
    """The sum of trees of depth d; children of node i are 2i + 1 and 2i + 2, and a split that holds goes right.

    A branch that ends early is filled up with splits that change nothing.
    """

    splits: IntArray  # (trees, 2^d - 1): which split each node makes
    columns: IntArray  # (splits,): the input that a split looks at
    thresholds: FloatArray  # (splits,): it holds where the input, in single precision, is above this
    leaves: FloatArray  # (trees, 2^d)

    def sums(self, inputs: FloatArray) -> FloatArray:
        """(n,) of inputs, (n, columns)."""
        by_column = np.ascontiguousarray(inputs.T, dtype=np.float32)
        holds: BoolArray = by_column[self.columns] > self.thresholds[:, None]
        leaf: IntArray = np.zeros((len(self.splits), len(inputs)), dtype=np.uint8)
        turns: list[BoolArray] = []
        for level in range(self._depth()):
            nodes = range(2**level - 1, 2 ** (level + 1) - 1)
            ways = [holds[self.splits[:, node]] for node in nodes]
            for turn in reversed(turns):  # the last turn chose between neighbours
                ways = [np.where(turn, right, left) for left, right in zip(ways[::2], ways[1::2], strict=True)]
            turns.append(ways[0])
            leaf = 2 * leaf + ways[0]
        found: FloatArray = np.take_along_axis(self.leaves, leaf, axis=1).sum(axis=0)
        return found

    def as_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """For a file."""
        return {SPLITS: self.splits, COLUMNS: self.columns, THRESHOLDS: self.thresholds, LEAVES: self.leaves}

    @classmethod
    def from_arrays(cls, arrays: Arrays, columns: int) -> Trees:
        """What `as_arrays` gave, for inputs of so many columns. Raises DataError where it is damaged."""
        thresholds = floats(arrays, THRESHOLDS, (None,))
        leaves = floats(arrays, LEAVES, (None, None))
        nodes = leaves.shape[1] - 1
        if not 1 <= nodes <= 255 or leaves.shape[1] & nodes:  # a power of 2, which a byte can number
            raise DataError(f"`{LEAVES}` is missing or damaged", to_do="fit the predictor again")
        return cls(
            splits=whole_numbers(arrays, SPLITS, (len(leaves), nodes), below=len(thresholds)),
            columns=whole_numbers(arrays, COLUMNS, (len(thresholds),), below=columns),
            thresholds=thresholds,
            leaves=leaves,
        )

    def _depth(self) -> int:
        return int(self.leaves.shape[1]).bit_length() - 1


@dataclass(frozen=True, slots=True)
class GrownTree:
    """A tree as it was grown, node 0 the root."""

    left: IntArray  # (nodes,): the child where the input is at most the threshold; below 0 at a leaf
    right: IntArray
    columns: IntArray
    thresholds: FloatArray
    values: FloatArray  # (nodes,): at a leaf, what it adds


def filled_up(grown: Sequence[GrownTree], depth: int) -> Trees:
    """The same trees, none of them deeper than `depth`, from 1 to 8."""
    splits: dict[tuple[int, float], int] = {(0, 0.0): 0}
    rows, leaves = [], []
    for tree in grown:
        level, row = [0], []
        for _ in range(depth):
            below = []
            for node in level:
                ended = tree.left[node] < 0
                split = (0, 0.0) if ended else (int(tree.columns[node]), float(tree.thresholds[node]))
                row.append(splits.setdefault(split, len(splits)))
                below += [node, node] if ended else [int(tree.left[node]), int(tree.right[node])]
            level = below
        rows.append(row)
        leaves.append(tree.values[level])
    return Trees(
        splits=np.array(rows, dtype=np.int64),
        columns=np.array([column for column, _ in splits], dtype=np.int64),
        thresholds=np.array([threshold for _, threshold in splits]),
        leaves=np.array(leaves, dtype=np.float64),
    )
