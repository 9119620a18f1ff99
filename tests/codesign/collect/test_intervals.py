from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from codesign.collect.intervals import Intervals

PAIRS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)).map(lambda p: (p[0], p[0] + p[1])), max_size=20)


def members(pairs: list[tuple[int, int]]) -> set[int]:
    return {number for start, end in pairs for number in range(start, end)}


@given(pairs=PAIRS)
def test_it_holds_what_was_added_in_as_few_intervals_as_can_be(pairs: list[tuple[int, int]]) -> None:
    found = Intervals(pairs)
    assert members(found.pairs()) == members(pairs)
    assert len(found) == len(members(pairs))
    told = found.pairs()
    assert all(a[1] < b[0] for a, b in pairwise(told))


@given(pairs=PAIRS, start=st.integers(0, 70), length=st.integers(0, 30))
def test_what_is_missing_is_what_is_not_in_it(pairs: list[tuple[int, int]], start: int, length: int) -> None:
    missing = Intervals(pairs).missing(start, start + length)
    assert members(missing) == set(range(start, start + length)) - members(pairs)
    assert missing == sorted(missing)
    assert all(a < b for a, b in missing)
