"""codesign/predict/costs/space_work.py"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import spearmanr

from codesign.predict.costs.cost_table import read_cost_table
from codesign.predict.costs.genes import Genes
from codesign.predict.costs.space_work import layer_works, prunable
from runtime.contract.errors import ShapeError

from .tables import BLOCKS, CELL, LAYERS, OFA, OPERATIONS


def test_only_known_spaces_have_layers() -> None:
    assert layer_works(Genes.named(("kernel_0",)), np.array([[3]])) is None
    for names, choices in ((CELL, OPERATIONS), (LAYERS, BLOCKS), (OFA, ())):
        found = layer_works(Genes.named(names, choices), np.ones((2, len(names)), dtype=int))
        assert found is not None
        assert found.macs.shape == (2, len(found.kinds)) == (2, len(found.units))


def test_only_cells_can_be_pruned() -> None:
    assert prunable(Genes.named(CELL, OPERATIONS))
    assert not prunable(Genes.named(LAYERS, BLOCKS))
    cells, genes = np.array([[0, 0, 0, 1, 3, 3]]), Genes.named(CELL, OPERATIONS)
    whole, pruned = (layer_works(genes, cells, pruned=pruned) for pruned in (False, True))
    assert whole is not None
    assert pruned is not None
    assert pruned.macs.sum() < whole.macs.sum()


def test_layers_beyond_the_depth_are_no_work_whatever_their_genes_say() -> None:
    genes = Genes.named(OFA, values=[(3, 5, 7)] * 20 + [(3, 4, 6)] * 20 + [(2, 3, 4)] * 5 + [(224,)])
    noisy = np.array([[7] * 20 + [6] * 20 + [2] * 5 + [224]])
    found, clean = layer_works(genes, noisy), layer_works(genes, genes.canonical(noisy))
    assert found is not None
    assert clean is not None
    assert found.macs.sum() == clean.macs.sum()


def test_designs_of_another_space_are_refused() -> None:
    with pytest.raises(ShapeError, match=r"whole numbers \(n, 6\)"):
        layer_works(Genes.named(CELL, OPERATIONS), np.zeros((2, 5), dtype=int))


@pytest.mark.parametrize(
    ("file", "board", "agrees"),
    [("nasbench201", "silver_4210r", 0.98), ("fbnet", "pixel3", 0.90), ("ofa_mobilenetv3", "titan_xp_64", 0.97)],
)
def test_work_ranks_networks_as_a_board_does_that_is_bound_by_it(
    shared_data: Path, file: str, board: str, agrees: float
) -> None:
    table = read_cost_table(shared_data / "latency" / f"{file}.npz")
    works = layer_works(table.genes, table.genome)
    assert works is not None
    assert spearmanr(works.macs.sum(axis=1), table.latency_s[table.device(board)]).statistic > agrees
