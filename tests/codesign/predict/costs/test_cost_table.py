"""codesign/predict/costs/cost_table.py"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.predict.costs.cost_table import read_cost_table, write_cost_table
from runtime.contract.errors import DataError

from .tables import LAYERS, OFA, write


def test_a_table_is_read_with_its_genes_and_their_values(tmp_path: Path) -> None:
    table = read_cost_table(write(tmp_path))
    assert table.genome.tolist() == [[3, 1], [5, 1], [7, 1], [3, 2], [5, 2], [7, 2]]
    assert table.genes.names == ("kernel_0", "depth_0")
    assert table.genes.values == ((3, 5, 7), (1, 2))
    assert table.device_names == ("a", "b")
    assert table.latency_s.dtype == np.float64
    assert np.isnan(table.latency_s[1, 2])
    assert table.energy_j is None
    assert table.accuracy is None
    assert len(set(table.group.tolist())) == 6


def test_a_board_is_found_by_its_name_and_an_unknown_one_is_refused(tmp_path: Path) -> None:
    table = read_cost_table(write(tmp_path))
    assert table.device("b") == 1
    with pytest.raises(DataError, match=r"board 'c' is not in the table\n  to do: choose one of a, b"):
        table.device("c")


def test_what_is_written_reads_back_the_same(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        genome=np.array([[0, 1], [1, 0], [1, 1]]),
        choices=np.array(["skip", "k3"]),
        latency_s=np.full((2, 3), 0.5),
        energy_j=np.full((2, 3), 2.5),
        accuracy=np.array([0.5, 0.6, np.nan]),
        group=np.array([7, 7, 9]),
    )
    table = read_cost_table(path)
    write_cost_table(tmp_path / "again" / "table.npz", table)
    again = read_cost_table(tmp_path / "again" / "table.npz")
    for name in ("genome", "latency_s", "energy_j", "accuracy", "group"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))
    assert again.genes == table.genes
    assert again.device_names == table.device_names
    assert again.group.tolist() == [0, 0, 1]


def test_identical_designs_share_a_group_even_where_the_file_says_otherwise(tmp_path: Path) -> None:
    genome = np.array([[3, 1], [3, 1], [5, 1], [7, 1], [7, 2], [9, 2]])
    assert read_cost_table(write(tmp_path, genome=genome)).group.tolist() == [0, 0, 1, 2, 3, 4]
    joined = read_cost_table(write(tmp_path, genome=genome, group=np.array([4, 8, 8, 2, 2, 5]))).group
    assert joined[0] == joined[1] == joined[2]
    assert joined[3] == joined[4]
    assert len(set(joined.tolist())) == 3


def test_designs_that_differ_in_an_absent_layer_only_are_the_same_network(tmp_path: Path) -> None:
    names = np.array(["kernel_0", "kernel_1", "depth_0"])
    genome = np.array([[3, 3, 1], [3, 7, 1], [3, 3, 2], [3, 7, 2], [5, 3, 2], [5, 7, 2]])
    table = read_cost_table(write(tmp_path, genome=genome, gene_names=names))
    assert table.genome[0].tolist() == [3, 0, 1]
    assert table.group[0] == table.group[1]
    assert len(set(table.group.tolist())) == 5


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"latency_s": None}, r"`latency_s` is missing \(there are: device_names, gene_names, genome\)"),
        ({"gene_names": None}, "`gene_names` is missing"),
        ({"gene_names": np.array(["kernel_0"])}, r"`genome` must be whole numbers \(designs, 1\), got int8 \(6, 2\)"),
        ({"gene_names": np.array(["kernel_0", "kernel_0"])}, "gene 'kernel_0' is there twice"),
        ({"gene_names": np.array([1, 2])}, r"`gene_names` must be a row of text, got int64 \(2,\)"),
        ({"genome": np.ones((6, 2))}, r"`genome` must be whole numbers \(designs, 2\), got float64 \(6, 2\)"),
        ({"genome": np.ones((0, 2), int), "latency_s": np.ones((2, 0))}, "no designs"),
        ({"genome": np.ones((6, 2), int)}, "no gene ever differs"),
        ({"genome": np.arange(12).reshape(6, 2) - 1}, "gene 'kernel_0' of design 0 has the value -1"),
        ({"choices": np.array(["x", "y"])}, "gene 'kernel_0' of design 0 has the value 3\n.*\n.*from 0 to 1"),
        ({"choices": np.array(["x", "x"])}, "choice 'x' is there twice"),
        ({"device_names": np.array(["a", "a"])}, "board 'a' is there twice"),
        ({"device_names": np.array([], str)}, "no boards"),
        ({"device_names": np.array(["a"])}, r"must be floats \(boards, designs\) = \(1, 6\), got float32 \(2, 6\)"),
        ({"latency_s": np.full((2, 6), 3)}, r"`latency_s` must be floats .* got int64"),
        ({"latency_s": np.array([[1.0] * 6, [np.nan] * 6])}, "board 'b' has no latency"),
        ({"latency_s": np.array([[1.0] * 6, [1, 1, 1, -2, 1, 0]])}, r"-2 cannot be a cost \(2 like it\)"),
        ({"latency_s": np.array([[1.0] * 6, [1, 1, 1, 0, 1, 1]])}, r"0 cannot be a cost .*\n.*latency_s\[1, 3\]"),
        ({"latency_s": np.array([[1.0] * 6, [np.inf] * 6])}, "inf cannot be a cost"),
        ({"energy_j": np.full((2, 6), -1.0)}, r"-1 cannot be a cost .*\n.*energy_j\[0, 0\]"),
        ({"accuracy": np.full(5, 0.5)}, r"`accuracy` must be 6 floats, got float64 \(5,\)"),
        ({"accuracy": np.full(6, 71.5)}, "an accuracy is no share"),
        ({"group": np.arange(5)}, r"`group` must be 6 whole numbers, got int64 \(5,\)"),
        ({"group": np.arange(6.0)}, r"`group` must be 6 whole numbers, got float64"),
        ({"genome": np.array([[None, 1]] * 6)}, "not an NPZ file of plain arrays: Object arrays cannot be loaded"),
    ],
)
def test_a_table_that_cannot_be_used_says_what_is_wrong(tmp_path: Path, other: dict[str, Any], message: str) -> None:
    path = write(tmp_path, **other)
    with pytest.raises(DataError, match=message) as caught:
        read_cost_table(path)
    assert str(path) in str(caught.value)
    assert re.search(r"\n  to do: \w", str(caught.value))


@pytest.mark.parametrize(
    ("file", "designs", "boards", "networks"),
    [("nasbench201", 15625, 21, 4930), ("fbnet", 5000, 24, 5000), ("ofa_mobilenetv3", 5000, 9, 5000)],
)
def test_the_public_tables_are_read(shared_data: Path, file: str, designs: int, boards: int, networks: int) -> None:
    table = read_cost_table(shared_data / "latency" / f"{file}.npz")
    assert table.latency_s.shape == (boards, designs)
    assert len(set(table.group.tolist())) == networks


def test_a_table_of_each_known_space_may_lack_what_is_optional(tmp_path: Path) -> None:
    for names in (LAYERS, OFA):
        genome = np.ones((6, len(names)), dtype=int)
        genome[0] = 2
        assert read_cost_table(write(tmp_path, genome=genome, gene_names=np.array(names))).genes.choices == ()
