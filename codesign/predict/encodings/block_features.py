"""The blocks of a network as an encoding sees them: per unit, what each block has of each feature.

Where genes are numbers, a feature of a block is a gene ("kernel", "expand"), and a block whose genes are all 0 is
absent. Where they are choices, features are read from what these are called ("k3_e6": k is 3, e is 6), or the choice
itself is the only feature.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.gene_names import WHOLE_NETWORK
from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import BoolArray, IntArray

NOTHING = frozenset({"skip", "none", "identity", "zero", "skip_connect"})  # choices that name no features
LETTERS_AND_NUMBER = re.compile(r"([A-Za-z]+)(\d+)")
OPERATION = "operation"


@dataclass(frozen=True, slots=True)
class UnitBlocks:
    """How to read the blocks of one unit out of a design."""

    unit: int
    features: tuple[str, ...]
    values: tuple[tuple[int, ...], ...]  # per feature: what it can be; 0 only where even the first block can have it
    columns: tuple[tuple[int, ...], ...]  # per feature: the gene of each block
    codes: tuple[tuple[int, ...], ...]  # per feature: the feature's value for each gene value; empty: the same number
    depth: int | None  # the depth gene by which the only block is repeated; None: there is a gene for each block

    def of(self, designs: IntArray) -> IntArray:
        """(n, blocks, features) of canonical designs, (n, genes); all 0 where the block is absent."""
        read = [
            np.asarray(codes, dtype=np.int64)[designs[:, columns]] if codes else designs[:, columns]
            for columns, codes in zip(self.columns, self.codes, strict=True)
        ]
        values: IntArray = np.stack(read, axis=2)
        own = [len(set(columns)) == len(columns) for columns in self.columns]  # not one gene for all blocks
        present: BoolArray = (values[:, :, own] != 0).any(axis=2)
        kept: IntArray = values * present[:, :, None]
        return kept

    def times(self, designs: IntArray) -> IntArray:
        """(n,): how often each block stands in the network."""
        return np.ones(len(designs), dtype=np.int64) if self.depth is None else designs[:, self.depth]


def unit_blocks(genes: Genes, *, whole_choices: bool) -> tuple[UnitBlocks, ...]:
    """The units that have blocks, in order.

    A feature with one gene in a unit belongs to all of its blocks; features with other, unlike numbers of genes are
    read as blocks of their own.

    Args:
        whole_choices: a choice is the only feature of its block, whatever it is called.
    Raises:
        DataError: the values of a gene are not known.
    """
    genes.check_values()
    found: list[UnitBlocks] = []
    for unit in sorted(set(genes.units) - {WHOLE_NETWORK}):
        by_feature = genes.blocks_of(unit)
        counts = sorted({len(columns) for columns in by_feature.values()} - {1})
        if len(counts) == 1:
            by_feature = {f: columns * (counts[0] // len(columns)) for f, columns in by_feature.items()}
        for blocks in sorted({len(columns) for columns in by_feature.values()}):
            columns = {feature: genes_of for feature, genes_of in by_feature.items() if len(genes_of) == blocks}
            if genes.choices:
                found += [_of_choices(genes, unit, genes_of, whole_choices) for genes_of in columns.values()]
            else:
                found.append(_of_numbers(genes, unit, columns, genes.repeats_of(unit)))
    return tuple(found)


def choice_features(choices: tuple[str, ...]) -> dict[str, tuple[int, ...]]:
    """Per feature its value in each choice, 0 where the choice has none of it; empty where names tell no features."""
    read: list[dict[str, int]] = []
    for choice in choices:
        parts = [LETTERS_AND_NUMBER.fullmatch(part) for part in choice.split("_")]
        if choice.lower() in NOTHING:
            read.append({})
        elif all(parts):
            read.append({part[1]: int(part[2]) for part in parts if part is not None})
        else:
            return {}
    features = dict.fromkeys(feature for of_choice in read for feature in of_choice)
    return {feature: tuple(of_choice.get(feature, 0) for of_choice in read) for feature in features}


def _of_numbers(genes: Genes, unit: int, columns: dict[str, tuple[int, ...]], depth: int | None) -> UnitBlocks:
    values = []
    for of_feature in columns.values():
        seen = {value for gene in of_feature for value in genes.values[gene]}
        values.append(tuple(sorted(seen if 0 in genes.values[of_feature[0]] else seen - {0})))
    return UnitBlocks(unit, tuple(columns), tuple(values), tuple(columns.values()), ((),) * len(columns), depth)


def _of_choices(genes: Genes, unit: int, columns: tuple[int, ...], whole_choices: bool) -> UnitBlocks:
    by_feature = {} if whole_choices else choice_features(genes.choices)
    if not by_feature:  # numbered from 1, since a 0 would say that the block is absent
        by_feature = {OPERATION: tuple(range(1, len(genes.choices) + 1))}
    return UnitBlocks(
        unit,
        tuple(by_feature),
        tuple(tuple(sorted(set(codes))) for codes in by_feature.values()),
        (columns,) * len(by_feature),
        tuple(by_feature.values()),
        None,
    )
