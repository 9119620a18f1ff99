"""The clocks of a real board through sysfs and debugfs, as one `Clocks`.

Held by limits, so that no governor needs to be changed; every write is read back; a request that fails half-way is
taken back. Who changes a clock after this process did (nvpmodel, jetson_clocks, thermal throttling) wins: this process
steps back until `restore`.

    clocks = SysfsClocks(TreeIO(), profile("orin-nano-super"))
    clocks.settable()  # {"cpu": None, "gpu": None, "emc": "/sys/kernel/debug is closed to this user: …"}
"""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Mapping
from itertools import product
from types import MappingProxyType

from runtime.boards.board_profile import DEVICES, BoardProfile
from runtime.boards.clocks import Applied, ClockRefused, ClocksGone, ClockSnapshot, ClocksTaken
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import ABSENT_HZ, SLOWEST_PLAUSIBLE_HZ, OperatingPoint

from .clock_domain import ClockDomain, NotHeld
from .cpufreq import CpuClock
from .devfreq import GpuClock
from .emc import EmcClock
from .frequency_range import range_of
from .io import SysfsIO, text_or_none
from .throttle import throttle_signs
from .writable import why_refused
from .write_back import write_back
from .write_log import Change, WriteLog, is_lower

# Raised before those who need it, lowered after them: a slow memory under a fast GPU stalls what it serves.
UPWARDS = ("emc", "gpu", "cpu")
NEVER_HERE = (errno.EACCES, errno.EPERM, errno.EROFS)  # refusals that no other value and no waiting would change

THROTTLED = (
    "the board throttles, so that the limits it had before cannot be seen and could not be put back; "
    "take another snapshot when it has cooled down"
)


