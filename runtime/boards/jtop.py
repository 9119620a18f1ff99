"""Power rails through jetson-stats, for those who run its service: another process reads it, this one listens.

with Jtop() as jtop:
    rails = jtop.rails()      # {} where nothing came in time; jtop.why_silent then says why
    rails["VDD_IN"].read()    # None while the reader is silent
"""

from __future__ import annotations

import json
import math
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from runtime.contract.kind import Kind

from .power_sensor import PowerReading, PowerSensor
from .sysfs.i2c_rail import at_least_nothing
from .sysfs.ina3221 import CURRENT_RESOLUTION_A, SHUNT_STEP_V, USUAL_SHUNTS_OHM
from .sysfs.learned_step import LearnedStep

METHOD = "jtop"
INTERVAL_S = 0.5  # jetson-stats' author: shorter is unstable
STALE_INTERVALS = 3.0  # after so many without a line, the last line is no longer news
POWER_STEP_W = 1e-3  # jtop prints whole milliwatts; used where it gives no current
FIRST_PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0  # between two starts of a reader that ended
LONGEST_LINE_BYTES = 1 << 20
REAP_S = 2.0
NO_LINE_YET = "no line yet"


@dataclass(frozen=True, slots=True)
class RailLine:
    """One rail as jtop gives it."""

    power_w: float
    voltage_v: float | None
    current_a: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """What the reader said, and when it arrived here."""

    at_s: float
    rails: Mapping[str, RailLine]


class Jtop:
    """The reader's process, kept alive: it is started again, after ever longer pauses, when it ends or falls silent.

    Args:
        interval_s: between two lines; jetson-stats has one for all of its clients.
        command: the reader, without its arguments.
    """

    def __init__(
        self,
        interval_s: float = INTERVAL_S,
        *,
        command: Sequence[str] = (sys.executable, "-m", "runtime.boards.jtop_reader"),
        now_s: Callable[[], float] = time.monotonic,
        first_pause_s: float = FIRST_PAUSE_S,
        silence_s: float | None = None,
    ) -> None:
        self._command = [*command, "--interval", str(interval_s)]
        self._now_s, self._first_pause_s = now_s, first_pause_s
        self._stale_s = STALE_INTERVALS * interval_s
        # The first line takes longer: Python starts, and jtop waits for its service.
        self._silence_s = 10.0 + 10.0 * interval_s if silence_s is None else silence_s
        self._stop = threading.Event()
        self._news = threading.Condition()
        self._line: Line | None = None
        self._why_silent: str | None = NO_LINE_YET
        self._thread: threading.Thread | None = None
        self.starts = 0

    def __enter__(self) -> Jtop:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Begin to listen; a second call changes nothing."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._keep_reading, name="jtop", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the reader and wait for it; a second call changes nothing."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    @property
    def why_silent(self) -> str | None:
        """The reader's last complaint, or None while lines arrive."""
        return self._why_silent

    def last(self) -> Line | None:
        """What is known now; None while the reader is silent, or what it said is stale."""
        line = self._line
        return line if line is not None and self._now_s() - line.at_s <= self._stale_s else None

    def rails(self, timeout_s: float = 5.0) -> dict[str, PowerSensor]:
        """A sensor for each rail of the first line; nothing where none came in time."""
        with self._news:
            self._news.wait_for(lambda: self.last() is not None, timeout_s)
        line = self.last()
        return {} if line is None else {name: JtopRail(self, name) for name in line.rails}

    def _keep_reading(self) -> None:
        pause_s = self._first_pause_s
        while not self._stop.is_set():
            self.starts += 1
            before = self._line
            self._listen()
            if self._line is not before:  # whoever had something to say before it ended is worth an early second try
                pause_s = self._first_pause_s
            self._stop.wait(pause_s)
            pause_s = min(2.0 * pause_s, LONGEST_PAUSE_S)

    def _listen(self) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 (our own module, by this interpreter)
                self._command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError as error:
            self._why_silent = f"the reader does not start: {error}"
            return
        with process:
            try:
                self._take_lines(process)
            finally:
                _end(process)
        if self._why_silent in (None, NO_LINE_YET):
            self._why_silent = f"the reader ended with status {process.returncode}"

    def _take_lines(self, process: subprocess.Popen[bytes]) -> None:
        pipe, rest, heard_s = process.stdout, b"", self._now_s()
        while pipe is not None and not self._stop.is_set():
            if not select.select([pipe], [], [], 0.05)[0]:
                if self._now_s() - heard_s > self._silence_s:
                    self._why_silent = f"the reader said nothing for {self._silence_s:g} s"
                    return
                continue
            part = os.read(pipe.fileno(), 65536)
            if not part or len(rest) > LONGEST_LINE_BYTES:
                return
            heard_s = self._now_s()
            *lines, rest = (rest + part).split(b"\n")
            for line in lines:
                self._take(line, heard_s)

    def _take(self, text: bytes, at_s: float) -> None:
        try:
            found = json.loads(text)
            if "error" in found:
                self._why_silent = str(found["error"])
                return
            line = Line(at_s, {name: _rail_line(rail) for name, rail in found["rails"].items()})
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            self._why_silent = f"the reader said something else than expected: {error!r}"
            return
        with self._news:
            self._line, self._why_silent = line, None
            self._news.notify_all()


class JtopRail:
    """A PowerSensor over one rail of jtop."""

    def __init__(self, jtop: Jtop, name: str) -> None:
        self._jtop, self._name = jtop, name
        self._step = LearnedStep([SHUNT_STEP_V / ohm for ohm in USUAL_SHUNTS_OHM], CURRENT_RESOLUTION_A)

    def read(self) -> PowerReading | None:
        """The last line's figure, or None while jtop is silent or leaves this rail out."""
        line = self._jtop.last()
        rail = None if line is None else line.rails.get(self._name)
        if rail is None:
            return None
        power_w, quantum_w = rail.power_w, POWER_STEP_W
        if rail.voltage_v and rail.current_a is not None:
            current_a, step_a = self._step.snap(rail.current_a)
            power_w, quantum_w = rail.voltage_v * current_a, rail.voltage_v * step_a
        known_w = at_least_nothing(power_w, quantum_w)
        return None if known_w is None else PowerReading(known_w, self._name, METHOD, quantum_w, Kind.MEASURED)


def _rail_line(rail: Mapping[str, Any]) -> RailLine:
    numbers = [rail["power_w"], rail["voltage_v"], rail["current_a"]]
    power_w, voltage_v, current_a = (None if number is None else float(number) for number in numbers)
    if power_w is None or not all(math.isfinite(number) for number in numbers if number is not None):
        raise ValueError(f"a rail without a number: {numbers}")
    return RailLine(power_w, voltage_v, current_a)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(REAP_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
