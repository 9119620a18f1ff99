"""The memory clock: locked, read back, put back, and never asked for what it cannot hold twice."""

from __future__ import annotations

import pytest

from runtime.boards.sysfs.clock_domain import NotHeld
from runtime.boards.sysfs.emc import EmcClock
from runtime.boards.sysfs.emc_files import HALT, NANO_EMC
from runtime.boards.sysfs.write_log import WriteLog

from .board_trees import EMC, EMC_CAP, EMC_HZ, MemoryTree, emc

SLOW, STOCK, FAST = EMC_HZ
LISTED = (408_000_000, *EMC_HZ)
NANO = {
    f"{NANO_EMC}/clk_rate": "1600000000",
    f"{NANO_EMC}/clk_update_rate": "1600000000",
    f"{NANO_EMC}/clk_state": "0",
}


def clock_over(tree: MemoryTree, lockable: tuple[int, ...] = ()) -> EmcClock:
    return EmcClock(WriteLog(tree), lockable)


def rounding_up(files: dict[str, str]) -> MemoryTree:
    """A firmware that knows three rates."""

    def rule(path: str, text: str) -> str:
        return str(min(hz for hz in EMC_HZ if hz >= int(text))) if path.endswith("/rate") else text

    return MemoryTree(files, rule)


def nano() -> MemoryTree:
    def rule(path: str, text: str) -> str:
        if path.endswith("clk_state"):
            tree.files[f"{NANO_EMC}/clk_rate"] = tree.files[f"{NANO_EMC}/clk_update_rate"]
        return text

    tree = MemoryTree(NANO, rule)
    return tree


def test_setting_locks_first_and_then_asks_for_the_rate() -> None:
    tree = rounding_up({**emc(), f"{EMC}/state": "0"})
    clock = clock_over(tree)
    clock.set(FAST)
    assert tree.writes == [(f"{EMC}/mrq_rate_locked", "1"), (f"{EMC}/state", "1"), (f"{EMC}/rate", str(FAST))]
    assert clock.held_hz() == FAST


def test_a_rate_that_is_held_already_is_not_asked_for_again() -> None:
    tree = rounding_up(emc())
    clock = clock_over(tree)
    clock.set(FAST)
    written = len(tree.writes)
    clock.set(FAST)
    assert len(tree.writes) == written


def test_thor_halts_its_bandwidth_manager_before_anything_else() -> None:
    tree = rounding_up({**emc(), HALT: "0"})
    clock_over(tree).set(SLOW)
    assert tree.writes[0] == (HALT, "1")


def test_a_nano_takes_the_rate_and_then_switches_to_it() -> None:
    tree = nano()
    clock = clock_over(tree, (204_000_000, 1_600_000_000))
    assert clock.table_hz() == (204_000_000, 1_600_000_000)  # the kernel lists none
    clock.set(204_000_000)
    assert tree.writes == [(f"{NANO_EMC}/clk_update_rate", "204000000"), (f"{NANO_EMC}/clk_state", "1")]
    assert clock.current_hz() == 204_000_000
    assert clock.limits_hz() is None


def test_a_write_only_rate_is_recorded_as_the_rate_that_runs() -> None:
    tree = nano()
    tree.unreadable[f"{NANO_EMC}/clk_update_rate"] = 13
    clock = clock_over(tree, (1_600_000_000,))
    assert clock.snapshot_values() == ((f"{NANO_EMC}/clk_update_rate", "1600000000"), (f"{NANO_EMC}/clk_state", "0"))


def test_a_listed_rate_that_is_rounded_up_is_refused_and_not_offered_again() -> None:
    tree = rounding_up({**emc(), f"{EMC}/dvfs_table": "\n".join(map(str, LISTED))})
    clock = clock_over(tree)
    assert clock.offered_hz() == LISTED
    with pytest.raises(NotHeld, match="a memory clock of 408000000 Hz reads back as 665600000 Hz"):
        clock.set(408_000_000)
    assert clock.offered_hz() == EMC_HZ


