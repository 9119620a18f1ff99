"""The memory clock of the model's kernel, behind the files of the three ways to hold it.

Whatever is asked for is rounded up to a table entry, and then held under the power mode's cap. Nothing is held until
the clock is locked: an unlocked one goes back to what the stock governor wants, which never changes by itself.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Sequence

from .limits import whole_number
from .node import File, Folder, Nodes, refusal
from .truth import EMC, Truth

BPMP = "/sys/kernel/debug/bpmp/debug"
BWMGR = "/sys/kernel/debug/tegra_bwmgr"
OVERRIDE = "/sys/kernel/debug/clk/override.emc"


class EmcClock:
    """The clock itself: a lock, a rate asked for, a cap."""

    def __init__(
        self, table_hz: Sequence[int], truth: Truth, *, write_s: float, settle_s: float, access_s: float
    ) -> None:
        self.table_hz = tuple(table_hz)
        self.access_s = access_s
        self._truth, self._write_s, self._settle_s = truth, write_s, settle_s
        self.stock_hz = self.table_hz[-1]
        self.needs_halt = False  # whether a bandwidth manager overrides the lock until it is halted
        self.reset()

    def reset(self) -> None:
        """Unlocked, without a cap."""
        self.locked = self.state = self.halted = False
        self.floor_hz = self.table_hz[0]
        self.asked_hz = self.stock_hz
        self.cap_hz: int | None = None
        self._cur_hz = -1
        self.update(settle_s=0.0)

    @property
    def cur_hz(self) -> int:
        """The rate that the memory controller was told."""
        return self._cur_hz

    def update(self, settle_s: float | None = None) -> float:
        """Follow lock, rate and cap; returns the seconds that the writer is held up."""
        held = self.locked and (self.halted or not self.needs_halt)
        hz = self._snapped(self.asked_hz if held else max(self.stock_hz, self.floor_hz))
        if hz == self._cur_hz:
            return self.access_s
        self._cur_hz = hz
        self._truth.switch(EMC, hz, self._settle_s if settle_s is None else settle_s)
        return max(self._write_s, self.access_s)

    def highest_hz(self) -> int:
        """The fastest entry under the cap."""
        if self.cap_hz is None:
            return self.table_hz[-1]
        return max((hz for hz in self.table_hz if hz <= (self.cap_hz or 0)), default=self.table_hz[0])

    def lock(self, text: str) -> float:
        """1 holds the rate asked for, 0 lets go. Raises OSError EINVAL for anything else."""
        self.locked = flag(text)
        if not self.locked:
            self.asked_hz = self.stock_hz
        else:
            self.asked_hz = self._cur_hz
        return self.update()

    def hold(self, hz: int) -> float:
        """Locked at that rate."""
        self.locked, self.halted, self.asked_hz = True, True, hz
        return self.update()

    def ask(self, text: str) -> float:
        """Another rate; without the lock it is overridden at once."""
        asked_hz = whole_number(text, least=1)
        if self.locked:
            self.asked_hz = asked_hz
        return self.update()

    def cap(self, text: str) -> float:
        """What nvpmodel writes: 0 or -1 is no cap."""
        cap_hz = whole_number(text, least=-1)
        self.cap_hz = cap_hz if cap_hz > 0 else None
        return self.update()

    def _snapped(self, hz: int) -> int:
        reached_hz = min((entry for entry in self.table_hz if entry >= hz), default=self.table_hz[-1])
        return min(reached_hz, self.highest_hz())


def bpmp_nodes(emc: EmcClock, *, table: str, mounted: Callable[[], bool]) -> Nodes:
    """TX2 and later. `table` names where the frequencies are listed: dvfs_table, dvfs, possible_rates or regular."""
    clk = f"{BPMP}/clk/emc"

    def wait_s() -> float:
        return emc.access_s

    def slow(read: Callable[[], object], write: Callable[[str], float] | None = None) -> File:
        return File(lambda: f"{read()}\n", write, 0o400 if write is None else 0o600, wait_s, mounted)

    def take_state(text: str) -> float:
        emc.state = flag(text)
        return emc.access_s

    nodes: Nodes = {
        clk: Folder(0o700, mounted),
        f"{clk}/rate": slow(lambda: emc.cur_hz, emc.ask),
        f"{clk}/min_rate": slow(lambda: emc.table_hz[0]),
        f"{clk}/max_rate": slow(emc.highest_hz),
        f"{clk}/mrq_rate_locked": slow(lambda: int(emc.locked), emc.lock),
        f"{clk}/state": slow(lambda: int(emc.state), take_state),
        f"{clk}/pto_counter": slow(lambda: emc.cur_hz),
    }
    words = " ".join(str(hz) for hz in emc.table_hz)
    if table == "regular":
        for hz in emc.table_hz:
            nodes[f"{BPMP}/emc/tables/regular/{hz // 1000}"] = Folder(0o700, mounted)
    elif table == "possible_rates":
        nodes[f"{BPMP}/emc/possible_rates"] = slow(lambda: words)
    else:
        nodes[f"{clk}/{table}"] = slow(lambda: "\n".join(words.split()))
    return nodes


def override_nodes(emc: EmcClock, mounted: Callable[[], bool]) -> Nodes:
    """Nano: the rate is written first and takes hold with clk_state."""
    wanted_hz = [emc.table_hz[-1]]

    def take_rate(text: str) -> float:
        wanted_hz[0] = whole_number(text, least=1)
        return emc.ask(text)

    def take_state(text: str) -> float:
        emc.locked = flag(text)
        emc.asked_hz = wanted_hz[0] if emc.locked else emc.stock_hz
        return emc.update()

    return {
        BWMGR: Folder(0o755, mounted),
        f"{BWMGR}/emc_min_rate": File(lambda: f"{emc.table_hz[0]}\n", present=mounted),
        f"{BWMGR}/emc_max_rate": File(lambda: f"{emc.highest_hz()}\n", present=mounted),
        f"{OVERRIDE}/clk_rate": File(lambda: f"{emc.cur_hz}\n", present=mounted),
        f"{OVERRIDE}/clk_update_rate": File(lambda: f"{wanted_hz[0]}\n", take_rate, 0o644, present=mounted),
        f"{OVERRIDE}/clk_state": File(lambda: f"{int(emc.locked)}\n", take_state, 0o644, present=mounted),
    }


def cap_node(emc: EmcClock, path: str, uncapped: int) -> Nodes:
    """The file that nvpmodel writes its cap to."""
    return {path: File(lambda: f"{emc.cap_hz or uncapped}\n", emc.cap, 0o644)}


def flag(text: str) -> bool:
    """0 or 1. Raises OSError EINVAL for anything else."""
    if text.strip() not in ("0", "1"):
        raise refusal(errno.EINVAL)
    return text.strip() == "1"