class SysfsClocks:
    """Clocks over a SysfsIO. Nothing is written before `set`. Not for several threads at once.

    A domain that cannot be set is offered at the one value that it has; one that the machine lacks, or hides from this
    user, at 0. `settable()` tells which, and why.

    Args:
        profile: adds what the board does not say itself, such as which memory clocks can be locked.
        device: the target device; for `cpu` the GPU is offered at its slowest clock and as it was found only.
        now_s, sleep: a monotonic clock, and waiting by it.
    """

    def __init__(
        self,
        io: SysfsIO,
        profile: BoardProfile | None = None,
        *,
        device: str = "gpu",
        now_s: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if device not in DEVICES:
            raise BoardError(f"no such device: {device!r}", where="device", to_do=f"use one of {', '.join(DEVICES)}")
        self._io, self._device, self._now_s = io, device, now_s
        self._log = WriteLog(io)
        lockable = () if profile is None else tuple(hz for hz in profile.emc.hz if hz != ABSENT_HZ)
        domains: tuple[ClockDomain, ...] = (
            CpuClock(self._log), GpuClock(self._log, sleep), EmcClock(self._log, lockable),
        )  # fmt: skip
        self.domains: Mapping[str, ClockDomain] = MappingProxyType({domain.name: domain for domain in domains})
        self.lacks = () if profile is None else _lacking(profile)
        self._refused: dict[str, str] = {}
        self._taken: tuple[Change, ...] = ()
        self._blind = False  # the last snapshot lacks limits that could not be seen

    def settable(self) -> dict[str, str | None]:
        """For `cpu`, `gpu` and `emc`, why it cannot be set and what to do, or None where nothing is in the way.

        Nothing is written to find out: what only a write can tell, such as a driver that refuses every value, is known
        after the first `set`.
        """
        return {name: self._why_not(name, domain) for name, domain in self.domains.items()}

    def choices(self) -> tuple[OperatingPoint, ...]:
        """The product of what the domains offer, within the caps of the power mode."""
        offered = self._offered()
        grid = product(offered["cpu"], offered["gpu"], offered["emc"])
        return tuple(OperatingPoint(cpu, gpu, emc) for cpu, gpu, emc in grid)

    def current(self) -> OperatingPoint:
        """Held, or for a clock left to its governor the highest that this may choose."""
        return OperatingPoint(*(self._held(self.domains[name]) for name in ("cpu", "gpu", "emc")))

    def foreign_changes(self) -> tuple[Change, ...]:
        """Files that someone else wrote after this process did; those that `set` stopped at stay until `restore`."""
        return self._taken or self._log.changed()

    def set(self, point: OperatingPoint) -> Applied:
        """Hold `point`, each clock read back. See `Clocks.set` for the errors."""
        began_s = self._now_s()
        self._taken = self.foreign_changes()
        if self._taken:
            signs = throttle_signs(self._io).sentences()
            raise ClocksTaken(
                f"someone else changed the clocks: {'; '.join((*map(str, self._taken), *signs))}",
                where=self._taken[0].path,
                to_do="find out who writes there (nvpmodel, jetson_clocks, jtop, thermal throttling), "
                "then restore and start afresh",
            )
        if self._blind or (self._log.owns_nothing() and self._throttled()):
            raise ClockRefused(point, self.current(), self.choices(), THROTTLED)
        offered, wanted = self._offered(), _by_name(point)
        settable = self.settable()
        if misfits := [name for name, hz in wanted.items() if hz not in offered[name]]:
            why = [f"{name}: {reason}" for name in misfits if (reason := settable[name]) is not None]
            raise ClockRefused(point, self.current(), self.choices(), "; ".join(why))
        self._log.begin()
        held = _by_name(self.current())
        for name in sorted(UPWARDS, key=lambda name: _turn(name, held[name], wanted[name])):
            if settable[name] is not None:
                continue
            try:
                self.domains[name].set(wanted[name])
            except (OSError, NotHeld) as error:
                raise self._refusal(name, point, error) from error
        applied = self.current()
        if applied != point:
            left = self._take_back()
            raise ClockRefused(point, applied, self.choices(), f"reading back shows another point{left}")
        return Applied(point, applied, self._now_s() - began_s)

    def snapshot(self) -> ClockSnapshot:
        """Limits, governors, memory lock and power gating, as they are now.

        While the board throttles its limits show the throttling: those that this process wrote are known all the same,
        the others are left out, and `set` refuses until another snapshot could be taken.
        """
        values = tuple(pair for name in ("gpu", "cpu", "emc") for pair in self.domains[name].snapshot_values())
        if self._throttled():
            seen = tuple((path, self._log.wrote(path) or text) for path, text in values if self._is_seen(path))
            self._blind = len(seen) < len(values)
            return ClockSnapshot(seen)
        self._blind = False
        return ClockSnapshot(values)

    def restore(self, snapshot: ClockSnapshot, *, force: bool | None = None) -> None:
        """Write a snapshot back: what this process wrote and still holds, nobody else's.

        Who changed a file after this process did, or one that this process never wrote, meant it so: an operator's
        nvpmodel must survive the end of a program. A process that has written nothing itself cannot tell, since it
        comes after one that died, and writes everything that differs.

        Args:
            force: True writes everything that differs, False only what is ours; None decides as described.

        Raises:
            BoardError: files that could not be written back, and why; all others were.
            ClocksGone: the same, where none of them is there now.
        """
        everything = not self._log.ever_wrote if force is None else force
        throttled = self._throttled()
        values = tuple(
            (path, text)
            for path, text in snapshot.values
            if everything or self._log.ours(path) or (throttled and self._is_lowered(path))
        )
        failed = write_back(self._io, values, throttled=throttled)
        self._log.returned(dict(values), [one.path for one in failed])
        foreign = self._log.changed()
        self._log.forget(one.path for one in foreign if not (throttled and is_lower(one.holds, one.wrote)))
        self._taken = ()
        if failed:
            gone = all(one.gone for one in failed)
            raise (ClocksGone if gone else BoardError)(
                f"{len(failed)} of {len(values)} clock files were not restored: {'; '.join(map(str, failed))}",
                where=failed[0].path,
                to_do="restore again when the CPU cluster is back online, or reboot"
                if gone
                else "restore again as root, or reboot: clocks start afresh with the kernel",
            )

    def _offered(self) -> dict[str, tuple[int, ...]]:
        offered = {}
        for name, reason in self.settable().items():
            domain = self.domains[name]
            entries = () if reason is not None else domain.offered_hz()
            if name == "gpu" and self._device == "cpu":
                entries = tuple(sorted({*entries[:1], *entries[-1:]}))
            offered[name] = entries or (self._held(domain),)
        return offered

    def _why_not(self, name: str, domain: ClockDomain) -> str | None:
        if name in self.lacks:
            return "this kind of machine has no such clock to set"
        return self._refused.get(name) or domain.why_not_settable()

    def _held(self, domain: ClockDomain) -> int:
        held = domain.held_hz() if domain.present() else None
        return held if held is not None and held >= SLOWEST_PLAUSIBLE_HZ else ABSENT_HZ

    def _refusal(self, name: str, point: OperatingPoint, error: OSError | NotHeld) -> ClockRefused:
        left = self._take_back()
        if isinstance(error, NotHeld):
            return ClockRefused(point, self.current(), self.choices(), f"{name}: {error.what} ({error.where}){left}")
        why = why_refused(error)
        if error.errno in NEVER_HERE:
            self._refused[name] = why
        path = f" ({error.filename})" if error.filename else ""
        return ClockRefused(point, self.current(), self.choices(), f"{name}: {why}{path}{left}")

    def _throttled(self) -> bool:
        return throttle_signs(self._io).throttling_now is True

    def _is_seen(self, path: str) -> bool:
        return range_of(path) is None or self._log.wrote(path) is not None

    def _is_lowered(self, path: str) -> bool:
        wrote = self._log.wrote(path)
        return range_of(path) is not None and wrote is not None and is_lower(text_or_none(self._io, path), wrote)

    def _take_back(self) -> str:
        """Undo the request; returns what of it could not be undone, as the end of a sentence."""
        values = self._log.undone()
        failed = write_back(self._io, values, throttled=self._throttled())
        self._log.returned(dict(values), [one.path for one in failed])
        return f"; and not taken back: {'; '.join(map(str, failed))}" if failed else ""


def _lacking(profile: BoardProfile) -> tuple[str, ...]:
    tables = {"cpu": profile.cpu.hz, "gpu": profile.gpu.hz, "emc": profile.emc.hz}
    return tuple(name for name, hz in tables.items() if not any(hz))


def _by_name(point: OperatingPoint) -> dict[str, int]:
    return {"cpu": point.cpu_hz, "gpu": point.gpu_hz, "emc": point.emc_hz}


def _turn(name: str, held_hz: int, wanted_hz: int) -> tuple[bool, int]:
    """Clocks that rise go first, memory before the rest; those that fall come after, memory last."""
    falls = wanted_hz < held_hz
    return falls, -UPWARDS.index(name) if falls else UPWARDS.index(name)
