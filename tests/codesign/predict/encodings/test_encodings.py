"""codesign/predict/encodings/encodings.py"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.costs.genes import Genes
from codesign.predict.encodings.encodings import ENCODINGS, encodings_for
from runtime.contract.errors import DataError, ShapeError

from .spaces import GENES, SPACES, random_designs

PAIRS = [(space, name) for space, (genes, _) in SPACES.items() for name in encodings_for(genes)]


def test_layers_are_offered_where_they_are_known_only() -> None:
    assert {space for space, name in PAIRS if name == "layers"} == {"nas-bench-201", "fbnet", "ofa"}
    assert encodings_for(GENES["resnet"]) == ("one-hot", "statistical", "fc", "fcc")


@pytest.mark.parametrize(("space", "name"), PAIRS)
def test_features_are_finite_and_named_and_differ_between_designs(space: str, name: str) -> None:
    genes, designs = SPACES[space]
    encoding = ENCODINGS[name](genes)
    features = encoding.features(designs)
    assert features.shape == (len(designs), len(encoding.columns))
    assert len(set(encoding.columns)) == len(encoding.columns)
    assert np.isfinite(features).all()
    assert features.std(axis=0).any()


@settings(deadline=None)
@given(st.sampled_from(PAIRS), st.integers(0, 1000))
def test_a_design_has_the_same_features_whatever_it_is_encoded_with(pair: tuple[str, str], seed: int) -> None:
    space, name = pair
    designs = random_designs(GENES[space], 7, seed)
    encoding = ENCODINGS[name](GENES[space])
    together = encoding.features(designs)
    apart = np.concatenate([encoding.features(designs[[row]]) for row in range(7)])
    np.testing.assert_allclose(apart, together, rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(ENCODINGS[name](GENES[space]).features(designs), together)


@pytest.mark.parametrize("name", [name for name in ENCODINGS if name != "layers"])
def test_what_absent_layers_would_have_been_is_no_feature(name: str) -> None:
    genes, designs = SPACES["ofa"]
    noisy = designs.copy()
    noisy[:, 3:20:4] = np.where(designs[:, 40:45] < 4, 7, designs[:, 3:20:4])
    assert (noisy != designs).any()
    encoding = ENCODINGS[name](genes)
    np.testing.assert_array_equal(encoding.features(noisy), encoding.features(designs))


@pytest.mark.parametrize(("space", "name"), PAIRS)
def test_designs_with_another_number_of_genes_are_refused(space: str, name: str) -> None:
    genes, designs = SPACES[space]
    with pytest.raises(ShapeError, match="designs must be whole numbers"):
        ENCODINGS[name](genes).features(np.concatenate([designs, designs], axis=1))


@pytest.mark.parametrize("name", [name for name in ENCODINGS if name != "layers"])
def test_an_encoding_needs_to_know_what_genes_can_be(name: str) -> None:
    with pytest.raises(DataError, match="values that gene 'kernel_0' can take are not known"):
        ENCODINGS[name](Genes.named(("kernel_0", "kernel_1")))
