"""Features: scaled over reference designs, the same after a file."""

import numpy as np
import pytest

from codesign.predict.costs.genes import Genes
from codesign.predict.transfer.basis import CONSTANT, LAYERS, PAIRS, Basis, drawn_from_space
from runtime.contract.errors import DataError

from .boards import GENES, designs


def test_over_the_reference_designs_features_have_mean_0_and_spread_at_most_1() -> None:
    reference = designs(200)
    basis = Basis.of(GENES, reference)
    features = np.delete(basis.features(reference), basis.parts[CONSTANT], axis=1)
    np.testing.assert_allclose(features.mean(axis=0), 0.0, atol=1e-12)
    assert features.std(axis=0).max() <= 1.0 + 1e-12


def test_a_column_that_never_differs_is_0_for_every_design() -> None:
    reference = designs(50)
    reference[:, 2] = 1
    basis = Basis.of(GENES, reference)
    with_another = reference.copy()
    with_another[:, 2] = 3
    columns = [name == "layer_2: odd" for name in _one_hot_names()]
    assert not basis.features(with_another)[:, basis.parts["one-hot"]][:, columns].any()


def _one_hot_names() -> list[str]:
    return [f"{name}: {choice}" for name in GENES.names for choice in GENES.choices]


def test_only_small_spaces_have_products_of_columns() -> None:
    assert PAIRS in Basis.of(GENES, designs(9)).parts
    large = Genes.named([f"layer_{place}" for place in range(20)], GENES.choices)
    assert PAIRS not in Basis.of(large, drawn_from_space(large)).parts


def test_shapes_of_layers_are_there_where_the_space_is_published() -> None:
    cell = Genes.named(
        ["op_1<-0", "op_2<-0", "op_2<-1", "op_3<-0", "op_3<-1", "op_3<-2"],
        ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"],
    )
    assert LAYERS in Basis.of(cell, drawn_from_space(cell)).parts
    assert LAYERS not in Basis.of(GENES, designs(9)).parts


def test_a_basis_read_back_gives_the_same_features() -> None:
    basis = Basis.of(GENES, designs(50))
    again = Basis.from_arrays(GENES, basis.as_arrays())
    np.testing.assert_array_equal(again.features(designs(9, seed=1)), basis.features(designs(9, seed=1)))


@pytest.mark.parametrize("damage", [None, np.zeros(3), np.full(10, np.nan)])
def test_a_damaged_basis_is_refused(damage: np.ndarray | None) -> None:
    arrays = Basis.of(GENES, designs(50)).as_arrays()
    if damage is None:
        del arrays["basis_scale"]
    else:
        arrays["basis_scale"] = damage
    with pytest.raises(DataError, match="`basis_scale` is missing or damaged"):
        Basis.from_arrays(GENES, arrays)


def test_drawn_designs_hold_only_what_genes_can_take() -> None:
    drawn = drawn_from_space(Genes.named(["kernel_0", "resolution"], values=[(3, 5), (128, 160)]))
    assert set(np.unique(drawn)) == {3, 5, 128, 160}