def test_a_rate_that_comes_out_lower_stays_on_offer_since_a_cap_may_be_lifted() -> None:
    tree = MemoryTree(emc(), lambda path, text: str(SLOW) if path.endswith("/rate") else text)
    clock = clock_over(tree)
    with pytest.raises(NotHeld, match="reads back as 665600000 Hz"):
        clock.set(FAST)
    assert FAST in clock.offered_hz()


def test_a_rate_that_cannot_be_read_back_is_not_held() -> None:
    tree = MemoryTree(emc(), lambda path, text: "?" if path.endswith("/rate") else text)
    with pytest.raises(NotHeld, match="reads back as None Hz"):
        clock_over(tree).set(FAST)


def test_a_profile_that_was_probed_says_which_listed_rates_can_be_locked() -> None:
    tree = MemoryTree({**emc(), f"{EMC}/dvfs_table": "\n".join(map(str, LISTED))})
    assert clock_over(tree, (*EMC_HZ, 4_266_000_000)).table_hz() == EMC_HZ


def test_a_profile_that_fits_nothing_is_set_aside() -> None:
    assert clock_over(MemoryTree(emc()), (1, 2)).table_hz() == EMC_HZ


def test_the_cap_of_the_power_mode_is_never_exceeded() -> None:
    tree = MemoryTree({**emc(), EMC_CAP: str(STOCK)})
    clock = clock_over(tree)
    assert clock.offered_hz() == (SLOW, STOCK)
    assert clock.limits_hz() == (SLOW, STOCK)
    tree.files[EMC_CAP] = "-1"
    assert clock.limits_hz() == (SLOW, FAST)


def test_a_rate_outside_the_table_is_never_written() -> None:
    tree = MemoryTree(emc())
    with pytest.raises(NotHeld, match="table has no 408000000 Hz"):
        clock_over(tree).set(408_000_000)
    assert tree.writes == []


def test_a_rate_close_to_an_entry_is_that_entry_and_any_other_is_itself() -> None:
    tree = MemoryTree({**emc(), f"{EMC}/rate": "2132997000"})
    clock = clock_over(tree)
    assert clock.held_hz() == STOCK
    tree.files[f"{EMC}/rate"] = "1600000"
    assert clock.held_hz() == 1_600_000_000


def test_without_its_files_the_memory_clock_is_unknown() -> None:
    clock = clock_over(MemoryTree({"/proc/version": ""}), EMC_HZ)
    assert not clock.present()
    assert clock.table_hz() == clock.offered_hz() == clock.snapshot_values() == ()
    assert clock.current_hz() is clock.held_hz() is clock.limits_hz() is None
    assert "debugfs is not there" in (clock.why_not_settable() or "")
    with pytest.raises(NotHeld):
        clock.set(FAST)


def test_a_firmware_without_a_list_needs_a_profile() -> None:
    tree = MemoryTree({path: text for path, text in emc().items() if "dvfs" not in path})
    assert "the firmware lists no memory clocks" in (clock_over(tree).why_not_settable() or "")
    assert clock_over(tree, EMC_HZ).why_not_settable() is None


def test_a_file_closed_to_this_user_is_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = {f"{EMC}/rate": "closed"}
    monkeypatch.setattr("runtime.boards.sysfs.emc.why_not_writable", lambda _, path: closed.get(path))
    assert clock_over(MemoryTree(emc())).why_not_settable() == "closed"


def test_an_unlocked_clock_gets_its_rate_back_before_it_is_let_go_of() -> None:
    names = [path.rpartition("/")[2] for path, _ in clock_over(MemoryTree(emc())).snapshot_values()]
    assert names == ["rate", "mrq_rate_locked", "state"]


def test_a_locked_clock_is_locked_again_before_it_gets_its_rate() -> None:
    tree = MemoryTree({**emc(), f"{EMC}/mrq_rate_locked": "1", HALT: "1"})
    names = [path.rpartition("/")[2] for path, _ in clock_over(tree).snapshot_values()]
    assert names == ["bwmgr_halt", "state", "mrq_rate_locked", "rate"]
