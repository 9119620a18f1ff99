"""codesign/predict/costs/genes.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import IntArray
from runtime.contract.errors import DataError, ShapeError

from .tables import BLOCKS, LAYERS, OFA

TWO_UNITS = ("kernel_0", "kernel_1", "kernel_2", "kernel_3", "depth_0", "depth_1", "resolution")


def test_choices_are_the_values_of_every_gene() -> None:
    genes = Genes.named(LAYERS, BLOCKS)
    assert genes.features == ("layer",) * 22
    assert genes.values == (tuple(range(9)),) * 22


def test_values_that_are_numbers_are_learnt_from_designs() -> None:
    genes = Genes.named(("kernel_0", "kernel_1"))
    assert genes.values == ((), ())
    with pytest.raises(
        DataError, match=r"values that gene 'kernel_0' can take are not known\n  to do: .*with_values_of"
    ):
        genes.check_values()
    learnt = genes.with_values_of(np.array([[7, 3], [3, 3]])).with_values_of(np.array([[5, 3]]))
    assert learnt.values == ((3, 5, 7), (3,))
    learnt.check_values()


@pytest.mark.parametrize(
    ("names", "choices", "values", "message"),
    [
        ((), (), None, "at least one gene"),
        (("a", "b", "a"), (), None, "gene 'a' is there twice"),
        (("a", " "), (), None, "a gene has no name"),
        (("a",), ("x", "x"), None, "choice 'x' is there twice"),
        (("a",), ("x", ""), None, "a choice has no name"),
        (("a", "b"), (), [[1]], "values of 1 genes, but 2 names"),
    ],
)
def test_names_that_cannot_be_told_apart_are_refused(
    names: tuple[str, ...], choices: tuple[str, ...], values: list[list[int]] | None, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        Genes.named(names, choices, values)


@pytest.mark.parametrize(
    ("designs", "error", "message"),
    [
        (np.zeros((3, 21), int), ShapeError, r"must be whole numbers \(n, 22\), got int64 \(3, 21\)\n.*layer_2, …"),
        (np.zeros((3, 22)), ShapeError, "got float64"),
        (np.zeros(22, int), ShapeError, r"got int64 \(22,\)"),
        (np.full((3, 22), 9), DataError, "gene 'layer_0' of design 0 has the value 9\n  to do: .*from 0 to 8"),
        (np.full((3, 22), -1), DataError, "gene 'layer_0' of design 0 has the value -1"),
    ],
)
def test_designs_of_another_space_are_refused(designs: IntArray, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        Genes.named(LAYERS, BLOCKS).check(designs)


def test_a_value_below_zero_is_refused_where_values_are_numbers_too() -> None:
    with pytest.raises(DataError, match="has the value -3\n  to do: write 0 and more"):
        Genes.named(OFA).check(np.full((1, 46), -3))


def test_genes_of_layers_beyond_their_units_depth_become_zero() -> None:
    genes = Genes.named(TWO_UNITS, values=[(3, 5)] * 4 + [(1, 2)] * 2 + [(128, 160)])
    written = genes.canonical(np.array([[3, 5, 5, 3, 1, 2, 128], [5, 5, 3, 5, 2, 1, 160]]))
    assert written.tolist() == [[3, 0, 5, 3, 1, 2, 128], [5, 5, 3, 0, 2, 1, 160]]


def test_a_depth_that_does_not_count_the_blocks_leaves_them_alone() -> None:
    designs = np.array([[3, 5, 5, 3, 0, 1, 128]])
    coded_from_zero = Genes.named(TWO_UNITS, values=[(3, 5)] * 4 + [(0, 1)] * 2 + [(128,)])
    too_deep = Genes.named(TWO_UNITS, values=[(3, 5)] * 4 + [(1, 5)] * 2 + [(128,)])
    assert coded_from_zero.canonical(designs).tolist() == designs.tolist()
    assert too_deep.canonical(designs).tolist() == designs.tolist()
    assert not too_deep.counted_by_depth(0)


def test_the_only_block_of_a_unit_is_repeated_by_its_depth() -> None:
    genes = Genes.named(("kernel_0", "depth_0", "kernel_1", "depth_1"), values=[(3, 5), (1, 4), (3, 5), (0, 4)])
    assert genes.repeats_of(0) == 1
    assert genes.counted_by_depth(0)
    assert genes.repeats_of(1) is None  # numbers from 0 may be a code
    assert Genes.named(OFA).repeats_of(0) is None


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from([1, 2]), min_size=7, max_size=7), min_size=1, max_size=9))
def test_writing_a_design_canonically_twice_changes_nothing_more(designs: list[list[int]]) -> None:
    genes = Genes.named(TWO_UNITS, values=[(1, 2)] * 7)
    once = genes.canonical(np.array(designs))
    np.testing.assert_array_equal(genes.canonical(once), once)


def test_genes_of_absent_layers_in_the_public_ofa_table_are_noise(shared_data: Path) -> None:
    """Its description says that they are 0; if ever they are, this test may go, and `canonical` changes nothing."""
    with np.load(shared_data / "latency" / "ofa_mobilenetv3.npz") as table:
        genome = table["genome"].astype(int)
        genes = Genes.named([str(name) for name in table["gene_names"]]).with_values_of(genome)
    assert (genome[:, :40] > 0).all()
    assert ((genes.canonical(genome)[:, :20] > 0).sum(axis=1) == genome[:, 40:45].sum(axis=1)).all()
