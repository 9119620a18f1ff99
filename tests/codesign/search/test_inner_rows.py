"""codesign/search/inner_rows.py: what is left out could not have been on a front."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from codesign.search.inner_counts import LevelCounts
from codesign.search.inner_grid import Grid, InnerLimits, grid_of
from codesign.search.inner_rows import Found, rows_worth_a_look
from tests.codesign.search.chains import random_case


def grid(limits: InnerLimits | None = None) -> Grid:
    """Two early candidates, ten samples, masks 0 to 3."""
    case = random_case(0, (3,), samples=10)
    return grid_of(case.costs, 10, limits or InnerLimits(), served=False, latency_is_an_objective=False)


def counts(*, level: int = 1, changed: int = 0b11, passing: tuple[int, ...] = (10, 6, 7, 5)) -> LevelCounts:
    return LevelCounts(level, changed, np.asarray(passing), right=np.asarray([9, 8, 7, 6]))


def found(size: int) -> Found:
    whole = np.arange(size)
    return Found(whole, whole + 10, whole % 2, whole + 20, whole / 2.0, whole / 4.0)


def test_at_the_first_level_every_row_counts() -> None:
    assert rows_worth_a_look(grid(), counts(level=0, changed=0)).tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize(("changed", "rows"), [(0b01, [1, 3]), (0b10, [2, 3]), (0b11, [1, 2, 3]), (0b00, [])])
def test_later_only_rows_with_an_exit_that_takes_other_samples(changed: int, rows: list[int]) -> None:
    assert rows_worth_a_look(grid(), counts(changed=changed)).tolist() == rows


def test_a_row_with_an_exit_that_takes_nobody_is_left_out() -> None:
    nobody_at_exit_0 = (10, 10, 7, 7)
    assert rows_worth_a_look(grid(), counts(level=0, passing=nobody_at_exit_0)).tolist() == [0, 2]
    nobody_behind_exit_0 = (10, 6, 7, 6)  # exit 1 takes three of all, none of those that exit 0 lets pass
    assert rows_worth_a_look(grid(), counts(level=0, passing=nobody_behind_exit_0)).tolist() == [0, 1, 2]


def test_where_work_may_be_free_such_a_row_stays() -> None:
    free = replace(grid(), work_is_never_free=False)
    assert rows_worth_a_look(free, counts(level=0, passing=(10, 10, 7, 7))).tolist() == [0, 1, 2, 3]


def test_rows_below_the_accuracy_asked_for_are_left_out() -> None:
    limits = InnerLimits(min_accuracy=0.8)
    assert rows_worth_a_look(grid(limits), counts(level=0)).tolist() == [0, 1]


def test_designs_are_taken_reordered_and_renumbered_together() -> None:
    some = found(4).where(np.asarray([3, 1]))
    assert (some.level.tolist(), some.mask.tolist(), some.energy_j.tolist()) == ([3, 1], [13, 11], [1.5, 0.5])
    assert found(4).where(found(4).right > 21).level.tolist() == [2, 3]
    assert found(4).at_points(np.asarray([7, 9])).point.tolist() == [7, 9, 7, 9]


def test_parts_are_joined_in_order_and_none_make_an_empty_whole() -> None:
    whole = Found.concatenated([found(2), found(3)])
    assert whole.level.tolist() == [0, 1, 0, 1, 2]
    assert all(getattr(Found.concatenated([]), field.name).size == 0 for field in fields(Found))
