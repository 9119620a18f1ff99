"""The CPU's clock: every cpufreq policy, one per cluster, held at one frequency.

Clusters may have different tables (Denver and A57 of a TX2): each takes the requested frequency, or its own next below.
A cluster that is taken offline loses its files and may come back, so policies are looked for at every call.
"""

from __future__ import annotations

from .clock_domain import NotHeld, at_most
from .frequency_range import HZ_PER_KHZ, FrequencyRange
from .io import int_or_none, ints_of, names_or_none, text_or_none
from .writable import why_not_writable
from .write_log import WriteLog

CPUFREQ = "/sys/devices/system/cpu/cpufreq"


class CpuClock:
    """ClockDomain over cpufreq. Limits are pinned and governors left alone; every governor obeys its limits."""

    name = "cpu"

    def __init__(self, log: WriteLog) -> None:
        self._log, self._io = log, log.io

    def present(self) -> bool:
        """Whether any policy is there."""
        return bool(self._policies())

    def table_hz(self) -> tuple[int, ...]:
        """Entries of all clusters, from the highest of their slowest on: below, one cluster could not follow."""
        return _common([table for policy in self._policies() if (table := self._table(policy))])

    def offered_hz(self) -> tuple[int, ...]:
        """The same of each cluster within the upper limit that was found on it."""
        return _common([offered for policy in self._policies() if (offered := self._offered(policy))])

    def limits_hz(self) -> tuple[int, int] | None:
        """The lowest lower and the highest upper limit of all clusters."""
        limits = [pair for policy in self._policies() if (pair := _range(policy).limits_hz(self._io)) is not None]
        return (min(low for low, _ in limits), max(high for _, high in limits)) if limits else None

    def current_hz(self) -> int | None:
        """The fastest cluster's `scaling_cur_freq`: what was last asked for; measuring it would disturb the core."""
        read = [int_or_none(self._io, f"{policy}/scaling_cur_freq") for policy in self._policies()]
        return max((khz * HZ_PER_KHZ for khz in read if khz), default=None)

    def held_hz(self) -> int | None:
        """The highest upper limit, rounded down to the table."""
        limits, table = self.limits_hz(), self.table_hz()
        if limits is None:
            return self.current_hz()
        return at_most(table, limits[1])[-1] if table else limits[1]

    def why_not_settable(self) -> str | None:
        """No policies, a driver without a table, or files closed to this user."""
        policies = self._policies()
        if not policies:
            return "the kernel offers no CPU clock (no cpufreq policy); in a virtual machine that is usual"
        for policy in policies:
            if not self._table(policy):
                driver = text_or_none(self._io, f"{policy}/scaling_driver") or "its driver"
                return f"{driver} lists no scaling_available_frequencies for {policy.rpartition('/')[2]}"
            if (why := why_not_writable(self._io, _range(policy).min_path)) is not None:
                return why
        return None

    def set(self, hz: int) -> None:
        """Both limits of every policy."""
        held = False
        for policy in self._policies():
            entry = at_most(self._offered(policy), hz)[-1:]
            if not entry:
                raise NotHeld("the cluster lists no frequencies", where=policy)
            limits = _range(policy)
            if (back := limits.pin(self._log, entry[0])) != (entry[0], entry[0]):
                raise NotHeld(f"CPU limits of {entry[0]} Hz read back as {back}", where=limits.max_path)
            held = held or entry[0] == hz
        if not held:
            raise NotHeld(f"no CPU cluster has {hz} Hz in its table", where=CPUFREQ)

    def snapshot_values(self) -> tuple[tuple[str, str], ...]:
        """Of each policy: governor, both limits, and the set speed where the governor is `userspace`."""
        values: list[tuple[str, str]] = []
        for policy in self._policies():
            names = ["scaling_governor", "scaling_min_freq", "scaling_max_freq"]
            if int_or_none(self._io, f"{policy}/scaling_setspeed") is not None:  # a number under userspace only
                names.append("scaling_setspeed")
            read = [(f"{policy}/{name}", text_or_none(self._io, f"{policy}/{name}")) for name in names]
            values += [(path, text) for path, text in read if text is not None]
        return tuple(values)

    def _policies(self) -> tuple[str, ...]:
        names = [name for name in names_or_none(self._io, CPUFREQ) if name.startswith("policy")]
        found = [f"{CPUFREQ}/{name}" for name in sorted(names, key=lambda name: (len(name), name))]
        # The folder of an offline cluster may outlive its files.
        return tuple(policy for policy in found if int_or_none(self._io, f"{policy}/scaling_max_freq") is not None)

    def _table(self, policy: str) -> tuple[int, ...]:
        khz = ints_of(self._io, f"{policy}/scaling_available_frequencies")
        return tuple(sorted({entry * HZ_PER_KHZ for entry in khz}))

    def _offered(self, policy: str) -> tuple[int, ...]:
        cap = self._log.found(_range(policy).max_path)
        return at_most(self._table(policy), int(cap) * HZ_PER_KHZ if cap is not None and cap.isdecimal() else None)


def _range(policy: str) -> FrequencyRange:
    return FrequencyRange(f"{policy}/scaling_min_freq", f"{policy}/scaling_max_freq", HZ_PER_KHZ)


def _common(tables: list[tuple[int, ...]]) -> tuple[int, ...]:
    slowest = max((table[0] for table in tables), default=0)
    return tuple(sorted({hz for table in tables for hz in table if hz >= slowest}))
