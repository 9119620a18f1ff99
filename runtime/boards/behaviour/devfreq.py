"""A devfreq device of the model's kernel, such as a GPU: limits, governors, and power that comes and goes.

Frequencies between table entries are taken and rounded down; 0 as a limit is the table's end.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence

from .layout import DevfreqPlace, OtherDevfreq
from .limits import Limits, whole_number
from .node import File, Folder, Link, Nodes, always, fixed, line, refusal
from .truth import Truth

STOCK_GOVERNOR = "nvhost_podgov"
GOVERNORS = ("userspace", "performance", "simple_ondemand", STOCK_GOVERNOR)
AUTOSUSPEND_S = 0.5  # nvgpu's railgate_delay


class Devfreq:
    """One clock. It runs as `clock` in the truth."""

    def __init__(
        self,
        place: DevfreqPlace,
        table_hz: Sequence[int],
        truth: Truth,
        clock: str,
        *,
        strict: bool,
        write_s: float,
        settle_s: float,
        works: bool = True,
        railgates: bool = False,
        missing_until_powered: bool = False,
        snapped_limits: bool = True,
    ) -> None:
        self.place, self.clock = place, clock
        self._truth, self._write_s, self._settle_s = truth, write_s, settle_s
        self._works = works  # whether the board's work is this device's
        self._railgates, self._missing_until_powered = railgates, missing_until_powered
        self._snapped_limits, self._strict, self._table_hz = snapped_limits, strict, tuple(table_hz)
        self.reset()

    def reset(self) -> None:
        """As the kernel leaves it at boot."""
        self.limits = Limits(self._table_hz, strict=self._strict)
        self.governor = STOCK_GOVERNOR
        self._set_speed_hz: int | None = None
        self._railgate_enabled, self._control = True, "auto"
        self.powered = not self._railgates
        self._was_powered = self.powered
        self._idle_since_s = self._truth.at_s
        self._cur_hz = -1
        self.update(settle_s=0.0)

    def update(self, settle_s: float | None = None) -> float:
        """Follow limits, governor, load and power; returns the seconds that the writer is held up."""
        self._follow_power()
        hz = self._target_hz() if self.powered else 0
        if hz == self._cur_hz:
            return 0.0
        self._cur_hz = hz
        self._truth.switch(self.clock, hz, self._settle_s if settle_s is None else settle_s)
        return self._write_s

    def power_on(self, *, railgate: bool) -> float:
        """Power without load; with `railgate` left on, only until the device has been idle for a while."""
        self._railgate_enabled = railgate
        return self.update()

    def unpin(self, low_hz: int, high_hz: int) -> None:
        """Both limits at once, as nvpmodel sets them."""
        self.limits.asked_low_hz, self.limits.asked_high_hz = low_hz, high_hz
        self.update()

    def nodes(self) -> Nodes:
        """The device's files."""
        place = self.place
        base = f"{place.device}/devfreq/{place.node}"
        here = self._node_is_there if self._missing_until_powered else always
        table = " ".join(str(hz) for hz in self._table_hz)
        nodes: Nodes = {
            "/sys/class/devfreq": Folder(),
            f"/sys/class/devfreq/{place.node}": Link(base, present=here),
            base: Folder(present=here),
            f"{base}/device": Link(place.device, present=here),
            f"{base}/name": fixed(f"{place.node}\n"),
            f"{base}/available_frequencies": fixed(f"{table}\n"),
            f"{base}/available_governors": fixed(" ".join(GOVERNORS) + "\n"),
            f"{base}/cur_freq": line(lambda: self._cur_hz),
            f"{base}/target_freq": line(lambda: self._cur_hz),
            f"{base}/min_freq": File(lambda: f"{self._shown(self.limits.low_hz)}\n", self._write_low, 0o644),
            f"{base}/max_freq": File(lambda: f"{self._shown(self.limits.high_hz)}\n", self._write_high, 0o644),
            f"{base}/governor": File(lambda: f"{self.governor}\n", self._write_governor, 0o644),
            f"{base}/polling_interval": fixed("25\n"),
            f"{base}/userspace/set_freq": File(
                self._read_set_speed, self._write_set_speed, 0o644, present=lambda: self.governor == "userspace"
            ),
        }
        if place.of_node is not None:
            nodes[f"{place.device}/of_node/name"] = fixed(f"{place.of_node}\0")
        if place.power_files:
            nodes |= {
                f"{place.device}/railgate_enable": File(
                    lambda: f"{int(self._railgate_enabled)}\n", self._write_railgate, 0o644
                ),
                f"{place.device}/power/control": File(lambda: f"{self._control}\n", self._write_control, 0o644),
                f"{place.device}/power/runtime_status": line(lambda: "active" if self.powered else "suspended"),
                f"{place.device}/load": line(lambda: 1000 if self._busy() else 0),
            }
        return nodes | {alias: Link(place.device) for alias in place.aliases}

    def _target_hz(self) -> int:
        limits = self.limits
        low_hz, high_hz = limits.snap_down(limits.low_hz), limits.snap_down(limits.high_hz)
        if self.governor == "userspace" and self._set_speed_hz is not None:
            return min(max(limits.snap_down(self._set_speed_hz), low_hz), high_hz)
        if self.governor == "performance":
            return high_hz
        if self.governor == "userspace":
            return min(max(self._cur_hz, low_hz), high_hz)
        return high_hz if self._busy() else low_hz  # a governor that follows the load

    def _shown(self, hz: int) -> int:
        return self.limits.snap_down(hz) if self._snapped_limits else hz

    def _write_low(self, text: str) -> float:
        self.limits.ask_low(whole_number(text) or self._table_hz[0])
        return self.update()

    def _write_high(self, text: str) -> float:
        self.limits.ask_high(whole_number(text) or self._table_hz[-1])
        return self.update()

    def _write_governor(self, text: str) -> float:
        if text.strip() not in GOVERNORS:
            raise refusal(errno.EINVAL)
        self.governor, self._set_speed_hz = text.strip(), None
        return self.update()

    def _read_set_speed(self) -> str:
        return "undefined\n" if self._set_speed_hz is None else f"{self._set_speed_hz}\n"

    def _write_set_speed(self, text: str) -> float:
        self._set_speed_hz = whole_number(text)
        return self.update()

    def _write_railgate(self, text: str) -> float:
        self._railgate_enabled = bool(whole_number(text))
        return self.update()

    def _write_control(self, text: str) -> float:
        if text.strip() not in ("on", "auto"):
            raise refusal(errno.EINVAL)
        self._control = text.strip()
        return self.update()

    def _busy(self) -> bool:
        return self._works and self._truth.work is not None

    def _node_is_there(self) -> bool:
        return self._was_powered

    def _follow_power(self) -> None:
        if self._wanted():
            self.powered = self._was_powered = True
            self._idle_since_s = self._truth.at_s
        elif self.powered:
            idle_since_s = self._idle_since_s = self._truth.at_s
            self._truth.later(AUTOSUSPEND_S, lambda: self._suspend(idle_since_s))

    def _suspend(self, idle_since_s: float) -> None:
        if not self._wanted() and self.powered and self._idle_since_s == idle_since_s:
            self.powered = False
            self.update(settle_s=0.0)

    def _wanted(self) -> bool:
        held = not self._railgate_enabled or self._control == "on"
        return not self._railgates or held or self._busy()


def other_nodes(other: OtherDevfreq) -> Nodes:
    """The files of a device that is off and that nobody sets."""
    base = f"{other.device}/devfreq/{other.node}"
    nodes: Nodes = {
        f"/sys/class/devfreq/{other.node}": Link(base),
        f"{base}/device": Link(other.device),
        f"{base}/available_frequencies": fixed(f"{other.max_hz}\n"),
        f"{base}/cur_freq": fixed("0\n"),
        f"{base}/min_freq": fixed(f"{other.max_hz}\n"),
        f"{base}/max_freq": fixed(f"{other.max_hz}\n"),
    }
    if other.of_node is not None:
        nodes[f"{other.device}/of_node/name"] = fixed(f"{other.of_node}\0")
    return nodes
