"""CPU clusters as cpufreq shows them."""

from __future__ import annotations

import pytest

from runtime.boards.behaviour import BehaviouralTree, Quirks, behavioural_board
from runtime.boards.behaviour.cpufreq import ranges
from runtime.boards.profile import profile

from .orin_paths import CPU, ORIN, POLICY, WORK

TABLE_HZ = profile(ORIN).cpu.hz
SETTLED_S = 0.1


@pytest.fixture
def tree() -> BehaviouralTree:
    return behavioural_board(ORIN)


def khz(tree: BehaviouralTree, name: str, policy: str = POLICY) -> int:
    return int(tree.read(f"{policy}/{name}"))


def test_the_clusters_are_policies_in_kilohertz(tree: BehaviouralTree) -> None:
    assert tree.names(f"{CPU}/cpufreq") == ("policy0", "policy4")
    assert tree.read(f"{POLICY}/affected_cpus") == b"0 1 2 3\n"
    table_khz = tuple(int(word) for word in tree.read(f"{POLICY}/scaling_available_frequencies").split())
    assert table_khz == tuple(hz // 1000 for hz in TABLE_HZ)
    assert tree.read(f"{CPU}/cpu5/cpufreq/related_cpus") == b"4 5\n"


def test_the_stock_governor_follows_the_load_between_the_limits(tree: BehaviouralTree) -> None:
    assert khz(tree, "scaling_cur_freq") == 729_600
    with tree.running(WORK):
        tree.time.sleep(SETTLED_S)
        assert tree.truth().cpu_hz == TABLE_HZ[-1]


def test_a_pinned_cluster_stays_under_load_and_the_other_floats(tree: BehaviouralTree) -> None:
    tree.write(f"{POLICY}/scaling_max_freq", "960000")
    tree.write(f"{POLICY}/scaling_min_freq", "960000")
    with tree.running(WORK):
        tree.time.sleep(SETTLED_S)
        assert tree.true_clocks_hz()["cpu0"] == 960_000_000
        assert tree.true_clocks_hz()["cpu4"] == TABLE_HZ[-1]


def test_limits_beyond_the_table_are_its_ends(tree: BehaviouralTree) -> None:
    tree.write(f"{POLICY}/scaling_max_freq", "9999999")
    tree.write(f"{POLICY}/scaling_min_freq", "0")
    assert (khz(tree, "scaling_min_freq"), khz(tree, "scaling_max_freq")) == (115_200, 1_728_000)


def test_a_limit_between_entries_reads_as_written_and_runs_at_an_entry(tree: BehaviouralTree) -> None:
    tree.write(f"{POLICY}/scaling_max_freq", "1000000")
    assert khz(tree, "scaling_max_freq") == 1_000_000
    with tree.running(WORK):
        assert khz(tree, "scaling_cur_freq") == 960_000


def test_an_old_kernel_refuses_limits_that_cross_and_a_new_one_clamps() -> None:
    old, new = (behavioural_board(ORIN, quirks=Quirks(strict_limits=strict)) for strict in (True, False))
    for tree in (old, new):
        tree.write(f"{POLICY}/scaling_max_freq", "960000")
    with pytest.raises(OSError, match="Invalid argument"):
        old.write(f"{POLICY}/scaling_min_freq", "1497600")
    new.write(f"{POLICY}/scaling_min_freq", "1497600")
    assert khz(new, "scaling_min_freq") == 960_000
    new.write(f"{POLICY}/scaling_max_freq", "1728000")
    assert khz(new, "scaling_min_freq") == 1_497_600


def test_setspeed_is_taken_under_the_userspace_governor_only(tree: BehaviouralTree) -> None:
    assert tree.read(f"{POLICY}/scaling_setspeed") == b"<unsupported>\n"
    with pytest.raises(OSError, match="Invalid argument"):
        tree.write(f"{POLICY}/scaling_setspeed", "960000")
    tree.write(f"{POLICY}/scaling_governor", "userspace")
    tree.write(f"{POLICY}/scaling_setspeed", "1000000")
    assert khz(tree, "scaling_setspeed") == 1_000_000
    assert khz(tree, "scaling_cur_freq") == 1_036_800


def test_setspeed_is_held_within_the_limits_without_a_word(tree: BehaviouralTree) -> None:
    tree.write(f"{POLICY}/scaling_governor", "userspace")
    tree.write(f"{POLICY}/scaling_max_freq", "960000")
    tree.write(f"{POLICY}/scaling_setspeed", "1728000")
    assert khz(tree, "scaling_cur_freq") == 960_000


@pytest.mark.parametrize(("governor", "khz_then"), [("performance", 1_728_000), ("powersave", 729_600)])
def test_fixed_governors_run_at_a_limit(tree: BehaviouralTree, governor: str, khz_then: int) -> None:
    tree.write(f"{POLICY}/scaling_governor", governor)
    assert khz(tree, "scaling_cur_freq") == khz_then
    assert tree.read(f"{POLICY}/scaling_governor").decode() == f"{governor}\n"


def test_an_unknown_governor_is_refused(tree: BehaviouralTree) -> None:
    with pytest.raises(OSError, match="Invalid argument"):
        tree.write(f"{POLICY}/scaling_governor", "turbo")


def test_a_switch_blocks_and_settles(tree: BehaviouralTree) -> None:
    began_s = tree.time.now_s()
    tree.write(f"{POLICY}/scaling_min_freq", "1728000")
    assert tree.time.now_s() - began_s == pytest.approx(1.4e-3)
    assert tree.true_clocks_hz()["cpu0"] == TABLE_HZ[-1]


def test_measuring_takes_root_and_time(tree: BehaviouralTree) -> None:
    began_s = tree.time.now_s()
    assert khz(tree, "cpuinfo_cur_freq") == 729_600
    assert tree.time.now_s() - began_s == pytest.approx(500e-6)
    tree.uid = 1000
    with pytest.raises(PermissionError):
        khz(tree, "cpuinfo_cur_freq")


def test_a_cluster_without_cores_loses_its_files_and_gets_them_back_with_its_settings(tree: BehaviouralTree) -> None:
    policy = f"{CPU}/cpufreq/policy4"
    tree.write(f"{policy}/scaling_max_freq", "960000")
    tree.write(f"{CPU}/cpu4/online", "0")
    assert tree.read(f"{policy}/affected_cpus") == b"5\n"
    tree.write(f"{CPU}/cpu5/online", "0")
    assert tree.names(f"{CPU}/cpufreq") == ("policy0",)
    assert tree.read(f"{CPU}/online") == b"0-3\n"
    assert tree.true_clocks_hz()["cpu4"] == 0 or tree.time.sleep(SETTLED_S) is None
    with pytest.raises(FileNotFoundError):
        tree.read(f"{policy}/scaling_max_freq")
    with pytest.raises(FileNotFoundError):
        tree.read(f"{CPU}/cpu4/cpufreq/scaling_max_freq")
    tree.write(f"{CPU}/cpu5/online", "1")
    assert khz(tree, "scaling_max_freq", policy) == 960_000
    assert tree.read(f"{CPU}/cpu5/online") == b"1\n"


def test_the_first_core_has_no_switch(tree: BehaviouralTree) -> None:
    with pytest.raises(FileNotFoundError):
        tree.write(f"{CPU}/cpu0/online", "0")


@pytest.mark.parametrize(("numbers", "text"), [((), ""), ((3,), "3"), ((0, 1, 2), "0-2"), ((0, 2, 3, 6), "0,2-3,6")])
def test_cores_are_listed_as_the_kernel_lists_them(numbers: tuple[int, ...], text: str) -> None:
    assert ranges(numbers) == text
