"""Thor's bandwidth manager on the model: the memory clock as a devfreq node that is in charge until it is halted."""

from __future__ import annotations

from collections.abc import Callable

from .emc import BPMP, EmcClock, flag
from .limits import whole_number
from .node import File, Folder, Link, Nodes, fixed, line

DEVICE = "/sys/devices/platform/bwmgr/devfreq/bwmgr"


class Bwmgr:
    """Its upper limit is the power mode's cap; its lower one lifts the clock for as long as it is not locked."""

    def __init__(self, emc: EmcClock) -> None:
        self._emc = emc
        emc.needs_halt = True

    def nodes(self, mounted: Callable[[], bool]) -> Nodes:
        """The devfreq node, and the switch in debugfs without which a lock does not hold."""
        emc = self._emc
        table = " ".join(str(hz) for hz in emc.table_hz)
        return {
            DEVICE: Folder(),
            "/sys/class/devfreq/bwmgr": Link(DEVICE),
            f"{DEVICE}/name": fixed("bwmgr\n"),
            f"{DEVICE}/available_frequencies": fixed(f"{table}\n"),
            f"{DEVICE}/cur_freq": line(lambda: emc.cur_hz),
            f"{DEVICE}/min_freq": File(lambda: f"{min(emc.floor_hz, emc.highest_hz())}\n", self._write_low, 0o644),
            f"{DEVICE}/max_freq": File(lambda: f"{emc.highest_hz()}\n", emc.cap, 0o644),
            f"{DEVICE}/governor": fixed("tegra_wmark\n"),
            f"{BPMP}/bwmgr/bwmgr_halt": File(
                lambda: f"{int(emc.halted)}\n", self._write_halt, 0o600, lambda: emc.access_s, mounted
            ),
        }

    def _write_low(self, text: str) -> float:
        self._emc.floor_hz = whole_number(text) or self._emc.table_hz[0]
        return self._emc.update()

    def _write_halt(self, text: str) -> float:
        self._emc.halted = flag(text)
        return self._emc.update()
