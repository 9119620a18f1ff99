"""Every genome of clocks stands for an operating point, and every operating point has a genome."""

from __future__ import annotations

import numpy as np
import pytest

from codesign.search.hadas.clock_genes import ClockGenes
from runtime.boards.profile import profile
from runtime.contract.errors import BoardError
from tests.codesign.search.chains import operating_points


def all_genes(genes: ClockGenes) -> np.ndarray:
    return np.indices(genes.sizes).reshape(3, -1).T


def test_the_tx2_has_a_gene_for_each_of_its_clocks() -> None:
    points = profile("tx2").points("gpu")
    genes = ClockGenes(points)
    assert int(np.prod(genes.sizes)) == len(points) == 1716
    assert sorted(genes.points(all_genes(genes)).tolist()) == list(range(1716))


def test_a_gene_picks_its_clock() -> None:
    points = operating_points(3)
    picked = points[int(ClockGenes(points).points(np.asarray([[0, 2, 1]]))[0])]
    assert (picked.cpu_hz, picked.gpu_hz, picked.emc_hz) == (300_000_000, 2_000_000_000, 1_150_000_000)


def test_a_combination_that_the_board_lacks_becomes_the_nearest() -> None:
    points = operating_points(2)[1:]  # all low is missing
    genes = ClockGenes(points)
    found = genes.points(all_genes(genes))
    assert set(found.tolist()) == set(range(7))
    assert found[0] in (0, 1, 3)  # one clock higher


def test_points_that_are_left_out_are_never_picked() -> None:
    points = operating_points(3)
    offered = [number for number, point in enumerate(points) if point.gpu_hz > 300_000_000]
    genes = ClockGenes(points, offered)
    assert genes.sizes == (3, 2, 3)
    assert sorted(genes.points(all_genes(genes)).tolist()) == offered


def test_no_point_is_refused() -> None:
    with pytest.raises(BoardError, match="no operating point"):
        ClockGenes([])
