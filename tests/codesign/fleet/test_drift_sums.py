from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from codesign.fleet.drift_sums import ENERGY, TIME, cell_sums, cost_sums, exit_sums
from runtime.contract.expected_answers import ExpectedAnswers

from .board_days import ANSWERS, BUNDLE, EXPECTED, MODE, board_day, filled


def test_sums_are_those_of_half_hours(tmp_path: Path) -> None:
    with filled(tmp_path / "s", [board_day("d1", "tx2", 0, np.random.default_rng(0), half_hours=10)]) as store:
        exits, cells, costs = exit_sums(store), cell_sums(store, {(BUNDLE, MODE): EXPECTED}), cost_sums(store)
    assert sorted(each.cell for each in exits if each.cell is not None) == [0, 1]
    assert {each.group for each in (*exits, *cells, *costs)} == {exits[0].group}
    assert all(each.clusters.count == 10 and each.clusters.total == 10 * 30 * 50 for each in exits)
    assert sum(each.clusters.found for each in exits) == 10 * 30 * 50
    assert all(each.clusters.total2 == 10 * (30 * 50) ** 2 for each in exits)
    assert sorted(each.cell for each in cells if each.cell is not None) == list(range(len(ANSWERS)))
    assert len({each.clusters.total for each in cells}) == 1
    assert sum(each.clusters.found for each in cells) == cells[0].clusters.total
    assert {each.what: round(each.clusters.ratio, 1) for each in costs} == {TIME: 1.0, ENERGY: 1.0}
    assert exits[0].group.board == "tx2"


def test_cells_are_those_that_boards_count(tmp_path: Path) -> None:
    with filled(tmp_path / "s", [board_day("d1", "tx2", 0, np.random.default_rng(0), half_hours=10)]) as store:
        found = {each.cell: each.clusters.found for each in cell_sums(store, {(BUNDLE, MODE): EXPECTED})}
        finer = ExpectedAnswers(((0.01, 0.1, 0.2), ()), ((0.3, 0.2, 0.1, 0.1), (0.3,)), 100)
        other = {each.cell: each.clusters.found for each in cell_sums(store, {(BUNDLE, MODE): finer})}
    assert (other[0], other[1], other[3]) == (found[0], found[1], found[2])  # at an edge belongs below
    assert other[4] == found[3] + found[4]


def test_names_of_bundles_cannot_be_sql(tmp_path: Path) -> None:
    with filled(tmp_path / "s", [board_day("d1", "tx2", 0, np.random.default_rng(0), half_hours=8)]) as store:
        assert cell_sums(store, {("'; DROP TABLE inference; --", "it's"): EXPECTED}) == []


@pytest.mark.parametrize("sums", [exit_sums, cost_sums])
def test_an_empty_set_has_none(tmp_path: Path, sums: object) -> None:
    assert callable(sums)
    with filled(tmp_path / "s", []) as store:
        assert sums(store) == []
        assert cell_sums(store, {(BUNDLE, MODE): EXPECTED}) == []
        assert cell_sums(store, {}) == []
