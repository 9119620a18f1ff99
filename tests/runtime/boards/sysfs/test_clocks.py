"""SysfsClocks over plain files: what is offered, in which order it is written, who may change it, what comes back."""

from __future__ import annotations

import errno
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.board_profile import ClockTable
from runtime.boards.clocks import ClockRefused, ClocksTaken
from runtime.boards.profile import profile
from runtime.boards.sysfs.clocks import SysfsClocks
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint

from .board_trees import (
    CPU,
    CPU_HZ,
    EMC,
    EMC_CAP,
    EMC_HZ,
    FASTEST,
    GPU,
    GPU_HZ,
    MIDDLE,
    RAILGATE,
    SLOWEST,
    MemoryTree,
    clocks_over,
    no_wait,
    old_kernel,
    orin,
    policy,
    tree_with,
)


def test_the_choices_are_the_product_of_the_tables_in_ascending_order() -> None:
    clocks = clocks_over(old_kernel(orin()))
    assert clocks.settable() == {"cpu": None, "gpu": None, "emc": None}
    assert len(clocks.choices()) == 27
    assert list(clocks.choices()) == sorted(clocks.choices())
    assert clocks.current() == OperatingPoint(CPU_HZ[-1], GPU_HZ[-1], EMC_HZ[1])


def test_looking_writes_nothing() -> None:
    tree = old_kernel(orin())
    clocks = clocks_over(tree)
    clocks.settable(), clocks.choices(), clocks.current(), clocks.snapshot(), clocks.foreign_changes()
    assert tree.writes == []


def test_it_works_on_a_folder_of_plain_files(tmp_path: Path) -> None:
    clocks = SysfsClocks(tree_with(tmp_path, orin()), sleep=no_wait)
    found = clocks.snapshot()
    applied = clocks.set(SLOWEST)
    assert (applied.requested, applied.applied) == (SLOWEST, SLOWEST)
    assert applied.took_s >= 0.0
    clocks.restore(found)
    assert clocks.snapshot() == found


def test_for_the_cpu_as_device_the_gpu_is_parked_or_left_as_it_was_found() -> None:
    clocks = clocks_over(old_kernel(orin()), device="cpu")
    assert {point.gpu_hz for point in clocks.choices()} == {GPU_HZ[0], GPU_HZ[-1]}
    assert clocks.current() in clocks.choices()
    clocks.set(SLOWEST)
    assert {point.gpu_hz for point in clocks.choices()} == {GPU_HZ[0], GPU_HZ[-1]}
    with pytest.raises(BoardError, match=r"no such device: 'tpu'\n  where: device\n  to do: use one of gpu, cpu"):
        SysfsClocks(old_kernel(orin()), device="tpu")


def test_a_clock_that_the_machine_lacks_is_zero() -> None:
    clocks = clocks_over(MemoryTree(policy(0)))
    assert clocks.choices() == tuple(OperatingPoint(hz, 0, 0) for hz in CPU_HZ)
    assert clocks.set(clocks.choices()[0]).applied == clocks.choices()[0]
    assert clocks_over(MemoryTree({})).choices() == (OperatingPoint(0, 0, 0),)


def test_a_clock_that_cannot_be_set_is_offered_at_the_value_that_it_has() -> None:
    files = {**orin(), f"{GPU}/available_frequencies": ""}
    clocks = clocks_over(MemoryTree(files))
    assert {point.gpu_hz for point in clocks.choices()} == {GPU_HZ[-1]}
    assert clocks.set(OperatingPoint(CPU_HZ[0], GPU_HZ[-1], EMC_HZ[0])).applied.gpu_hz == GPU_HZ[-1]
    with pytest.raises(ClockRefused, match="gpu: the GPU's devfreq node lists no available_frequencies"):
        clocks.set(SLOWEST)


def test_a_clock_too_slow_to_be_one_is_unknown() -> None:
    clocks = clocks_over(MemoryTree({f"{GPU}/device/of_node/name": "gpu", f"{GPU}/cur_freq": "5"}))
    assert clocks.current() == OperatingPoint(0, 0, 0)


