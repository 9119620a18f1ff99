"""codesign/predict/encodings/counts.py"""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.costs.genes import Genes
from codesign.predict.encodings.counts import (
    MOST_COMBINATIONS,
    MOST_OF_PAIRS,
    combination_counts,
    feature_counts,
)

from .spaces import GENES, random_designs


def test_fc_counts_each_value_of_each_feature_per_unit() -> None:
    encoding = feature_counts(GENES["resnet"])
    design = np.array([[3, 5, 7, 3, 3, 3, 1, 2, 3, 1, 1, 2, 2, 3]])
    assert encoding.columns[:6] == (
        "unit 0: kernel 3", "unit 0: kernel 5", "unit 0: kernel 7",
        "unit 0: expand 1", "unit 0: expand 2", "unit 0: expand 3",
    )  # fmt: skip
    assert encoding.features(design).tolist() == [[1, 1, 0, 1, 1, 0, 3, 0, 0, 2, 1, 0]]


def test_fcc_counts_each_combination_per_unit() -> None:
    encoding = combination_counts(GENES["resnet"])
    features = encoding.features(np.array([[3, 5, 7, 3, 3, 3, 1, 2, 3, 1, 1, 2, 2, 3]]))[0]
    counted = {name: count for name, count in zip(encoding.columns, features, strict=True) if count}
    assert counted == {
        "unit 0: kernel 3, expand 1": 1, "unit 0: kernel 5, expand 2": 1,
        "unit 1: kernel 3, expand 1": 2, "unit 1: kernel 3, expand 2": 1,
    }  # fmt: skip
    assert len(features) == 2 * 9


def test_choices_are_counted_whole_by_fcc_and_by_what_their_names_say_by_fc() -> None:
    design = np.full((1, 22), 8)
    design[0, 1:3] = 1  # k3_e1_g2
    fcc, fc = combination_counts(GENES["fbnet"]), feature_counts(GENES["fbnet"])
    by_name = dict(zip(fcc.columns, fcc.features(design)[0], strict=True))
    assert (by_name["unit 1: k3_e1_g2"], by_name["unit 1: skip"], by_name["unit 2: skip"]) == (2, 2, 4)
    by_feature = dict(zip(fc.columns, fc.features(design)[0], strict=True))
    assert (by_feature["unit 1: k 3"], by_feature["unit 1: e 1"], by_feature["unit 1: g 2"]) == (2, 2, 2)
    assert sum(by_feature.values()) == 6


def test_a_cell_is_counted_by_its_operations() -> None:
    for encode in (feature_counts, combination_counts):
        assert encode(GENES["nas-bench-201"]).features(np.array([[3, 3, 0, 1, 3, 4]])).tolist() == [[1, 1, 0, 3, 1]]


def test_the_only_block_of_a_unit_counts_as_often_as_its_depth_says() -> None:
    encoding = combination_counts(GENES["densenet"])
    assert encoding.columns[:3] == ("unit 0: kernel 1", "unit 0: kernel 3", "unit 0: kernel 5")
    assert encoding.features(np.array([[5, 3, 1, 4, 2, 1]])).tolist() == [[0, 0, 4, 0, 2, 0, 1, 0, 0]]


def test_values_that_are_not_listed_are_not_counted() -> None:
    encoding = combination_counts(GENES["densenet"])
    assert encoding.features(np.array([[4, 9, 1, 4, 2, 1]])).sum() == 1


@settings(deadline=None)
@given(st.integers(0, 10_000), st.permutations([0, 1, 2]))
def test_blocks_of_a_unit_may_change_places(seed: int, order: list[int]) -> None:
    designs = random_designs(GENES["resnet"], 5, seed)
    designs[:, 12:] = 3  # all blocks present
    moved = designs.copy()
    moved[:, :3], moved[:, 6:9] = designs[:, order], designs[:, [6 + block for block in order]]
    encoding = combination_counts(GENES["resnet"])
    np.testing.assert_array_equal(encoding.features(moved), encoding.features(designs))


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_combinations_sum_up_to_the_blocks_of_the_unit(seed: int) -> None:
    for space, depths in (("resnet", slice(12, 14)), ("densenet", slice(3, 6)), ("ofa", slice(40, 45))):
        designs = random_designs(GENES[space], 5, seed)
        encoding = combination_counts(GENES[space])
        features = encoding.features(designs)
        for unit, depth in enumerate(designs[:, depths].T):
            of_unit = [name.startswith(f"unit {unit}:") for name in encoding.columns]
            assert features[:, of_unit].sum(axis=1).tolist() == depth.tolist()


def test_a_feature_that_no_block_has_is_not_counted() -> None:
    genes = Genes.named(("kernel_0", "se_0"), values=[(3, 5), (0,)])
    assert feature_counts(genes).columns == ("unit 0: kernel 3", "unit 0: kernel 5")
    assert feature_counts(genes).features(np.array([[5, 0]])).tolist() == [[0, 1]]


def test_beyond_so_many_combinations_pairs_of_features_are_counted() -> None:
    values = tuple(range(1, 10))
    genes = Genes.named(("a_0", "b_0", "c_0", "a_1", "b_1", "c_1"), values=[values] * 6)
    encoding = combination_counts(genes)
    assert MOST_COMBINATIONS < 9**3
    assert len(encoding.columns) == 2 * 3 * 9**2
    assert encoding.features(np.array([[1, 2, 3, 4, 5, 6]])).sum() == 6
    assert len(combination_counts(Genes.named(("a_0",), values=[range(1, 1000)])).columns) == 999


def test_genes_of_the_whole_network_come_last() -> None:
    for make in (feature_counts, combination_counts):
        assert make(GENES["ofa"]).columns[-2:] == ("resolution", "resolution squared")


def test_beyond_so_many_pairs_each_value_is_counted_by_itself() -> None:
    names = [f"{feature}_{unit}_{block}" for feature in ("a", "b", "c") for unit in range(2) for block in range(2)]
    genes = Genes.named(names, values=[range(1, 31)] * len(names))
    assert MOST_OF_PAIRS < 3 * 30**2
    assert len(combination_counts(genes).columns) == len(feature_counts(genes).columns) == 2 * 3 * 30
