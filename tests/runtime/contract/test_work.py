from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runtime.contract.work import NO_WORK, Work, total

COUNTS = st.integers(0, 10**12).map(float)
WORKS = st.lists(st.builds(Work, COUNTS, COUNTS, COUNTS), max_size=6)


def test_works_add_up_field_by_field() -> None:
    assert Work(1, 2, 3) + Work(10, 20, 30) == Work(11, 22, 33)
    assert Work(5, fp16_macs=2, int8_macs=3) + Work(5, int8_macs=1) == Work(10, fp16_macs=2, int8_macs=4)


def test_the_total_of_nothing_is_no_work() -> None:
    assert total([]) == NO_WORK == Work(0, 0, 0)


@given(WORKS, st.integers(0, 6))
def test_the_total_does_not_depend_on_where_a_network_is_cut(works: list[Work], cut: int) -> None:
    assert total(works[:cut]) + total(works[cut:]) == total(works)