def test_memory_rises_before_the_clocks_that_need_it_and_falls_after_them() -> None:
    tree = old_kernel({**orin(), EMC_CAP: "-1"})
    clocks = clocks_over(tree)
    clocks.set(SLOWEST)
    tree.writes.clear()
    clocks.set(FASTEST)
    assert [kind_of(path) for path, _ in tree.writes] == ["emc", "gpu", "gpu", "cpu", "cpu", "cpu", "cpu"]
    tree.writes.clear()
    clocks.set(SLOWEST)
    assert [kind_of(path) for path, _ in tree.writes] == ["cpu", "cpu", "cpu", "cpu", "gpu", "gpu", "emc"]


def test_only_what_changes_is_written() -> None:
    tree = old_kernel(orin())
    clocks = clocks_over(tree)
    clocks.set(SLOWEST)
    tree.writes.clear()
    clocks.set(OperatingPoint(SLOWEST.cpu_hz, GPU_HZ[1], SLOWEST.emc_hz))
    assert {kind_of(path) for path, _ in tree.writes} == {"gpu"}


def test_want_of_permission_is_refused_with_what_to_do_and_nothing_has_changed() -> None:
    tree = old_kernel(orin())
    before = dict(tree.files)
    tree.unwritable |= {path for path in tree.files if path.startswith(CPU)}
    clocks = clocks_over(tree)
    with pytest.raises(ClockRefused, match="cpu: permission denied: needs root; run `edge-runtime powerd` as root"):
        clocks.set(SLOWEST)
    assert tree.files == before
    assert "needs root" in (clocks.settable()["cpu"] or "")
    # From now on the CPU is offered as it is, and the others can be set.
    assert {point.cpu_hz for point in clocks.choices()} == {CPU_HZ[-1]}
    assert clocks.set(OperatingPoint(CPU_HZ[-1], GPU_HZ[0], EMC_HZ[0])).applied.gpu_hz == GPU_HZ[0]


