"""Failures on order."""

from __future__ import annotations

import errno
from contextlib import nullcontext

import pytest

from runtime.boards.behaviour import BehaviouralTree, Faults, ProcessKilled, behavioural_board

from .orin_paths import GPU, ORIN, POLICY, RAILGATE


def test_no_handler_for_errors_catches_a_kill() -> None:
    assert not issubclass(ProcessKilled, Exception)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("n_writes", [1, 2, 3])
def test_a_process_dies_in_the_nth_write_before_or_after_it_took_effect(n_writes: int, before: bool) -> None:
    tree = behavioural_board(ORIN)
    tree.faults.crash_after(n_writes, before=before)
    with pytest.raises(ProcessKilled):
        _write_three(tree)
    assert tree.faults.crashed
    assert len(tree.writes) == n_writes - before


def test_a_dead_process_writes_and_reads_no_more_until_another_one_starts() -> None:
    tree = behavioural_board(ORIN)
    tree.faults.crash_after(1)
    with pytest.raises(ProcessKilled):
        tree.write(RAILGATE, "0")
    for use in (lambda: tree.write(RAILGATE, "1"), lambda: tree.read(RAILGATE), lambda: tree.names("/")):
        with pytest.raises(ProcessKilled):
            use()
    tree.faults.new_process()
    assert tree.read(RAILGATE) == b"0\n"


def test_the_death_may_be_of_another_kind() -> None:
    tree = behavioural_board(ORIN)
    tree.faults.crash_after(1, death=lambda: KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        tree.write(RAILGATE, "0")


def test_a_refused_write_is_not_counted() -> None:
    tree = behavioural_board(ORIN, uid=1000)
    tree.faults.crash_after(1)
    with pytest.raises(PermissionError):
        tree.write(RAILGATE, "0")
    assert not tree.faults.crashed


@pytest.mark.parametrize(
    ("verb", "read_fails", "write_fails"), [("read", True, False), ("write", False, True), ("any", True, True)]
)
def test_a_file_fails_as_ordered_until_it_is_mended(verb: str, read_fails: bool, write_fails: bool) -> None:
    faults = Faults()
    tree = behavioural_board(ORIN, faults=faults)
    faults.fail("*/max_freq", errno.EIO, verb=verb)
    path = f"{GPU}/max_freq"
    for fails, use in ((read_fails, lambda: tree.read(path)), (write_fails, lambda: tree.write(path, "612000000"))):
        with pytest.raises(OSError, match="Input/output error") if fails else nullcontext() as caught:
            use()
        assert not fails or (caught is not None and caught.value.filename == path)
    faults.mend()
    assert tree.read(f"{GPU}/max_freq")


def test_a_failure_ordered_for_the_real_path_hits_every_alias() -> None:
    tree = behavioural_board(ORIN)
    tree.faults.fail("/sys/devices/platform/bus@0/17000000.gpu/*", errno.ENODEV)
    with pytest.raises(OSError, match="No such device"):
        tree.read(f"{GPU}/cur_freq")


def _write_three(tree: BehaviouralTree) -> None:
    for khz in ("1497600", "1344000", "960000"):
        tree.write(f"{POLICY}/scaling_max_freq", khz)
