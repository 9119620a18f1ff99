"""A board's kernel in this process: the files of a Jetson, with the manners that its drivers have.

tree = behavioural_board("orin-nano-super")
tree.write("/sys/class/devfreq/17000000.gpu/max_freq", "640000000")  # blocks for as long as the driver would
tree.truth().gpu_hz  # what a workload runs at now, which is not what it will run at in 0.2 ms
"""

from __future__ import annotations

import errno
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from runtime.boards.board_profile import BoardProfile
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.work import NO_WORK, Work

from .board_time import BoardTime, WallClock
from .faults import Faults
from .invariants import not_allowed
from .layout import Layout
from .machine import Machine
from .namespace import READ, WRITE
from .node import File, refusal
from .physics import Physics
from .power_mode import IN_CHROOT
from .quirks import Quirks


class BehaviouralTree:
    """SysfsIO over the model, and what a test may do to the board behind it. Safe to use from several threads.

    Args:
        time: monotonic time and waiting; every wait of the kernel goes through it.
        device: whose work `running` speaks of; a GPU that has none goes off.
        uid: who opens the files; anything but 0 meets the mode bits for others. May be set later.
    """

    def __init__(
        self,
        layout: Layout,
        profile: BoardProfile,
        *,
        time: BoardTime,
        physics: Physics,
        device: str = "gpu",
        uid: int = 0,
        faults: Faults | None = None,
        quirks: Quirks | None = None,
    ) -> None:
        self.time, self.uid = time, uid
        self.faults = Faults() if faults is None else faults
        self.machine = Machine(layout, profile, time, physics, Quirks() if quirks is None else quirks, device)
        self.writes: list[tuple[str, str]] = []  # that took effect
        self._lock = threading.RLock()

    def read(self, path: str) -> bytes:
        """What the file holds. Raises OSError as the kernel does."""
        with self._asking(path):
            real, file = self.machine.namespace.file(path, self.uid, READ)
            self.faults.check("read", path, real)
            wait_s = file.wait_s()
            if wait_s <= 0.0:
                return content(file)
        self._wait(wait_s)
        with self._asking(path):
            # It may be gone by now: another reader or a fault took it while this one waited.
            return content(self.machine.namespace.file(path, self.uid, READ)[1])

    def write(self, path: str, text: str) -> None:
        """One write() of the whole text; blocks as long as the driver does. Raises OSError as the kernel does."""
        with self._asking(path):
            real, file = self.machine.namespace.file(path, self.uid, WRITE)
            self.faults.check("write", path, real)
            self.faults.before_write()
            blocks_s = file.write(text) if file.write is not None else 0.0
            self.machine.truth.note()
            self.writes.append((path, text))
            self.faults.after_write()
        self._wait(blocks_s)

    def names(self, folder: str) -> tuple[str, ...]:
        """What lies in a folder, sorted. Raises OSError as the kernel does."""
        with self._asking(folder):
            self.faults.check("read", folder)
            return self.machine.namespace.names(folder, self.uid)

    def mode_of(self, path: str) -> int | None:
        """Permission bits; None where the user cannot get there."""
        with self._now():
            try:
                return self.machine.namespace.mode(path, self.uid)
            except OSError:
                return None

    def truth(self) -> OperatingPoint:
        """The clocks that a workload runs at now; 0 for a GPU that is off."""
        with self._now():
            return self.machine.truth.point()

    def true_clocks_hz(self) -> dict[str, int]:
        """The same with every CPU cluster by itself: cpu0, cpu4, …, gpu, emc."""
        with self._now():
            return dict(self.machine.truth.clocks_hz)

    def history(self) -> tuple[tuple[float, OperatingPoint], ...]:
        """Since when the workload ran at which clocks, from the first boot on."""
        with self._now():
            return tuple(self.machine.truth.history)

    def drawn_w(self) -> dict[str, float]:
        """What every rail draws now, exactly."""
        with self._now():
            return dict(self.machine.truth.rails_w())

    def true_energy_j(self, rail: str | None = None) -> float:
        """Joules of one rail, or of the whole board, since the model was made."""
        with self._now():
            return self.machine.truth.board_j() if rail is None else self.machine.truth.energy_j.get(rail, 0.0)

    def allowed(self, points: Iterable[OperatingPoint] | None = None) -> tuple[str, ...]:
        """What is wrong with the clocks that the board really runs at, in sentences; nothing where all is well.

        Every clock must be a table entry. With `points`, no clock may ever have run at a value that none of these
        points has for it: between the writes of one switch, the clocks of two points mix.
        """
        with self._now():
            return not_allowed(self.machine, None if points is None else tuple(points))

    @contextmanager
    def running(self, work: Work) -> Iterator[None]:
        """While the block runs, the board does `work` back to back."""
        before = self.machine.truth.work
        self._load(work)
        try:
            yield
        finally:
            self._load(before)

    def boot(self) -> None:
        """Off and on again: clocks as the power mode has them, a new boot_id, other hwmon numbers."""
        with self._now():
            self.machine.boot()

    def nvpmodel(self, mode: str) -> str:
        """`nvpmodel -m`: what it prints; in a container it does nothing and is content."""
        with self._now():
            if self.machine.quirks.in_container:
                return IN_CHROOT
            self.machine.modes.apply(mode)
            self.machine.truth.note()
            return ""

    def jetson_clocks(self) -> None:
        """`jetson_clocks`: every clock pinned at its upper limit."""
        with self._now():
            self.machine.modes.pin()
            self.machine.truth.note()

    def overcurrent(self, channel: int = 1, for_s: float = 0.1) -> None:
        """The hardware slows the cores by itself for a while, and counts it; no driver notices."""
        with self._now():
            self.machine.overcurrent.happen(channel, for_s)
            self.machine.truth.note()

    def hold_temperature(self, chip_c: float | None) -> None:
        """Make the chip that hot from now on; None: let it follow its power again."""
        with self._now():
            self.machine.truth.heat.held_c = chip_c

    def unbind(self, address: str, *, bound: bool = False) -> None:
        """Take a sensor chip, such as 1-0040, from its driver: its files are gone; with `bound` they are back."""
        with self._now():
            for chip in self.machine.chips:
                if chip.place.address == address:
                    chip.bound = bound

    @property
    def wall(self) -> WallClock:
        """The board's date, which may jump."""
        return self.machine.wall

    def _load(self, work: Work | None) -> None:
        with self._now():
            self.machine.truth.work = None if work == NO_WORK else work
            self.machine.follow_load()

    @contextmanager
    def _now(self) -> Iterator[None]:
        with self._lock:
            self.machine.truth.advance()
            yield

    @contextmanager
    def _asking(self, path: str) -> Iterator[None]:
        with self._now():
            self.faults.check_alive()
            try:
                yield
            except OSError as error:
                error.filename = path
                raise

    def _wait(self, seconds: float) -> None:
        if seconds > 0.0:
            self.time.sleep(seconds)


def content(file: File) -> bytes:
    """What a file says now. Raises OSError EIO for one that only takes, and whatever its driver raises."""
    if file.read is None:
        raise refusal(errno.EIO)
    return file.read().encode()
