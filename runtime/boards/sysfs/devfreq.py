"""The GPU's clock: a devfreq node, found by what it is and never by a fixed path."""

from __future__ import annotations

from collections.abc import Callable

from .clock_domain import NotHeld, at_most
from .frequency_range import FrequencyRange
from .io import SysfsIO, exists, int_or_none, ints_of, names_or_none, text_or_none
from .writable import why_not_writable
from .write_log import WriteLog

DEVFREQ = "/sys/class/devfreq"
THOR_NODE = "gpu-gpc-0"  # its neighbour gpu-nvd-0 clocks the video engines
GPU_NAMES = ("gp10b", "gv11b", "ga10b", "gb10b", "gpu")  # of_node names, JETSON boards from Nano to Orin
PLATFORM_FOLDERS = ("/sys/devices", "/sys/devices/platform", "/sys/devices/platform/bus@0")

# cur_freq is what the driver asked for; boards report 1014 to 1018 MHz where 1020 were set.
CURRENT_TOLERANCE = 0.02
SETTLE_TRIES, SETTLE_S = 8, 0.005  # a GPU switch takes 5 to 6 ms to be seen (Orin Nano Super, 150 switches)


def gpu_node(io: SysfsIO) -> str | None:
    """The folder of the GPU's devfreq node; None where there is none, or none yet."""
    nodes = names_or_none(io, DEVFREQ)
    if THOR_NODE in nodes:
        return f"{DEVFREQ}/{THOR_NODE}"
    for node in nodes:
        tree_name = text_or_none(io, f"{DEVFREQ}/{node}/device/of_node/name") or node.rpartition(".")[2]
        if tree_name in GPU_NAMES:
            return f"{DEVFREQ}/{node}"
    return None


def gpu_device(io: SysfsIO) -> str | None:
    """The GPU's platform device, which is there before the GPU was ever powered; None where there is none."""
    for folder in PLATFORM_FOLDERS:
        for name in names_or_none(io, folder):
            if name == "gpu.0" or ("." in name and name.rpartition(".")[2] in GPU_NAMES):
                return f"{folder}/{name}"
    return None


class GpuClock:
    """ClockDomain over devfreq: both limits at one frequency, so that whatever governor runs has no choice."""

    name = "gpu"

    def __init__(self, log: WriteLog, sleep: Callable[[float], None]) -> None:
        self._log, self._io, self._sleep = log, log.io, sleep
        self._known_node: str | None = None
        self._known_table: tuple[int, ...] = ()

    def present(self) -> bool:
        """True for a GPU without its node too: it has not been powered since boot."""
        return self._node() is not None or gpu_device(self._io) is not None

    def table_hz(self) -> tuple[int, ...]:
        """`available_frequencies`."""
        node = self._node()
        if not self._known_table and node is not None:
            self._known_table = tuple(sorted(set(ints_of(self._io, f"{node}/available_frequencies"))))
        return self._known_table

    def offered_hz(self) -> tuple[int, ...]:
        """Up to the upper limit that was found: that is where a power mode puts its cap."""
        limits = self._range()
        cap = self._log.found(limits.max_path) if limits else None
        return at_most(self.table_hz(), int(cap) if cap is not None and cap.isdecimal() else None)

    def limits_hz(self) -> tuple[int, int] | None:
        """`min_freq` and `max_freq`."""
        limits = self._range()
        return None if limits is None else limits.limits_hz(self._io)

    def current_hz(self) -> int | None:
        """`cur_freq`; 0 is a GPU without power, whose clock is unknown."""
        node = self._node()
        return None if node is None else int_or_none(self._io, f"{node}/cur_freq") or None

    def held_hz(self) -> int | None:
        """The upper limit, rounded down to the table."""
        limits, table = self.limits_hz(), self.table_hz()
        if limits is None:
            return self.current_hz()
        return at_most(table, limits[1])[-1] if table else limits[1] or None

    def why_not_settable(self) -> str | None:
        """Node not there, no table, or files closed to this user."""
        limits = self._range()
        if limits is None:
            device = gpu_device(self._io)
            if device is None:
                return "the kernel offers no GPU clock (no devfreq node of a GPU)"
            return (
                f"{device} has no devfreq node yet, since the GPU has had no power since boot; "
                "run anything on the GPU once, then start again"
            )
        if not self.table_hz():
            return "the GPU's devfreq node lists no available_frequencies"
        return why_not_writable(self._io, limits.min_path)

    def set(self, hz: int) -> None:
        """Both limits, with power gating off for as long as the clock is held."""
        limits = self._range()
        if limits is None or hz not in self.table_hz():
            raise NotHeld(f"the GPU's table has no {hz} Hz", where=DEVFREQ)
        railgate = self._railgate()
        if railgate is not None and text_or_none(self._io, railgate) == "1":
            self._log.write(railgate, "0")
        if (held := limits.pin(self._log, hz)) != (hz, hz):
            raise NotHeld(f"GPU limits of {hz} Hz read back as {held}", where=limits.max_path)
        self._await(hz)

    def snapshot_values(self) -> tuple[tuple[str, str], ...]:
        """Governor, its frequency where it is a fixed one, both limits, power gating."""
        node = self._node()
        if node is None:
            return ()
        paths = [f"{node}/governor", f"{node}/min_freq", f"{node}/max_freq"]
        if int_or_none(self._io, f"{node}/userspace/set_freq") is not None:  # there under governor userspace only
            paths.append(f"{node}/userspace/set_freq")
        paths += [railgate] if (railgate := self._railgate()) else []
        return tuple((path, text) for path in paths if (text := text_or_none(self._io, path)) is not None)

    def _await(self, hz: int) -> None:
        node = self._node()
        for _ in range(SETTLE_TRIES):
            current = self.current_hz()
            if current is None or abs(current - hz) <= CURRENT_TOLERANCE * hz:
                return
            self._sleep(SETTLE_S)
        if text_or_none(self._io, f"{node}/device/power/runtime_status") in ("suspended", "suspending"):
            return  # a sleeping GPU shows the clock it fell asleep with
        raise NotHeld(f"the GPU runs at {current} Hz with both limits at {hz} Hz", where=f"{node}/cur_freq")

    def _node(self) -> str | None:
        if self._known_node is None:
            self._known_node = gpu_node(self._io)
        return self._known_node

    def _range(self) -> FrequencyRange | None:
        node = self._node()
        return None if node is None else FrequencyRange(f"{node}/min_freq", f"{node}/max_freq")

    def _railgate(self) -> str | None:
        candidates = (
            f"{self._node()}/device/railgate_enable",
            "/sys/devices/platform/gpu.0/railgate_enable",
            "/sys/devices/gpu.0/railgate_enable",
        )
        return next((path for path in candidates if exists(self._io, path)), None)
