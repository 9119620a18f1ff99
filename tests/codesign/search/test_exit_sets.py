"""Every set of exits stands where the table says, and a table is no larger than it must be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codesign.search.exit_sets import MOST_SETS, AllSets, FewExitSets, NoSet, exit_sets
from runtime.contract.errors import ConfigError


@given(st.integers(0, 12), st.integers(0, 6))
def test_few_exit_sets_are_all_masks_of_so_few_exits_rising(early: int, most: int) -> None:
    sets = FewExitSets(early, most)
    assert sets.masks.tolist() == [mask for mask in range(1 << early) if mask.bit_count() <= most]
    assert sets.size == sets.masks.size


@given(st.integers(1, 12), st.integers(0, 5))
def test_a_place_is_that_of_the_exits_before_a_candidate(early: int, most: int) -> None:
    for sets, table in ((FewExitSets(early, most), None), (AllSets(early), np.arange(1 << early))):
        masks = FewExitSets(early, most).masks
        table = FewExitSets(early, most).masks if table is None else table
        places = list(sets.places(masks))
        assert len(places) == early + 1
        for candidate, place in enumerate(places):
            np.testing.assert_array_equal(table[place], masks & ((1 << candidate) - 1))


def test_a_table_of_one_entry_answers_for_every_set() -> None:
    sets = NoSet(3)
    assert sets.size == 1
    assert all((place == 0).all() for place in sets.places(np.arange(8)))
    assert len(list(sets.places(np.arange(8)))) == 4


def test_sixty_one_exits_are_ranked_beyond_what_floats_hold() -> None:
    sets = FewExitSets(61, 2)
    *_, place = sets.places(sets.masks)
    np.testing.assert_array_equal(place, np.arange(sets.size))


@pytest.mark.parametrize(
    ("early", "most", "expected"),
    [
        (20, None, AllSets(20)),
        (9, 1, AllSets(9)),
        (12, 3, FewExitSets(12, 3)),
        (12, 6, AllSets(12)),
        (32, 5, FewExitSets(32, 5)),
    ],
)
def test_the_smaller_table_is_taken(early: int, most: int | None, expected: object) -> None:
    assert exit_sets(early, most) == expected


def test_32_exits_have_243_000_sets_of_at_most_five() -> None:
    assert FewExitSets(32, 5).size == 242_825 < MOST_SETS


@pytest.mark.parametrize(("early", "most"), [(21, None), (32, 7), (62, 1)])
def test_more_sets_than_can_be_held_are_refused(early: int, most: int | None) -> None:
    with pytest.raises(ConfigError, match=f"{early} early candidates"):
        exit_sets(early, most)


def test_a_negative_number_of_exits_is_refused() -> None:
    with pytest.raises(ConfigError, match="max_exits cannot be negative"):
        exit_sets(3, -1)
