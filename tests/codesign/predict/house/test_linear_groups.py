"""Tests of the groups of columns."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.genes import Genes
from codesign.predict.house.design_features import design_features
from codesign.predict.house.linear_groups import linear_groups
from tests.codesign.predict.costs.tables import CELL, OPERATIONS

from .spaces import cell_genes, designs_of, unit_genes


def test_every_group_is_of_the_same_size_for_a_mean_sample() -> None:
    features = design_features(unit_genes())
    columns = features.all(designs_of(unit_genes(), 50, np.random.default_rng(0)))
    centred = columns - columns.mean(axis=0)
    sizes = [(group.features(centred) ** 2).sum(axis=1).mean() for group in linear_groups(features, centred)]
    assert sizes == pytest.approx([1.0] * len(sizes))
    assert len(sizes) == 9  # values, crosses, three units, counts, kinds, sums of numbers, genes as numbers


def test_groups_that_do_not_differ_in_the_samples_are_left_out() -> None:
    features = design_features(unit_genes())
    columns = features.all(np.repeat(designs_of(unit_genes(), 1, np.random.default_rng(0)), 5, axis=0))
    assert linear_groups(features, columns - columns.mean(axis=0)) == []


def test_a_gene_as_a_number_lies_between_its_neighbours() -> None:
    genes = Genes.named(["stage_width_0", "stage_width_1"], values=[(16, 24, 32), (8, 16, 64)])
    features = design_features(genes)
    designs = np.random.default_rng(0).choice([0, 1, 2], (40, 2))
    columns = features.all(np.stack([np.take(of, at) for of, at in zip(genes.values, designs.T, strict=True)], axis=1))
    numbers = linear_groups(features, columns - columns.mean(axis=0))[-1]
    assert numbers.columns.tolist() == list(range(6))
    low, middle, high = numbers.mix[:3, 0]
    assert middle == pytest.approx((low + high) / 2)


def test_choices_without_numbers_have_no_group_of_numbers() -> None:
    features = design_features(cell_genes())
    columns = features.all(designs_of(cell_genes(), 50, np.random.default_rng(0)))
    groups = linear_groups(features, columns - columns.mean(axis=0))
    assert all(np.isfinite(group.mix).all() for group in groups)


def test_directions_of_layer_shapes_spread_alike() -> None:
    genes = Genes.named(CELL, OPERATIONS)
    features = design_features(genes)
    columns = features.all(np.random.default_rng(0).integers(5, size=(60, 6)))
    centred = columns - columns.mean(axis=0)
    directions = linear_groups(features, centred)[-1].features(centred)
    spread = directions.T @ directions / 60
    assert directions.shape[1] > 5
    assert spread == pytest.approx(np.eye(len(spread)) / len(spread), abs=1e-6)
