"""A snapshot comes back from any state, on any kernel, as much of it as can."""

from __future__ import annotations

import errno

from hypothesis import given
from hypothesis import strategies as st

from runtime.boards.sysfs.write_back import write_back

from .board_trees import EMC, MemoryTree, emc, old_kernel

limits = st.tuples(st.integers(1, 20), st.integers(1, 20)).map(sorted)
LOCK = f"{EMC}/mrq_rate_locked"


@given(now=limits, then=limits, low_first=st.booleans())
def test_two_limits_return_from_any_others_whatever_order_the_snapshot_has(
    now: list[int], then: list[int], low_first: bool
) -> None:
    tree = old_kernel({"/g/min_freq": str(now[0]), "/g/max_freq": str(now[1])})
    wanted = [("/g/min_freq", str(then[0])), ("/g/max_freq", str(then[1]))]
    assert write_back(tree, wanted if low_first else wanted[::-1]) == ()
    assert tree.files == dict(wanted)


def test_a_file_that_holds_its_value_is_not_written() -> None:
    tree = MemoryTree({"/governor": "schedutil"})
    assert write_back(tree, [("/governor", "schedutil")]) == ()
    assert tree.writes == []


def test_one_failure_does_not_stop_the_others_and_is_named_with_its_reason() -> None:
    tree = MemoryTree({"/a": "1", "/b": "1"})
    tree.unwritable.add("/a")
    failed = write_back(tree, [("/a", "2"), ("/gone", "2"), ("/b", "2")])
    assert [str(one) for one in failed] == ["/a: permission denied: needs root", "/gone: no such file"]
    assert [one.gone for one in failed] == [False, True]
    assert tree.files["/b"] == "2"


def test_one_limit_alone_is_written_alone() -> None:
    tree = old_kernel({"/g/min_freq": "5", "/g/max_freq": "9"})
    assert write_back(tree, [("/g/min_freq", "2")]) == ()
    assert tree.files == {"/g/min_freq": "2", "/g/max_freq": "9"}


def test_a_limit_that_the_driver_keeps_elsewhere_is_named() -> None:
    tree = MemoryTree({"/g/min_freq": "2", "/g/max_freq": "5"}, lambda path, text: "7" if "max" in path else text)
    failed = write_back(tree, [("/g/min_freq", "2"), ("/g/max_freq", "9")])
    assert [str(one) for one in failed] == ["/g/max_freq: holds 7, not 9"]


def test_a_limit_that_is_no_number_is_written_as_it_was() -> None:
    tree = MemoryTree({"/g/min_freq": "5", "/g/max_freq": "9"})
    assert write_back(tree, [("/g/min_freq", "1"), ("/g/max_freq", "max")]) == ()


def test_a_file_that_is_busy_is_gone_only_where_it_cannot_be_read_either() -> None:
    class Offline(MemoryTree):
        def read(self, path: str) -> bytes:
            if path == "/policy4":  # a cpufreq policy without a core that is on
                raise OSError(errno.EBUSY, "Device or resource busy", path)
            return super().read(path)

    def busy(path: str, _: str) -> str:
        raise OSError(errno.EBUSY, "Device or resource busy", path)

    failed = write_back(Offline({"/policy0": "1", "/policy4": "1"}, busy), [("/policy0", "2"), ("/policy4", "2")])
    assert [one.gone for one in failed] == [False, True]


def test_a_limit_refused_by_the_driver_is_named_once() -> None:
    def refuses(path: str, text: str) -> str:
        del text
        raise OSError(errno.EINVAL, "Invalid argument", path)

    tree = MemoryTree({"/g/min_freq": "1", "/g/max_freq": "9"}, refuses)
    failed = write_back(tree, [("/g/min_freq", "2"), ("/g/max_freq", "8")])
    assert [one.path for one in failed] == ["/g/max_freq", "/g/min_freq"]
    assert {one.why for one in failed} == {"the driver refuses the value"}


def test_a_locked_memory_clock_gets_its_rate_back_and_is_let_go_of() -> None:
    tree = MemoryTree({**emc(), LOCK: "1", f"{EMC}/rate": "665600000"})
    assert write_back(tree, [(f"{EMC}/rate", "2133000000"), (LOCK, "0")]) == ()
    assert tree.writes == [(f"{EMC}/rate", "2133000000"), (LOCK, "0")]


def test_an_unlocked_memory_clock_is_left_to_the_firmware() -> None:
    tree = MemoryTree({**emc(), f"{EMC}/rate": "665600000"})
    assert write_back(tree, [(f"{EMC}/rate", "2133000000"), (LOCK, "0")]) == ()
    assert tree.writes == []