def test_a_request_that_fails_half_way_is_taken_back() -> None:
    tree = old_kernel(orin())
    clocks = clocks_over(tree)
    clocks.set(MIDDLE)
    before, rule = dict(tree.files), tree.rule
    assert rule is not None

    def breaks(path: str, text: str) -> str:
        if path.endswith("policy4/scaling_max_freq") and text != str(CPU_HZ[1] // 1000):
            raise OSError(errno.EIO, "Input/output error")
        return rule(path, text)

    tree.rule = breaks
    with pytest.raises(ClockRefused, match="cpu: Input/output error"):
        clocks.set(FASTEST)
    assert tree.files == before
    assert clocks.foreign_changes() == ()
    assert clocks.settable()["cpu"] is None  # it may work with another value, or later


def test_a_value_that_reads_back_otherwise_is_refused_and_taken_back() -> None:
    tree = old_kernel({**orin(), f"{EMC}/dvfs_table": "\n".join(map(str, (408_000_000, *EMC_HZ)))})
    rule = tree.rule
    assert rule is not None

    def rounds_up(path: str, text: str) -> str:
        if path == f"{EMC}/rate":
            return str(min(hz for hz in EMC_HZ if hz >= int(text)))
        return rule(path, text)

    tree.rule = rounds_up
    before = dict(tree.files)
    clocks = clocks_over(tree)
    with pytest.raises(ClockRefused, match="emc: a memory clock of 408000000 Hz reads back as 665600000 Hz"):
        clocks.set(OperatingPoint(CPU_HZ[0], GPU_HZ[0], 408_000_000))
    assert tree.files == before
    assert len(clocks.choices()) == 27


def test_a_clock_that_slips_after_it_was_set_is_refused_and_taken_back() -> None:
    tree = old_kernel(orin())
    rule = tree.rule
    assert rule is not None

    def slips(path: str, text: str) -> str:
        if path == f"{EMC}/rate" and text == str(EMC_HZ[0]):  # the last to be lowered
            tree.files[f"{GPU}/max_freq"] = str(GPU_HZ[1])
        return rule(path, text)

    tree.rule = slips
    with pytest.raises(ClockRefused, match="reading back shows another point"):
        clocks_over(tree).set(SLOWEST)
    assert tree.files[f"{GPU}/max_freq"] == str(GPU_HZ[-1])


def test_a_clock_that_someone_else_changed_is_theirs() -> None:
    tree = old_kernel(orin())
    clocks = clocks_over(tree)
    found = clocks.snapshot()
    clocks.set(MIDDLE)
    tree.files[f"{GPU}/max_freq"] = "408000000"  # nvpmodel
    tree.writes.clear()
    assert [change.path for change in clocks.foreign_changes()] == [f"{GPU}/max_freq"]
    with pytest.raises(ClocksTaken, match=r"someone else changed the clocks: .*holds 408000000, not 612000000"):
        clocks.set(SLOWEST)
    tree.files[f"{GPU}/max_freq"] = str(GPU_HZ[1])
    with pytest.raises(ClocksTaken):  # stepped back is stepped back
        clocks.set(SLOWEST)
    assert tree.writes == []
    tree.files[f"{GPU}/max_freq"] = "408000000"
    clocks.restore(found)
    assert tree.files[f"{GPU}/max_freq"] == "408000000"
    assert tree.files[f"{GPU}/min_freq"] == str(GPU_HZ[0])
    assert tree.files[f"{CPU}/policy0/scaling_max_freq"] == str(CPU_HZ[-1] // 1000)
    assert tree.files[RAILGATE] == "1"
    # A new start respects the new cap.
    assert {point.gpu_hz for point in clocks.choices()} == {GPU_HZ[0]}
    assert clocks.set(SLOWEST).applied == SLOWEST


def test_a_cluster_that_went_offline_under_us_is_not_a_foreign_change() -> None:
    tree = old_kernel(orin())
    clocks = clocks_over(tree)
    clocks.set(SLOWEST)
    gone = {path: tree.files.pop(path) for path in list(tree.files) if path.startswith(f"{CPU}/policy4")}
    assert clocks.set(MIDDLE).applied == MIDDLE
    tree.files |= {**gone, **policy(4)}
    assert clocks.foreign_changes() == ()
    assert clocks.set(SLOWEST).applied == SLOWEST
    assert tree.files[f"{CPU}/policy4/scaling_max_freq"] == str(CPU_HZ[0] // 1000)


@given(st.lists(st.sampled_from(clocks_over(old_kernel(orin())).choices()), min_size=1, max_size=5))
def test_nothing_but_table_entries_is_ever_written(points: list[OperatingPoint]) -> None:
    tree = old_kernel(orin())
    clocks = clocks_over(tree)
    found = clocks.snapshot()
    for point in points:
        assert clocks.set(point).applied == point
    clocks.restore(found)
    tables = {"gpu": GPU_HZ, "cpu": tuple(hz // 1000 for hz in CPU_HZ), "emc": EMC_HZ}
    for path, text in tree.writes:
        if int(text) > 1:
            assert int(text) in tables[kind_of(path)]


def kind_of(path: str) -> str:
    return "cpu" if path.startswith(CPU) else "emc" if "emc" in path else "gpu"


def test_a_clock_that_such_a_machine_never_has_is_not_looked_for() -> None:
    board = replace(profile("tx2"), emc=ClockTable((0,), "none"))
    clocks = SysfsClocks(MemoryTree(policy(0)), board)
    assert clocks.lacks == ("emc",)
    assert clocks.settable()["emc"] == "this kind of machine has no such clock to set"
    assert clocks.choices()[0].emc_hz == 0


def test_what_could_not_be_taken_back_is_told_with_the_refusal() -> None:
    tree = old_kernel(orin())
    rule = tree.rule
    assert rule is not None

    def breaks(path: str, text: str) -> str:
        if path.startswith(CPU):
            tree.unwritable.add(RAILGATE)
            raise OSError(errno.EIO, "Input/output error")
        return rule(path, text)

    tree.rule = breaks
    with pytest.raises(
        ClockRefused, match=r"cpu: Input/output error; and not taken back: .*railgate_enable: permission"
    ):
        clocks_over(tree).set(FASTEST)
