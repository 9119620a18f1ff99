"""Whether the clocks come back when their holder, or powerd itself, is killed at any moment.

    python -m tests.bench.bench_powerd_kill [--kills 200] [--seed 0] [--out FILE]

The kernel is the behavioural model of a board, with its drivers' true delays, served over a socket from this process,
so that it outlives whoever is killed. Powerd and the client are processes of their own, and die by SIGKILL. After every
kill each clock file must hold what it held at the start: brought back by powerd, or by powerd's next start. No file may
ever have been written, and no clock have run, at a value that neither an allowed point nor the state found has.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path

from runtime.boards.behaviour.board import behavioural_board
from runtime.boards.behaviour.board_time import RealTime
from runtime.boards.behaviour.remote import TreeServer
from runtime.boards.profile import profile
from runtime.boards.sysfs.clocks import SysfsClocks
from runtime.contract.errors import BoardError
from runtime.contract.operating_point import OperatingPoint
from runtime.powerd.client import PowerdClient
from tests.runtime.powerd.remote_powerd import BOARD

TTL_S = 1.0
LONGEST_S = 30.0  # for anything that should happen
DURING_START_SHARE = 0.2  # of the kills that fall anywhere from the process's start; the others while it is at work
LONGEST_START_S, LONGEST_WORK_S = 0.5, 0.2
POINTS = 6


class Trial:
    """A model's kernel, the processes on it, and what went wrong."""

    def __init__(self, folder: Path, seed: int, *, wait_scale: float = 1.0) -> None:
        self.folder, self.draw = folder, random.Random(seed)  # noqa: S311 (nothing secret)
        self.tree = behavioural_board(BOARD, time=RealTime(wait_scale))
        clocks = SysfsClocks(self.tree, profile(BOARD))
        self._clocks = clocks
        self.found = clocks.snapshot()
        choices = clocks.choices()
        self.points = [choices[0], choices[-1], *self.draw.sample(choices[1:-1], POINTS - 2)]
        self.extremes = (clocks.current(), lowest_found(self.found.values, clocks.current()))
        (folder / "allow.json").write_text(json.dumps([point.to_json() for point in self.points]))
        (folder / "allow.json").chmod(0o644)
        self.failures: list[str] = []
        self.struck = 0  # kills that met clocks other than those found
        self.restored_s: list[float] = []

    @property
    def socket(self) -> Path:
        """Powerd's."""
        return self.folder / "powerd.sock"

    @property
    def state(self) -> Path:
        """Powerd's."""
        return self.folder / "state.json"

    def as_found(self) -> bool:
        """Whether every clock file holds what it held at the start."""
        return self._clocks.snapshot() == self.found

    def expect(self, condition: Callable[[], bool], failure: str, within_s: float = LONGEST_S) -> bool:
        """Wait for it; note the failure where it does not come."""
        until_s = time.monotonic() + within_s
        while not (is_so := condition()) and time.monotonic() < until_s:
            time.sleep(0.002)
        if not is_so:
            self.failures.append(failure)
        return is_so

    def expect_found(self, failure: str, within_s: float = LONGEST_S) -> None:
        """Wait for the clocks found, and note how long it took."""
        began_s = time.monotonic()
        if self.expect(self.as_found, failure, within_s):
            self.restored_s.append(time.monotonic() - began_s)

    @contextmanager
    def process(self, module: str, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
        """Run a module; it is dead after the block."""
        command = [sys.executable, "-m", f"tests.runtime.powerd.{module}", *map(str, arguments)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
            try:
                yield child
            finally:
                child.kill()

    def powerd(self) -> AbstractContextManager[subprocess.Popen[bytes]]:
        """Run powerd on the kernel."""
        options = ("--socket", self.socket, "--state", self.state, "--allow", self.folder / "allow.json")
        return self.process("remote_powerd", self.folder / "kernel.sock", *options)

    def listens(self) -> bool:
        """Whether powerd answers."""
        client = PowerdClient(self.socket)
        try:
            return client.status().current is not None
        except BoardError:
            return False
        finally:
            client.close()

    def someone_writes(self) -> Callable[[], bool]:
        """A condition: a clock file was written since now."""
        before = len(self.tree.writes)
        return lambda: len(self.tree.writes) > before

    def strike(self, victim: subprocess.Popen[bytes]) -> None:
        """Kill, and see it dead."""
        victim.kill()
        victim.wait()
        self.struck += not self.as_found()


def kill_clients(trial: Trial, kills: int) -> None:
    """One powerd, many holders; powerd restores."""
    with trial.powerd() as powerd:
        trial.expect(trial.listens, "powerd did not start")
        for i in range(kills):
            wrote = trial.someone_writes()
            with trial.process("busy_holder", trial.socket, TTL_S, trial.draw.getrandbits(32)) as client:
                if trial.draw.random() < DURING_START_SHARE:
                    time.sleep(trial.draw.uniform(0.0, LONGEST_START_S))
                else:
                    trial.expect(wrote, f"client {i} never set a clock")
                    time.sleep(trial.draw.uniform(0.0, LONGEST_WORK_S))
                trial.strike(client)
            trial.expect_found(f"client kill {i}: the clocks did not come back within the lease", TTL_S + 1.0)
        _stop(trial, powerd)


def freeze_clients(trial: Trial, freezes: int) -> None:
    """A client that hangs keeps its connection, and loses its lease all the same."""
    with trial.powerd() as powerd:
        trial.expect(trial.listens, "powerd did not start")
        for i in range(freezes):
            wrote = trial.someone_writes()
            with trial.process("busy_holder", trial.socket, TTL_S, trial.draw.getrandbits(32)) as client:
                trial.expect(wrote, f"client {i} never set a clock")
                client.send_signal(signal.SIGSTOP)
                trial.expect_found(f"freeze {i}: the clocks did not come back within the lease", TTL_S + 1.0)
        _stop(trial, powerd)


def kill_powerd(trial: Trial, kills: int) -> None:
    """Many powerds under one holder after another; each start restores what the last one left."""
    for i in range(kills):
        with trial.powerd() as powerd:
            if trial.draw.random() < DURING_START_SHARE:
                time.sleep(trial.draw.uniform(0.0, LONGEST_START_S))
                trial.strike(powerd)
                continue
            trial.expect(trial.listens, f"powerd {i} did not start")
            trial.expect_found(f"powerd kill {i - 1}: the next start did not restore the clocks", 0.0)
            wrote = trial.someone_writes()
            holder = threading.Thread(target=_hold_until_lost, args=(trial.socket, trial.points, trial.draw.random()))
            holder.start()
            trial.expect(wrote, f"powerd {i} never set a clock")
            time.sleep(trial.draw.uniform(0.0, LONGEST_WORK_S))
            trial.strike(powerd)
            holder.join()
    with trial.powerd() as powerd:
        trial.expect(trial.listens, "the last powerd did not start")
        trial.expect_found("the last start did not restore the clocks", 0.0)
        _stop(trial, powerd)


def strangers(trial: Trial) -> list[str]:
    """Values written, or run at, that neither an allowed point nor the state found has."""
    points = (*trial.points, *trial.extremes)
    wrong = list(trial.tree.allowed(points))
    found = dict(trial.found.values)
    allowed_hz = {hz for point in points for hz in (point.cpu_hz, point.gpu_hz, point.emc_hz)}
    for path, text in trial.tree.writes:
        is_clock = path.endswith(("_freq", "/rate"))
        hz = int(text) * (1000 if "/cpufreq/" in path else 1) if is_clock else 0
        if text != found.get(path) and is_clock and hz not in allowed_hz:
            wrong.append(f"{path} was written {text}")
    return wrong


def run(kills: int, seed: int, *, freezes: int | None = None, wait_scale: float = 1.0) -> dict[str, object]:
    """Everything; the report."""
    report: dict[str, object] = {}
    failures: list[str] = []
    parts: Sequence[tuple[str, Callable[[Trial, int], None], int]] = (
        ("client kills", kill_clients, kills),
        ("client freezes", freeze_clients, max(kills // 20, 1) if freezes is None else freezes),
        ("powerd kills", kill_powerd, kills),
    )
    for number, (name, part, count) in enumerate(parts):
        with tempfile.TemporaryDirectory() as folder:
            trial = Trial(Path(folder), seed + number, wait_scale=wait_scale)
            with TreeServer(trial.tree, Path(folder) / "kernel.sock"):
                began_s = time.monotonic()
                part(trial, count)
            trial.failures += strangers(trial)
            failures += trial.failures
            report[name] = {
                "count": count,
                "clocks_were_changed": trial.struck if "kills" in name else count,
                "clock_writes": len(trial.tree.writes),
                "restored_after_s": _summary(trial.restored_s) if part is not kill_powerd else "at the next start",
                "took_s": round(time.monotonic() - began_s, 1),
            }
    return {
        "kind": "measured on behavioural model",
        "board": f"model of {BOARD}",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "seed": seed,
        "ttl_s": TTL_S,
        **report,
        "failures": failures,
    }


def main() -> int:
    """Print the report as JSON; 1 where anything failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="of the client, and as many of powerd")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the report there, too")
    args = parser.parse_args()
    report = run(args.kills, args.seed)
    text = json.dumps(report, indent=1)
    print(text)
    if args.out is not None:
        args.out.write_text(f"{text}\n")
    return int(bool(report["failures"]))


def _hold_until_lost(path: Path, points: Sequence[OperatingPoint], seed: float) -> None:
    draw = random.Random(seed)  # noqa: S311 (nothing secret)
    with suppress(BoardError), PowerdClient(path, ttl_s=TTL_S) as client:
        while True:
            client.set(draw.choice(points))


def _stop(trial: Trial, powerd: subprocess.Popen[bytes]) -> None:
    powerd.send_signal(signal.SIGTERM)
    if (status := powerd.wait(LONGEST_S)) != 0:
        trial.failures.append(f"powerd ended with {status}")
    if not trial.as_found() or trial.state.exists():
        trial.failures.append("powerd's orderly end did not leave everything as found")


def lowest_found(values: Sequence[tuple[str, str]], current: OperatingPoint) -> OperatingPoint:
    """The lowest clocks that governors could choose in the state found."""
    cpu = [int(text) * 1000 for path, text in values if path.endswith("scaling_min_freq")]
    gpu = [int(text) for path, text in values if path.endswith("/min_freq")]
    return OperatingPoint(min(cpu), min(gpu), current.emc_hz)


def _summary(seconds: Sequence[float]) -> dict[str, float]:
    return {"median": round(statistics.median(seconds), 3), "max": round(max(seconds), 3)} if seconds else {}


if __name__ == "__main__":
    sys.exit(main())
