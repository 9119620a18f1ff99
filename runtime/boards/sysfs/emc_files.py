"""Which files hold a board's memory clock, and the table that they tell: three generations of NVIDIA's debugfs.

All but the caps are root's, in debugfs, and each access to a BPMP file is a message to the firmware of 0.5 to 0.9 ms.
"""

from __future__ import annotations

import errno
import re
from dataclasses import dataclass

from .io import SysfsIO, exists, int_or_none, names_or_none, text_or_none, why_not

DEBUG = "/sys/kernel/debug"
BPMP = f"{DEBUG}/bpmp/debug"
BPMP_EMC = f"{BPMP}/clk/emc"
NANO_EMC = f"{DEBUG}/clk/override.emc"
HALT = f"{BPMP}/bwmgr/bwmgr_halt"  # Thor: stops the bandwidth manager from overruling the rate

SLOWEST_HZ, FASTEST_HZ = 10_000_000, 20_000_000_000
FIRST_COLUMN = (f"{BPMP_EMC}/dvfs_table", f"{BPMP_EMC}/dvfs")  # frequency, then voltage, a line each
EVERY_WORD = (f"{BPMP}/emc/possible_rates", f"{BPMP_EMC}/possible_rates")
FOLDER_NAMES = f"{BPMP}/emc/tables/regular"
CAPS = (
    "/sys/kernel/nvpmodel_clk_cap/emc",  # JetPack 6; -1: none
    "/sys/kernel/nvpmodel_emc_cap/emc_iso_cap",  # JetPack 4 and 5; 0: none
    "/sys/class/devfreq/bwmgr/max_freq",  # Thor
)


@dataclass(frozen=True, slots=True)
class EmcFiles:
    """One way to read and hold the memory clock."""

    rate: str  # read
    asked_rate: str  # written
    lock: str  # 1: the rate holds
    lock_first: bool  # BPMP takes a rate only while locked; the Nano takes it first and switches to it
    limits: tuple[str, str]
    halt: str | None = None
    state: str | None = None


def emc_files(io: SysfsIO) -> EmcFiles | None:
    """The files of this machine's memory clock; None where there are none, or none that this user may see."""
    if exists(io, f"{BPMP_EMC}/rate"):
        return EmcFiles(
            rate=f"{BPMP_EMC}/rate",
            asked_rate=f"{BPMP_EMC}/rate",
            lock=f"{BPMP_EMC}/mrq_rate_locked",
            lock_first=True,
            limits=(f"{BPMP_EMC}/min_rate", f"{BPMP_EMC}/max_rate"),
            halt=HALT if exists(io, HALT) else None,
            state=f"{BPMP_EMC}/state",
        )
    if exists(io, f"{NANO_EMC}/clk_rate"):
        return EmcFiles(
            rate=f"{NANO_EMC}/clk_rate",
            asked_rate=f"{NANO_EMC}/clk_update_rate",
            lock=f"{NANO_EMC}/clk_state",
            lock_first=False,
            limits=(f"{DEBUG}/tegra_bwmgr/emc_min_rate", f"{DEBUG}/tegra_bwmgr/emc_max_rate"),
        )
    return None


def why_no_emc(io: SysfsIO) -> str:
    """Why `emc_files` found none, as far as can be told."""
    for folder in (DEBUG, f"{DEBUG}/bpmp", BPMP, f"{BPMP}/clk", BPMP_EMC):
        try:
            names = io.names(folder)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM):
                return f"{folder} is closed to this user: the memory clock needs root"
            if folder != DEBUG:
                return f"the kernel offers no memory clock ({folder}: {why_not(error)})"
            return f"debugfs is not there ({why_not(error)}); as root: mount -t debugfs none {DEBUG}"
        if folder == DEBUG and not names:
            return f"debugfs is not mounted; as root: mount -t debugfs none {DEBUG}"
    return f"the kernel offers no memory clock (no {BPMP_EMC}/rate)"


def emc_table_hz(io: SysfsIO) -> tuple[int, ...]:
    """The frequencies that the firmware lists, ascending; empty where it lists none.

    A listed frequency need not be one that can be held: Orin lists more than the four that it rounds up to.
    """
    for path in FIRST_COLUMN:
        lines = (text_or_none(io, path) or "").splitlines()
        if table := _plausible([numbers[0] for line in lines if (numbers := _numbers(line))]):
            return table
    for path in EVERY_WORD:
        if table := _plausible(_numbers(text_or_none(io, path) or "")):
            return table
    return _plausible([int(name) for name in names_or_none(io, FOLDER_NAMES) if name.isdecimal()])


def emc_cap_hz(io: SysfsIO) -> int | None:
    """The power mode's upper limit of the memory clock; None where there is none."""
    caps = [in_hz(cap) for path in CAPS if (cap := int_or_none(io, path)) is not None and cap > 0]
    return min(caps, default=None)


def in_hz(number: int) -> int:
    """A frequency in hertz from a file that gives hertz or kilohertz: no memory clock lies below 10 MHz."""
    return number if number >= SLOWEST_HZ else number * 1000


def _numbers(text: str) -> list[int]:
    return [int(word) for word in re.findall(r"(?<![\w.])\d+(?![\w.])", text)]


def _plausible(numbers: list[int]) -> tuple[int, ...]:
    return tuple(sorted({hz for number in numbers if SLOWEST_HZ <= (hz := in_hz(number)) <= FASTEST_HZ}))
