"""The CPU's clock: every cluster, each with its own table and cap, some of them gone."""

from __future__ import annotations

import pytest

from runtime.boards.sysfs.clock_domain import NotHeld
from runtime.boards.sysfs.cpufreq import CpuClock
from runtime.boards.sysfs.write_log import WriteLog

from .board_trees import CPU, CPU_HZ, MemoryTree, old_kernel, policy

SLOW, MIDDLE, FAST = CPU_HZ
A57 = (345_600, 806_400, 1_400_000)
DENVER = (499_200, 806_400, 2_035_200)


def limits(tree: MemoryTree, number: int) -> tuple[str, str]:
    folder = f"{CPU}/policy{number}"
    return tree.files[f"{folder}/scaling_min_freq"], tree.files[f"{folder}/scaling_max_freq"]


def clock_over(tree: MemoryTree) -> CpuClock:
    return CpuClock(WriteLog(tree))


def test_every_cluster_is_held_at_the_same_frequency() -> None:
    tree = old_kernel({**policy(0), **policy(4), **policy(10)})
    clock = clock_over(tree)
    clock.set(MIDDLE)
    assert limits(tree, 0) == limits(tree, 4) == limits(tree, 10) == ("729600", "729600")
    assert clock.limits_hz() == (MIDDLE, MIDDLE)
    assert clock.held_hz() == MIDDLE


def test_clusters_that_differ_take_their_own_entry_next_below() -> None:
    tree = old_kernel({**policy(0, A57), **policy(1, DENVER)})
    clock = clock_over(tree)
    assert clock.table_hz() == (499_200_000, 806_400_000, 1_400_000_000, 2_035_200_000)
    clock.set(2_035_200_000)
    assert limits(tree, 0) == ("1400000", "1400000")
    assert limits(tree, 1) == ("2035200", "2035200")
    assert clock.held_hz() == 2_035_200_000


def test_each_offered_frequency_is_read_back_on_clusters_that_differ() -> None:
    clock = clock_over(old_kernel({**policy(0, A57), **policy(1, DENVER)}))
    for hz in clock.offered_hz():
        clock.set(hz)
        assert clock.held_hz() == hz


def test_the_cap_of_a_cluster_holds_for_that_cluster() -> None:
    tree = old_kernel({**policy(0, A57), **policy(1, DENVER), f"{CPU}/policy1/scaling_max_freq": "806400"})
    clock = clock_over(tree)
    assert clock.offered_hz() == (499_200_000, 806_400_000, 1_400_000_000)
    clock.set(1_400_000_000)
    assert limits(tree, 1) == ("806400", "806400")
    assert clock.offered_hz() == (499_200_000, 806_400_000, 1_400_000_000)


def test_a_frequency_that_no_cluster_has_is_told() -> None:
    with pytest.raises(NotHeld, match="no CPU cluster has 800000000 Hz in its table"):
        clock_over(old_kernel(policy(0))).set(800_000_000)


def test_a_cluster_without_a_table_cannot_be_set() -> None:
    files = {path: text for path, text in policy(0).items() if "available" not in path}
    clock = clock_over(MemoryTree({**files, f"{CPU}/policy0/scaling_driver": "intel_pstate"}))
    assert clock.why_not_settable() == "intel_pstate lists no scaling_available_frequencies for policy0"
    assert clock.offered_hz() == ()
    assert clock.held_hz() == FAST
    with pytest.raises(NotHeld, match="the cluster lists no frequencies"):
        clock.set(FAST)


def test_a_driver_that_does_not_tell_its_name_is_called_so() -> None:
    files = {path: text for path, text in policy(0).items() if "available" not in path and "driver" not in path}
    assert (clock_over(MemoryTree(files)).why_not_settable() or "").startswith("its driver lists no")


def test_limits_that_read_back_otherwise_are_told() -> None:
    tree = MemoryTree(policy(0), lambda path, text: "1000" if "max" in path else text)
    with pytest.raises(NotHeld, match="CPU limits of 729600000 Hz read back as"):
        clock_over(tree).set(MIDDLE)


def test_a_machine_without_cpufreq_has_no_cpu_clock() -> None:
    clock = clock_over(MemoryTree({"/sys/devices/system/cpu/online": "0-3"}))
    assert not clock.present()
    assert clock.limits_hz() is clock.current_hz() is clock.held_hz() is None
    assert "no cpufreq policy" in (clock.why_not_settable() or "")


def test_an_offline_cluster_is_left_out_and_joins_when_it_returns() -> None:
    tree = old_kernel({**policy(0), f"{CPU}/policy4/related_cpus": "4 5"})
    clock = clock_over(tree)
    clock.set(SLOW)
    tree.files |= policy(4)
    assert clock.held_hz() == FAST
    clock.set(SLOW)
    assert limits(tree, 4) == ("115200", "115200")


def test_the_fastest_cluster_stands_for_the_cpu() -> None:
    tree = MemoryTree({**policy(0), **policy(4), f"{CPU}/policy4/scaling_cur_freq": "729600"})
    assert clock_over(tree).current_hz() == MIDDLE


def test_a_snapshot_holds_governor_and_limits_and_the_speed_of_a_governor_that_has_one() -> None:
    files = {**policy(0), **policy(4), f"{CPU}/policy4/scaling_governor": "userspace"}
    files[f"{CPU}/policy4/scaling_setspeed"] = "729600"
    values = dict(clock_over(MemoryTree(files)).snapshot_values())
    assert len(values) == 7
    assert values[f"{CPU}/policy4/scaling_setspeed"] == "729600"
    assert list(values)[-1].endswith("scaling_setspeed")  # after the limits, which would clamp it


def test_a_file_that_cannot_be_read_is_left_out_of_the_snapshot() -> None:
    tree = MemoryTree(policy(0))
    tree.unreadable[f"{CPU}/policy0/scaling_min_freq"] = 13
    assert len(clock_over(tree).snapshot_values()) == 2
    assert clock_over(tree).limits_hz() is None


def test_a_file_closed_to_this_user_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runtime.boards.sysfs.cpufreq.why_not_writable", lambda _, path: f"closed: {path}")
    assert clock_over(MemoryTree(policy(0))).why_not_settable() == f"closed: {CPU}/policy0/scaling_min_freq"


def test_an_unreadable_cap_is_no_cap() -> None:
    assert clock_over(MemoryTree({**policy(0), f"{CPU}/policy0/scaling_max_freq": "0"})).offered_hz() == CPU_HZ
