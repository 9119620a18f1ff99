"""Tables under a cap."""

from __future__ import annotations

import pytest

from runtime.boards.sysfs.clock_domain import NotHeld, at_most
from runtime.contract.errors import BoardError


@pytest.mark.parametrize(
    ("cap", "left"), [(None, (1, 2, 3)), (0, (1, 2, 3)), (3, (1, 2, 3)), (2, (1, 2)), (1, (1,)), (-0, (1, 2, 3))]
)
def test_a_cap_leaves_the_entries_within_it(cap: int | None, left: tuple[int, ...]) -> None:
    assert at_most((1, 2, 3), cap) == left


def test_a_cap_below_every_entry_leaves_the_slowest_as_drivers_do() -> None:
    assert at_most((5, 6), 2) == (5,)
    assert at_most((), 2) == ()


def test_a_clock_that_is_not_held_is_a_board_error() -> None:
    assert issubclass(NotHeld, BoardError)
