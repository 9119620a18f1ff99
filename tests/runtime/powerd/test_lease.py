"""The lease: one holder, until its deadline."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.powerd.lease import Lease, LeaseBook
from runtime.powerd.protocol import Code, Refusal


def test_a_second_holder_is_refused_with_the_pid_of_the_first() -> None:
    book = LeaseBook()
    book.acquire(1, 4711, ttl_s=10, now_s=100)
    with pytest.raises(Refusal, match="process 4711 holds the clocks") as refusal:
        book.acquire(2, 4712, ttl_s=10, now_s=104)
    assert refusal.value.code is Code.HELD
    assert refusal.value.details == {"holder_pid": 4711}
    assert "ends 6.0 s from now" in refusal.value.to_do


def test_a_lease_ends_at_its_deadline_once() -> None:
    book = LeaseBook()
    book.acquire(1, 4711, ttl_s=10, now_s=100)
    assert book.ended(109.9) is None
    assert book.ended(110.0) == Lease(1, 4711, 10, 110)
    assert book.ended(110.0) is None
    assert book.lease is None


def test_a_renewed_lease_runs_from_the_renewal() -> None:
    book = LeaseBook()
    book.acquire(1, 4711, ttl_s=10, now_s=100)
    assert book.renew(1, now_s=108).deadline_s == 118
    assert book.ended(117) is None


def test_only_the_holder_renews_and_releases() -> None:
    book = LeaseBook()
    book.acquire(1, 4711, ttl_s=10, now_s=100)
    with pytest.raises(Refusal, match="holds no lease: never acquired, expired or released"):
        book.renew(2, now_s=101)
    assert not book.release(2)
    assert book.release(1)
    with pytest.raises(Refusal, match="holds no lease"):
        book.of(1)


def test_acquiring_again_clears_a_yielded_lease_and_changes_its_ttl() -> None:
    book = LeaseBook()
    book.acquire(1, 4711, ttl_s=10, now_s=100)
    book.mark_yielded(1)
    assert book.of(1).yielded
    assert book.renew(1, now_s=101).yielded
    assert book.acquire(1, 4711, ttl_s=5, now_s=102) == Lease(1, 4711, 5, 107)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["acquire", "renew", "release"]), st.integers(1, 3), st.floats(0.1, 60), st.floats(0, 30)
        )
    )
)
def test_the_holder_is_whoever_acquired_last_and_is_not_late(steps: list[tuple[str, int, float, float]]) -> None:
    book, now_s = LeaseBook(), 0.0
    holder: tuple[int, float, float] | None = None  # connection, ttl, deadline
    for op, connection, ttl_s, passes_s in steps:
        now_s += passes_s
        if holder is not None and now_s >= holder[2]:
            holder = None
        book.ended(now_s)
        try:
            if op == "acquire":
                book.acquire(connection, connection, ttl_s, now_s)
                assert holder is None or holder[0] == connection
                holder = (connection, ttl_s, now_s + ttl_s)
            elif op == "renew":
                book.renew(connection, now_s)
                assert holder is not None
                assert holder[0] == connection
                holder = (connection, holder[1], now_s + holder[1])
            elif book.release(connection):
                holder = None
        except Refusal:
            assert holder is None or holder[0] != connection
        assert (None if book.lease is None else book.lease.connection) == (None if holder is None else holder[0])
