"""CPU clusters of the model's kernel: one cpufreq policy each, gone while all of its cores are offline."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from .limits import Limits, whole_number
from .node import File, Folder, Link, Nodes, fixed, line, refusal
from .truth import CPU, Truth

GOVERNORS = ("conservative", "ondemand", "userspace", "powersave", "performance", "schedutil")
CPUS, POLICIES = "/sys/devices/system/cpu", "/sys/devices/system/cpu/cpufreq"
MEASURE_S = 500e-6  # cpuinfo_cur_freq counts cycles for that long
SNAPPED_FROM = (6, 0)  # younger kernels show limits rounded to the table; older ones as they were asked for


class Policy:
    """One cluster. Files are in kHz, everything else in Hz."""

    def __init__(
        self,
        cpus: Sequence[int],
        table_hz: Sequence[int],
        default_low_hz: int,
        truth: Truth,
        *,
        kernel: tuple[int, int],
        strict: bool,
        write_s: float,
        settle_s: float,
    ) -> None:
        self.cpus, self.table_hz, self._default_low_hz = tuple(cpus), tuple(table_hz), default_low_hz
        self.clock = f"{CPU}{self.cpus[0]}"
        self._truth, self._write_s, self._settle_s = truth, write_s, settle_s
        self._strict, self._snaps = strict, kernel >= SNAPPED_FROM
        self.online: set[int] = set(self.cpus)
        self.reset()

    def reset(self) -> None:
        """As the kernel and the power mode's lower limit leave it at boot, all cores on."""
        self.limits = Limits(self.table_hz, strict=self._strict)
        self.limits.asked_low_hz = self._default_low_hz
        self.governor = "schedutil"
        self.online = set(self.cpus)
        self._set_speed_hz, self._cur_hz = self.table_hz[0], -1
        self.update(settle_s=0.0)

    def update(self, settle_s: float | None = None) -> float:
        """Follow limits, governor and load; returns the seconds that the writer is held up."""
        hz = self._target_hz() if self.online else 0
        if hz == self._cur_hz:
            return 0.0
        self._cur_hz = hz
        self._truth.switch(self.clock, hz, self._settle_s if settle_s is None else settle_s)
        return self._write_s

    def unpin(self, low_hz: int, high_hz: int) -> None:
        """Both limits at once, as nvpmodel sets them."""
        self.limits.asked_low_hz, self.limits.asked_high_hz = low_hz, high_hz
        self.update()

    def put(self, cpu: int, *, online: bool) -> float:
        """Take a core off, or bring it back; the cluster's files go with its last core, its settings stay."""
        if online:
            self.online.add(cpu)
        else:
            self.online.discard(cpu)
        return self.update()

    def nodes(self) -> Nodes:
        """The policy's files, and the links that its cores have to it."""
        base = f"{POLICIES}/policy{self.cpus[0]}"
        frequencies = " ".join(str(hz // 1000) for hz in self.table_hz)
        nodes: Nodes = {
            base: Folder(present=self.is_there),
            f"{base}/affected_cpus": line(lambda: " ".join(str(cpu) for cpu in sorted(self.online))),
            f"{base}/related_cpus": fixed(" ".join(str(cpu) for cpu in self.cpus) + "\n"),
            f"{base}/cpuinfo_min_freq": fixed(f"{self.table_hz[0] // 1000}\n"),
            f"{base}/cpuinfo_max_freq": fixed(f"{self.table_hz[-1] // 1000}\n"),
            f"{base}/cpuinfo_transition_latency": fixed("300000\n"),
            f"{base}/cpuinfo_cur_freq": File(self._read_measured, mode=0o400, wait_s=lambda: MEASURE_S),
            f"{base}/scaling_available_frequencies": fixed(f"{frequencies} \n"),
            f"{base}/scaling_available_governors": fixed(" ".join(GOVERNORS) + " \n"),
            f"{base}/scaling_driver": fixed("tegra\n"),
            f"{base}/scaling_cur_freq": line(lambda: self._cur_hz // 1000),
            f"{base}/scaling_min_freq": File(lambda: f"{self._shown_low_hz() // 1000}\n", self._write_low, 0o644),
            f"{base}/scaling_max_freq": File(lambda: f"{self._shown_high_hz() // 1000}\n", self._write_high, 0o644),
            f"{base}/scaling_governor": File(lambda: f"{self.governor}\n", self._write_governor, 0o644),
            f"{base}/scaling_setspeed": File(self._read_set_speed, self._write_set_speed, 0o644),
        }
        return nodes | {f"{CPUS}/cpu{cpu}/cpufreq": Link(base, present=self.is_there) for cpu in self.cpus}

    def is_there(self) -> bool:
        """Whether a core of the cluster is on."""
        return bool(self.online)

    def _target_hz(self) -> int:
        low_hz, high_hz = self.limits.snap_up(self.limits.low_hz), self.limits.snap_down(self.limits.high_hz)
        low_hz = min(low_hz, high_hz)
        if self.governor == "userspace":
            return min(max(self.limits.snap_up(self._set_speed_hz), low_hz), high_hz)
        if self.governor in ("performance", "powersave"):
            return high_hz if self.governor == "performance" else low_hz
        return low_hz if self._truth.work is None else high_hz

    def _shown_low_hz(self) -> int:
        return (
            min(self.limits.snap_up(self.limits.low_hz), self._shown_high_hz()) if self._snaps else self.limits.low_hz
        )

    def _shown_high_hz(self) -> int:
        return self.limits.snap_down(self.limits.high_hz) if self._snaps else self.limits.high_hz

    def _read_measured(self) -> str:
        return f"{self._truth.clocks_hz[self.clock] // self._truth.slowed_by // 1000}\n"

    def _write_low(self, text: str) -> float:
        self.limits.ask_low(whole_number(text) * 1000)
        return self.update()

    def _write_high(self, text: str) -> float:
        self.limits.ask_high(whole_number(text) * 1000)
        return self.update()

    def _write_governor(self, text: str) -> float:
        if text.strip() not in GOVERNORS:
            raise refusal(errno.EINVAL)
        self.governor = text.strip()
        self._set_speed_hz = self._cur_hz
        return self.update()

    def _read_set_speed(self) -> str:
        return f"{self._set_speed_hz // 1000}\n" if self.governor == "userspace" else "<unsupported>\n"

    def _write_set_speed(self, text: str) -> float:
        if self.governor != "userspace":
            raise refusal(errno.EINVAL)
        self._set_speed_hz = whole_number(text) * 1000
        return self.update()


class Cores:
    """The cores of all clusters: which are on, and the switch of each."""

    def __init__(self, policies: Sequence[Policy]) -> None:
        self.policies = tuple(policies)

    def online(self) -> tuple[int, ...]:
        """Numbers of the cores that are on, ascending."""
        return tuple(sorted(cpu for policy in self.policies for cpu in policy.online))

    def keep_online(self, count: int) -> None:
        """Leave `count` cores on, as a power mode does: the first of the first clusters."""
        in_order = [(policy, cpu) for policy in self.policies for cpu in policy.cpus]
        for place, (policy, cpu) in enumerate(in_order):
            policy.put(cpu, online=place < count)

    def nodes(self) -> Nodes:
        """online, present, possible, and `cpuN/online` of every core but the first."""
        everything = ranges(self._all())
        nodes: Nodes = {
            POLICIES: Folder(),
            f"{CPUS}/online": line(lambda: ranges(self.online())),
            f"{CPUS}/present": fixed(f"{everything}\n"),
            f"{CPUS}/possible": fixed(f"{everything}\n"),
        }
        for cpu in self._all()[1:]:
            nodes[f"{CPUS}/cpu{cpu}/online"] = self._switch(cpu)
        return nodes

    def _switch(self, cpu: int) -> File:
        policy = self._policy(cpu)
        return File(
            lambda: f"{int(cpu in policy.online)}\n",
            lambda text: policy.put(cpu, online=bool(whole_number(text))),
            0o644,
        )

    def _all(self) -> tuple[int, ...]:
        return tuple(sorted(cpu for policy in self.policies for cpu in policy.cpus))

    def _policy(self, cpu: int) -> Policy:
        return next(policy for policy in self.policies if cpu in policy.cpus)


def ranges(numbers: Sequence[int]) -> str:
    """As the kernel lists cores: `0-3,6`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)
