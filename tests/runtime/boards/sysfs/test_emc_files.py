"""Which files hold the memory clock, what table they tell, and why there may be none."""

from __future__ import annotations

import errno

import pytest

from runtime.boards.sysfs.emc_files import (
    BPMP,
    BPMP_EMC,
    CAPS,
    DEBUG,
    HALT,
    NANO_EMC,
    emc_cap_hz,
    emc_files,
    emc_table_hz,
    in_hz,
    why_no_emc,
)

from .board_trees import EMC_HZ, MemoryTree, emc


def test_a_bpmp_clock_is_locked_before_its_rate_is_written() -> None:
    files = emc_files(MemoryTree(emc()))
    assert files is not None
    assert files.lock_first
    assert files.halt is None


def test_thor_also_halts_its_bandwidth_manager() -> None:
    files = emc_files(MemoryTree({**emc(), HALT: "0"}))
    assert files is not None
    assert files.halt == HALT


def test_a_nano_takes_the_rate_first() -> None:
    files = emc_files(MemoryTree({f"{NANO_EMC}/clk_rate": "1600000000"}))
    assert files is not None
    assert not files.lock_first
    assert files.asked_rate == f"{NANO_EMC}/clk_update_rate"


@pytest.mark.parametrize(
    ("files", "table"),
    [
        ({f"{BPMP_EMC}/dvfs_table": "204000000 650000\n2133000000 800000\n"}, (204_000_000, 2_133_000_000)),
        ({f"{BPMP_EMC}/dvfs_table": "rate mv\n665600 650\n"}, (665_600_000,)),
        ({f"{BPMP_EMC}/dvfs": "3200000000 0.8\n"}, (3_200_000_000,)),
        ({f"{BPMP}/emc/possible_rates": "408000 665600 (max)"}, (408_000_000, 665_600_000)),
        ({f"{BPMP_EMC}/possible_rates": "408000000 x 665600000"}, (408_000_000, 665_600_000)),
        (
            {f"{BPMP}/emc/tables/regular/{khz}/x": "" for khz in ("204000", "2133000", "notes")},
            (204_000_000, 2_133_000_000),
        ),
        ({f"{BPMP_EMC}/dvfs_table": "no numbers"}, ()),
        ({f"{BPMP_EMC}/dvfs_table": "1 650"}, ()),  # 1 kHz is no memory clock
        ({}, ()),
    ],
)
def test_the_table_is_read_wherever_the_firmware_lists_it(files: dict[str, str], table: tuple[int, ...]) -> None:
    assert emc_table_hz(MemoryTree({"/proc/version": "", **files})) == table


@pytest.mark.parametrize(
    ("caps", "cap"),
    [
        ((None, None, None), None),
        (("-1", None, None), None),
        ((None, "0", None), None),
        (("2133000000", None, None), 2_133_000_000),
        ((None, "1600000", "4266000000"), 1_600_000_000),
    ],
)
def test_the_lowest_cap_counts_and_none_is_written_as_zero_or_minus_one(
    caps: tuple[str | None, ...], cap: int | None
) -> None:
    files = {path: text for path, text in zip(CAPS, caps, strict=True) if text is not None}
    assert emc_cap_hz(MemoryTree(files)) == cap


def test_hertz_and_kilohertz_cannot_be_mistaken_for_each_other() -> None:
    assert in_hz(204_000) == in_hz(204_000_000) == 204_000_000
    assert in_hz(EMC_HZ[-1]) == EMC_HZ[-1]


@pytest.mark.parametrize(
    ("files", "closed", "why"),
    [
        ({"/proc/version": ""}, None, "debugfs is not there .* mount -t debugfs none /sys/kernel/debug"),
        ({f"{DEBUG}/clk/x": ""}, DEBUG, "/sys/kernel/debug is closed to this user: the memory clock needs root"),
        ({f"{DEBUG}/clk/x": ""}, None, "the kernel offers no memory clock .*bpmp: no such file"),
        ({f"{BPMP}/clk/emc/x": ""}, f"{BPMP}/clk/emc", "clk/emc is closed to this user"),
        ({f"{BPMP}/clk/emc/x": ""}, None, "the kernel offers no memory clock .no .*/rate"),
    ],
)
def test_the_reason_for_no_memory_clock_is_told(files: dict[str, str], closed: str | None, why: str) -> None:
    tree = MemoryTree(files)
    if closed is not None:
        tree.unreadable[closed] = errno.EACCES
    assert emc_files(tree) is None
    with pytest.raises(LookupError, match=why):
        raise LookupError(why_no_emc(tree))


def test_an_empty_debugfs_is_one_that_is_not_mounted() -> None:
    class Unmounted(MemoryTree):
        def names(self, folder: str) -> tuple[str, ...]:
            return () if folder == DEBUG else super().names(folder)

    assert why_no_emc(Unmounted({})).startswith("debugfs is not mounted")
