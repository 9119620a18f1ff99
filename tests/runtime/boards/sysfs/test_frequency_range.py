"""Two limits in an order that every kernel takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.sysfs.frequency_range import FrequencyRange, range_of
from runtime.boards.sysfs.write_log import WriteLog

from .board_trees import MemoryTree, old_kernel

GPU = FrequencyRange("/g/min_freq", "/g/max_freq")
MHZ = 1_000_000
limits = st.tuples(st.integers(1, 20), st.integers(1, 20)).map(lambda pair: (min(pair), max(pair)))


def tree_at(low: int, high: int) -> MemoryTree:
    return old_kernel({"/g/min_freq": str(low * MHZ), "/g/max_freq": str(high * MHZ)})


@given(found=limits, to=st.integers(1, 20))
def test_a_clock_can_be_pinned_from_any_limits_on_a_kernel_that_refuses_crossed_ones(
    found: tuple[int, int], to: int
) -> None:
    tree = tree_at(*found)
    assert GPU.pin(WriteLog(tree), to * MHZ) == (to * MHZ, to * MHZ)


def test_raising_writes_the_upper_limit_first_and_lowering_the_lower_one() -> None:
    tree = tree_at(5, 5)
    assert GPU.order(tree, 9 * MHZ) == ("/g/max_freq", "/g/min_freq")
    assert GPU.order(tree, 2 * MHZ) == ("/g/min_freq", "/g/max_freq")


def test_without_a_lower_limit_to_read_the_upper_one_goes_first() -> None:
    assert GPU.order(MemoryTree({}), 9 * MHZ) == ("/g/max_freq", "/g/min_freq")


def test_limits_that_are_pinned_already_are_not_written_again() -> None:
    tree = tree_at(1, 9)
    log = WriteLog(tree)
    GPU.pin(log, 5 * MHZ)
    assert len(tree.writes) == 2
    assert GPU.pin(log, 5 * MHZ) == (5 * MHZ, 5 * MHZ)
    assert len(tree.writes) == 2


def test_files_in_kilohertz_are_read_and_written_so() -> None:
    tree = old_kernel({"/c/scaling_min_freq": "100000", "/c/scaling_max_freq": "900000"})
    pair = range_of("/c/scaling_max_freq")
    assert pair is not None
    assert pair.limits_hz(tree) == (100 * MHZ, 900 * MHZ)
    assert pair.pin(WriteLog(tree), 500 * MHZ) == (500 * MHZ, 500 * MHZ)
    assert tree.files["/c/scaling_min_freq"] == "500000"


def test_limits_that_cannot_be_read_are_none() -> None:
    assert GPU.limits_hz(MemoryTree({"/g/min_freq": "1"})) is None
    assert GPU.limits_hz(MemoryTree({"/g/max_freq": "1"})) is None


@pytest.mark.parametrize(("path", "known"), [("/g/min_freq", True), ("/g/cur_freq", False), ("/c/governor", False)])
def test_only_limits_belong_to_a_pair(path: str, known: bool) -> None:
    assert (range_of(path) is not None) is known
