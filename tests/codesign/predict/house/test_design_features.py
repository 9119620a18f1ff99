"""Tests of what the house model sees of a design."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.predict.costs.genes import Genes
from codesign.predict.house.design_features import design_features
from runtime.contract.errors import DataError
from tests.codesign.predict.costs.tables import CELL, OPERATIONS

from .spaces import cell_genes, designs_of, unit_genes


@pytest.mark.parametrize("genes", [unit_genes(), cell_genes(), Genes.named(CELL, OPERATIONS)])
def test_weighted_is_the_product_of_all_columns_with_the_weights(genes: Genes) -> None:
    rng, features = np.random.default_rng(0), design_features(genes)
    designs = designs_of(genes, 30, rng)
    weights = rng.normal(size=features.columns)
    quick = features.weighted(designs, features.dense(designs), weights)
    assert features.all(designs) @ weights == pytest.approx(quick)


def test_layer_shapes_are_seen_only_where_the_space_is_known() -> None:
    assert design_features(Genes.named(CELL, OPERATIONS)).shapes is not None
    assert design_features(unit_genes()).shapes is None
    assert len(design_features(unit_genes()).dense_parts) == 1


def test_counts_are_multiplied_by_each_number_of_the_whole_network() -> None:
    genes = unit_genes()
    features = design_features(genes)
    assert features.whole == 2  # the resolution's share and its square
    assert features.columns - features.dense_columns.stop == 2 * (features.counted - 2)
    assert design_features(cell_genes()).whole == 0


def test_a_value_that_was_never_listed_weighs_nothing() -> None:
    genes = Genes.named(["width", "layer_1"], values=[(1, 3), (1, 2)])
    features = design_features(genes)
    weights = np.zeros(features.columns)
    weights[: features.one_hot_columns] = [10.0, 20.0, 1.0, 2.0]
    designs = np.array([[1, 1], [3, 2], [2, 1], [9, 2]])
    assert features.weighted(designs, features.dense(designs), weights).tolist() == [11.0, 22.0, 1.0, 2.0]


def test_values_may_be_numbers_of_any_size() -> None:
    genes = Genes.named(["width", "layer_1"], values=[(1, 10**12), (1, 2)])
    features = design_features(genes)
    weights = np.zeros(features.columns)
    weights[: features.one_hot_columns] = [10.0, 20.0, 1.0, 2.0]
    designs = np.array([[1, 1], [10**12, 2], [2, 1], [10**12 + 1, 2]])
    assert features.weighted(designs, features.dense(designs), weights).tolist() == [11.0, 22.0, 1.0, 2.0]


def test_a_space_whose_values_are_not_known_is_refused() -> None:
    with pytest.raises(DataError, match="are not known"):
        design_features(Genes.named(["kernel_0", "kernel_1"]))
