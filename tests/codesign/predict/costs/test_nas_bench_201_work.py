"""codesign/predict/costs/nas_bench_201_work.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.layer_works import LayerWorks, works_of
from codesign.predict.costs.nas_bench_201_work import live_edges, nas_bench_201_layers

from .tables import CELL, OPERATIONS

GENES = Genes.named(CELL, OPERATIONS)
NONE, SKIP, CONV1, CONV3, POOL = range(5)


def works(*cells: list[int], pruned: bool = False) -> LayerWorks:
    return works_of(nas_bench_201_layers(GENES, np.array(cells), pruned=pruned), len(cells))


def test_the_largest_cell_has_the_published_work_and_weights() -> None:
    """220.12 million multiply-accumulates and 1.53 million parameters: Dong and Yang, arXiv:2001.00326."""
    largest = works([CONV3] * 6)
    assert largest.macs.sum() == pytest.approx(220.12e6, rel=1e-4)
    assert largest.weights.sum() == pytest.approx(1.53e6, rel=2e-3)


def test_the_smallest_network_has_the_published_work() -> None:
    assert works([SKIP] * 6).macs.sum() == pytest.approx(7.78e6, rel=2e-3)


def test_an_operation_costs_the_same_on_every_edge() -> None:
    cells = np.full((6, 6), SKIP)
    np.fill_diagonal(cells, CONV3)
    assert len(set(works(*cells.tolist()).macs.sum(axis=1))) == 1


@pytest.mark.parametrize(
    ("cell", "live"),
    [
        ([SKIP] * 6, [1, 1, 1, 1, 1, 1]),
        ([NONE, NONE, NONE, CONV3, CONV3, CONV3], [0, 0, 0, 1, 0, 0]),  # nodes 1 and 2 get nothing
        ([CONV3, CONV3, CONV3, CONV3, NONE, NONE], [0, 0, 0, 1, 0, 0]),  # nodes 1 and 2 give nothing
        ([CONV3, NONE, CONV3, NONE, NONE, CONV3], [1, 0, 1, 0, 0, 1]),
        ([CONV3, CONV3, CONV3, NONE, NONE, NONE], [0, 0, 0, 0, 0, 0]),
    ],
)
def test_an_edge_is_live_on_a_path_from_input_to_output(cell: list[int], live: list[int]) -> None:
    assert live_edges(GENES, np.array([cell])).astype(int).tolist() == [live]


def test_dead_edges_are_run_unless_they_are_pruned() -> None:
    dead, without = [NONE, NONE, NONE, SKIP, CONV3, CONV1], [NONE, NONE, NONE, SKIP, NONE, NONE]
    assert works(dead).macs.sum() > works(without).macs.sum()
    assert works(dead, pruned=True).macs.sum() == works(without, pruned=True).macs.sum()
    assert works(dead, pruned=True).input_values.sum() < works(without).input_values.sum()


def test_genes_may_come_in_another_order_and_some_operations_may_be_missing() -> None:
    order = [5, 3, 1, 0, 2, 4]
    other = Genes.named([CELL[at] for at in order], OPERATIONS[:4])
    cell = np.array([[CONV3, NONE, CONV1, SKIP, CONV1, NONE]])
    for pruned in (False, True):
        shuffled = works_of(nas_bench_201_layers(other, cell[:, order], pruned=pruned), 1)
        assert shuffled.macs.sum() == works(cell[0].tolist(), pruned=pruned).macs.sum()


def test_measured_boards_run_dead_edges_too(shared_data: Path) -> None:
    """All but pixel3, whose compiler drops them and whose costs are left out here."""
    table = read_cost_table(shared_data / "latency" / "nasbench201.npz")
    live = live_edges(table.genes, table.genome)
    explained = []
    for counts in (np.ones_like(live), live):
        counted = np.stack([((table.genome == code) & counts).sum(axis=1) for code in range(5)], axis=1)
        columns = np.column_stack([np.ones(len(counted)), counted, counted**2])
        costs = np.log(np.delete(table.latency_s, table.device("pixel3"), axis=0)).T
        left = costs - columns @ np.linalg.lstsq(columns, costs, rcond=None)[0]
        explained.append(1.0 - left.var(axis=0) / costs.var(axis=0))
    assert explained[0].min() > 0.84
    assert explained[1].max() < 0.81
