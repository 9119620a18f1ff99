"""The board of a soak: a model's kernel in this process, powerd on it as a process, and weather that governs."""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from runtime.boards.behaviour.battery import CLASS
from runtime.boards.behaviour.board import behavioural_board
from runtime.boards.behaviour.board_time import RealTime
from runtime.boards.behaviour.remote import TreeServer
from runtime.boards.behaviour.tree import BehaviouralTree
from runtime.boards.profile import profile
from runtime.boards.sysfs.clocks import SysfsClocks
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint
from runtime.powerd.client import PowerdClient, Status
from tests.runtime.powerd.remote_powerd import BOARD

from .bench_powerd_kill import lowest_found

COOL_C, HOT_C = 45.0, 97.0  # heat sheds from 93 °C on; the board would slow itself down at 99
EMPTY, FULL = 0.1, 1.0
ENERGY_NOW, ENERGY_FULL = f"{CLASS}/BAT0/energy_now", f"{CLASS}/BAT0/energy_full"
WAIT_SCALE = 0.1  # of the drivers' true delays
LONGEST_S = 30.0


class Board:
    """Heat and battery follow waves of `period_s`; the clocks are powerd's."""

    def __init__(self, folder: Path, root: Path, period_s: float) -> None:
        self._folder, self._root, self._period_s = folder, root, period_s
        self.tree = behavioural_board(BOARD, time=RealTime(WAIT_SCALE))
        self.clocks = SysfsClocks(self.tree, profile(BOARD))
        self.found = self.clocks.snapshot()
        self.extremes = (self.clocks.current(), lowest_found(self.found.values, self.clocks.current()))
        self.weather = Weather(self.tree)
        self._server = TreeServer(self.weather, self.kernel)
        self._powerd: subprocess.Popen[bytes] | None = None
        self._began_s = time.monotonic()
        self.kills = 0

    @property
    def kernel(self) -> Path:
        """Socket of the model's kernel."""
        return self._folder / "kernel.sock"

    @property
    def socket(self) -> Path:
        """Powerd's."""
        return self._folder / "powerd.sock"

    def start_powerd(self) -> None:
        """As systemd starts it."""
        self._powerd = subprocess.Popen(self._command(), stderr=subprocess.DEVNULL)
        until_s = time.monotonic() + LONGEST_S
        while self.status() is None and time.monotonic() < until_s:
            time.sleep(0.05)

    def kill_powerd(self) -> bool:
        """SIGKILL, then what the unit's ExecStopPost does; whether the clocks are as found afterwards."""
        self.kills += 1
        if self._powerd is not None:
            self._powerd.kill()
            self._powerd.wait()
        subprocess.run([*self._command(), "--restore"], stderr=subprocess.DEVNULL, timeout=LONGEST_S, check=False)
        return self.clocks.snapshot() == self.found

    def status(self) -> Status | None:
        """What powerd says; None where it does not answer."""
        client = PowerdClient(self.socket)
        try:
            return client.status()
        except BoardError:
            return None
        finally:
            client.close()

    def held_by(self, pid: int) -> bool:
        """Whether that process holds the lease and a point."""
        status = self.status()
        return status is not None and status.holder_pid == pid and status.held is not None

    def change_weather(self) -> None:
        """Heat once up and down in a period, the battery in two."""
        phase = (time.monotonic() - self._began_s) / self._period_s * math.tau
        self.tree.hold_temperature(COOL_C + (HOT_C - COOL_C) * (0.5 - 0.5 * math.cos(phase)))
        self.weather.battery_share = EMPTY + (FULL - EMPTY) * (0.5 + 0.5 * math.cos(phase / 2))

    def strangers(self, points: Sequence[OperatingPoint]) -> list[str]:
        """Where the board ever ran at clocks that neither an allowed point nor the state found has."""
        return list(self.tree.allowed((*points, *self.extremes)))

    def stop(self) -> list[str]:
        """End powerd in order; what was wrong with that."""
        wrong = []
        if self._powerd is not None:
            self._powerd.terminate()
            if (status := self._powerd.wait(LONGEST_S)) != 0:
                wrong.append(f"powerd ended with {status}")
        if self.clocks.snapshot() != self.found:
            wrong.append("after powerd's end the clocks are not as found")
        return wrong

    def close(self) -> None:
        """Whatever happened."""
        if self._powerd is not None:
            self._powerd.kill()
            self._powerd.wait()
        self._server.close()

    def _command(self) -> list[str]:
        options = ["--root", self._root, "--socket", self.socket, "--state", self._folder / "powerd.json"]
        return [sys.executable, "-m", "tests.runtime.powerd.remote_powerd", *map(str, [self.kernel, *options])]


class Weather:
    """SysfsIO over the tree, but for the battery's charge."""

    def __init__(self, tree: BehaviouralTree) -> None:
        self._tree, self.battery_share = tree, FULL

    def read(self, path: str) -> bytes:
        """As the tree does."""
        if path == ENERGY_NOW:
            return b"%d\n" % round(self.battery_share * int(self._tree.read(ENERGY_FULL)))
        return self._tree.read(path)

    def write(self, path: str, text: str) -> None:
        """As the tree does."""
        self._tree.write(path, text)

    def names(self, folder: str) -> tuple[str, ...]:
        """As the tree does."""
        return self._tree.names(folder)
