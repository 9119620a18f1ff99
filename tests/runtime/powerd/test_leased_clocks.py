"""Powerd's clocks as Clocks; the conformance suite runs on them, too."""

from __future__ import annotations

from pathlib import Path

import pytest

from runtime.boards.clocks import ClockRefused, held_at
from runtime.contract.errors import BoardError
from runtime.powerd.client import LeaseLost, PowerdClient
from runtime.powerd.leased_clocks import AS_FOUND, LeasedClocks
from tests.runtime.boards.powerd_implementations import CLOCKS
from tests.runtime.powerd.clock_doubles import FAST, MIDDLE, OTHER, SLOW, MemoryClocks
from tests.runtime.powerd.in_process import running


def test_a_block_ends_with_the_clocks_as_powerd_found_them_not_with_a_point_like_them(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, PowerdClient(it.path) as client:
        leased = LeasedClocks(client)
        assert leased.snapshot() == AS_FOUND
        with held_at(leased, SLOW):
            with held_at(leased, MIDDLE):
                assert clocks.at == MIDDLE
            assert clocks.at == SLOW
        assert (clocks.at, clocks.restored) == (FAST, 1)


def test_choices_are_the_allow_list(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path) as it, PowerdClient(it.path) as client:
        leased = LeasedClocks(client)
        assert leased.choices() == (SLOW, MIDDLE, FAST)
        with pytest.raises(ClockRefused):
            leased.set(OTHER)


def test_clocks_that_powerd_cannot_read_are_an_error(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, PowerdClient(it.path) as client:
        clocks.read_fails = OSError(5, "asleep")
        with pytest.raises(BoardError, match=r"powerd cannot read the clocks: .*asleep"):
            LeasedClocks(client).current()


def test_a_block_whose_lease_was_lost_says_so(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with (
        running(clocks, tmp_path) as it,
        PowerdClient(it.path) as client,
        pytest.raises(LeaseLost),
        held_at(LeasedClocks(client), SLOW),
    ):
        client.release()


@pytest.mark.parametrize("name", CLOCKS)
def test_the_conformance_factory_makes_clocks_that_work_and_end(name: str) -> None:
    leased = CLOCKS[name]()
    found = leased.current()
    with held_at(leased, leased.choices()[0]):
        assert leased.current() == leased.choices()[0]
    assert leased.current() == found
