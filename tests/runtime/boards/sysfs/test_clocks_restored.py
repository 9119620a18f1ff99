"""What comes back after SysfsClocks, by whom it was written, and what a crash leaves to the next process."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.clocks import ClocksGone, ClockSnapshot, held_at
from runtime.contract.operating_point import OperatingPoint

from .board_trees import (
    CPU,
    EMC,
    FASTEST,
    GPU,
    GPU_HZ,
    MIDDLE,
    RAILGATE,
    SLOWEST,
    clocks_over,
    emc,
    gpu,
    old_kernel,
    orin,
)


class Killed(BaseException):
    """A kill -9, as far as a test can have one."""


def test_what_this_process_never_wrote_is_not_restored_by_it() -> None:
    tree = old_kernel(orin())
    clocks = clocks_over(tree)
    found = clocks.snapshot()
    clocks.set(MIDDLE)
    clocks.restore(found)
    tree.files[f"{GPU}/max_freq"] = "408000000"
    tree.files[f"{CPU}/policy0/scaling_governor"] = "performance"
    clocks.restore(found)
    assert tree.files[f"{GPU}/max_freq"] == "408000000"
    clocks.restore(found, force=True)
    assert ClockSnapshot(tuple((path, tree.files[path]) for path, _ in found.values)) == found


def test_a_process_that_comes_after_one_that_died_restores_everything() -> None:
    tree = old_kernel(orin())
    before = dict(tree.files)
    died = clocks_over(tree)
    found = ClockSnapshot.from_json(died.snapshot().to_json())
    died.set(SLOWEST)
    clocks_over(tree).restore(found)
    assert tree.files == before


def test_holds_may_be_nested_and_each_returns_to_its_own_start() -> None:
    tree = old_kernel(orin())
    before, clocks = dict(tree.files), clocks_over(tree)
    with held_at(clocks, MIDDLE):
        inside = dict(tree.files)
        with held_at(clocks, SLOWEST):
            assert clocks.current() == SLOWEST
        assert tree.files == inside
        clocks.set(FASTEST)
    assert tree.files == before
    assert clocks.foreign_changes() == ()


def test_what_cannot_be_restored_is_named_and_the_rest_is_restored() -> None:
    tree = old_kernel(orin())
    clocks = clocks_over(tree)
    found = clocks.snapshot()
    clocks.set(SLOWEST)
    for path in [path for path in tree.files if path.startswith(f"{CPU}/policy4")]:
        del tree.files[path]  # the cluster was taken offline
    said = r"2 of \d+ clock files were not restored: .*policy4.*no such file(.|\n)*when the CPU cluster is back online"
    with pytest.raises(ClocksGone, match=said):
        clocks.restore(found)
    assert tree.files[f"{GPU}/min_freq"] == str(GPU_HZ[0])
    assert tree.files[f"{EMC}/mrq_rate_locked"] == "0"


@given(
    points=st.lists(st.sampled_from([SLOWEST, MIDDLE, FASTEST]), min_size=1, max_size=4),
    last_write=st.integers(0, 40),
    took_effect=st.booleans(),
    pinned=st.booleans(),
)
def test_after_a_crash_at_any_write_a_fresh_process_brings_every_file_back(
    points: list[OperatingPoint], last_write: int, took_effect: bool, pinned: bool
) -> None:
    found_files = orin()
    if pinned:  # as jetson_clocks leaves it
        found_files |= {f"{GPU}/min_freq": str(GPU_HZ[-1]), f"{EMC}/mrq_rate_locked": "1", RAILGATE: "0"}
    tree = old_kernel(found_files)
    kernel = tree.rule
    assert kernel is not None

    def dies(path: str, text: str) -> str:
        if len(tree.writes) == last_write:
            if took_effect:
                tree.files[path] = kernel(path, text)
            raise Killed
        return kernel(path, text)

    before = dict(tree.files)
    clocks = clocks_over(tree)
    found = ClockSnapshot.from_json(clocks.snapshot().to_json())
    tree.rule = dies
    try:
        for point in points:
            clocks.set(point)
    except Killed:
        pass
    tree.rule = kernel
    clocks_over(tree).restore(found)
    assert tree.files == before


def test_parts_of_a_board_may_be_missing() -> None:
    for files in (gpu(), emc(), {**gpu(), **emc()}):
        clocks = clocks_over(old_kernel(files))
        found, point = clocks.snapshot(), clocks.choices()[0]
        assert clocks.set(point).applied == point
        clocks.restore(found)
