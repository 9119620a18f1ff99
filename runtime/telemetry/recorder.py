"""From inferences to rows: a serving thread notes each in a queue, another thread samples, adds up and commits.

Noting is one append. Once a second the other thread takes what was noted, adds it to the minute of its mode, keeps one
in so many as a row of its own, and every commit window hands all rows to the spool in one transaction. What a killed
daemon loses is what was noted since the last commit; a queue that overflows drops, and counts.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from runtime.contract.errors import ConfigError
from runtime.contract.operating_point import OperatingPoint
from runtime.contract.telemetry_batch import AGGREGATE, COLUMNS, EVENT, INFERENCE, Value

from .spool import Spool

TICK_S = 1.0


@dataclass(frozen=True, slots=True)
class ServedAs:
    """What is alike for all inferences of a mode of a bundle."""

    bundle_id: str
    mode: str
    promised_s: tuple[float, ...]  # by exit, from the start
    promised_j: tuple[float, ...]
    energy_scope: str | None = None
    energy_method: str | None = None
    energy_quantum_w: float | None = None
    energy_kind: str | None = None


class Inference(NamedTuple):
    """One image that was answered."""

    at_s: float  # monotonic
    served: ServedAs
    exit_index: int
    entropy_nats: float
    latency_s: float  # from its arrival
    run_s: float  # of that, on the stages
    energy_j: float | None


class Circumstances(NamedTuple):
    """What the board says, about once a second. None: not known."""

    requested: OperatingPoint | None = None
    applied: OperatingPoint | None = None
    temperature_c: float | None = None
    throttled: int | None = None  # events since boot
    board_j: float | None = None  # of the whole board, growing


@dataclass(frozen=True, slots=True)
class Recording:
    """How much is written, and how often. Raises ConfigError on a value that cannot be meant."""

    commit_s: float = 30.0  # a power cut loses at most that much; flash is written so often
    keep_one_in: int = 10  # inferences that become rows of their own; 0: none
    minute_s: float = 60.0
    queue: int = 200_000  # inferences noted and not yet added up

    def __post_init__(self) -> None:
        if not 0 < self.commit_s <= 3600 or not 0 < self.minute_s <= 3600:
            raise ConfigError(
                f"telemetry is committed every 0 to 3600 s, got {self.commit_s} and minutes of {self.minute_s}",
                to_do="correct --telemetry-commit-s",
            )
        if self.keep_one_in < 0 or self.queue < 1:
            raise ConfigError(f"cannot keep one inference in {self.keep_one_in}", to_do="give 1 or more; 0 for none")


@dataclass(slots=True)
class _Minute:
    """What is added up for one mode."""

    exits: list[int]
    images: int = 0
    entropy_nats: float = 0.0
    run_s: float = 0.0
    latency_s: float = 0.0
    latency_most_s: float = 0.0
    energy_j: float = 0.0
    energy_images: int = 0
    promised_j: float = 0.0
    promised_s: float = 0.0


@dataclass(slots=True)
class _Rows:
    """Columns that grow."""

    row_class: str
    columns: dict[str, list[Value]] = field(default_factory=dict)

    def add(self, row: dict[str, Value]) -> None:
        for name in COLUMNS[self.row_class]:
            self.columns.setdefault(name, []).append(row.get(name))


class TelemetryRecorder:
    """`note` from any thread; everything else from one, which `start` starts and `close` ends."""

    def __init__(
        self,
        spool: Spool,
        circumstances: Callable[[], Circumstances],
        recording: Recording | None = None,
        *,
        now_s: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        self._spool, self._ask = spool, circumstances
        self.recording = Recording() if recording is None else recording
        self._now_s, self._wall_s = now_s, wall_s
        self._noted: deque[Inference] = deque()
        self._overflowed = 0
        self._refused = 0
        self._seen = 0
        self._minutes: dict[ServedAs, _Minute] = {}
        self._minute_at_s = self._commit_at_s = now_s()
        self._minute_board_j: float | None = None
        self._hottest_c: float | None = None
        self._last = Circumstances()
        self._rows = {name: _Rows(name) for name in (EVENT, AGGREGATE, INFERENCE)}
        self._between = threading.Lock()  # events come from other threads than ticks
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, inference: Inference) -> None:
        """Called by the serving thread, for each image. It never waits."""
        if len(self._noted) >= self.recording.queue:
            self._overflowed += 1
            return
        self._noted.append(inference)

    def refused(self, requests: int = 1) -> None:
        """So many requests were not served."""
        self._refused += requests

    def event(self, name: str, text: str, *, bundle_id: str | None = None, mode: str | None = None) -> None:
        """Something happened that a fleet should hear of; it is committed with the next window."""
        row: dict[str, Value] = {"at_us": _us(self._now_s()), "name": name, "text": text}
        with self._between:
            self._rows[EVENT].add(row | {"bundle_id": bundle_id, "mode": mode})

    def start(self) -> None:
        """Tick in a thread of its own until `close`."""
        self._thread = threading.Thread(target=self._tick_on, name="telemetry", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread and commit what is left, the unfinished minute included."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.tick()
        self._end_minute(self._now_s())
        self.commit()

    def _tick_on(self) -> None:
        while not self._ended.wait(TICK_S):
            self.tick()

    def tick(self) -> None:
        """Add up what was noted; end the minute and commit where it is time."""
        now_s = self._now_s()
        self._last = self._ask()
        if self._minute_board_j is None:
            self._minute_board_j = self._last.board_j
        if self._last.temperature_c is not None:
            self._hottest_c = max(self._last.temperature_c, self._hottest_c or -273.15)
        for _ in range(len(self._noted)):
            self._take(self._noted.popleft())
        if now_s - self._minute_at_s >= self.recording.minute_s:
            self._end_minute(now_s)
        if now_s - self._commit_at_s >= self.recording.commit_s:
            self.commit()

    def commit(self) -> bool:
        """Hand all rows to the spool. False where it dropped them, or there was nothing to hand over."""
        self._commit_at_s = self._now_s()
        with self._between:
            if self._overflowed:
                text = f"{self._overflowed} inferences were not recorded: more came than could be added up"
                lost: dict[str, Value] = {"at_us": _us(self._commit_at_s), "name": "overflow", "text": text}
                self._rows[EVENT].add(lost)
                self._overflowed = 0
            tables = [(rows.row_class, rows.columns) for rows in self._rows.values() if rows.columns]
            self._rows = {name: _Rows(name) for name in self._rows}
        if not tables:
            return False
        return self._spool.append_all(tables, _us(self._wall_s() - self._commit_at_s))

    def _take(self, inference: Inference) -> None:
        served, exit_index = inference.served, inference.exit_index
        minute = self._minutes.get(served)
        if minute is None:
            minute = self._minutes[served] = _Minute([0] * len(served.promised_s))
        minute.exits[exit_index] += 1
        minute.images += 1
        minute.entropy_nats += inference.entropy_nats
        minute.run_s += inference.run_s
        minute.latency_s += inference.latency_s
        minute.latency_most_s = max(minute.latency_most_s, inference.latency_s)
        minute.promised_j += served.promised_j[exit_index]
        minute.promised_s += served.promised_s[exit_index]
        if inference.energy_j is not None:
            minute.energy_j += inference.energy_j
            minute.energy_images += 1
        self._seen += 1
        if self.recording.keep_one_in and self._seen % self.recording.keep_one_in == 0:
            self._rows[INFERENCE].add(self._row_of(inference))

    def _row_of(self, inference: Inference) -> dict[str, Value]:
        served, last = inference.served, self._last
        quantum_w = served.energy_quantum_w
        return {
            "at_us": _us(inference.at_s),
            "bundle_id": served.bundle_id,
            "mode": served.mode,
            "exit_index": inference.exit_index,
            "entropy_unats": _us(inference.entropy_nats),
            "latency_us": _us(inference.latency_s),
            "run_us": _us(inference.run_s),
            "energy_uj": None if inference.energy_j is None else _us(inference.energy_j),
            "energy_scope": served.energy_scope,
            "energy_method": served.energy_method,
            "energy_quantum_mw": None if quantum_w is None else round(quantum_w * 1e3),
            "energy_kind": served.energy_kind,
            "promised_uj": _us(served.promised_j[inference.exit_index]),
            "promised_us": _us(served.promised_s[inference.exit_index]),
            "requested_khz": _khz(last.requested),
            "applied_khz": _khz(last.applied),
            "temperature_mc": _mc(last.temperature_c),
            "throttled": last.throttled,
        }

    def _end_minute(self, now_s: float) -> None:
        board_j = None
        if self._last.board_j is not None and self._minute_board_j is not None and len(self._minutes) <= 1:
            board_j = self._last.board_j - self._minute_board_j
        seconds = now_s - self._minute_at_s
        for served, minute in self._minutes.items():
            self._rows[AGGREGATE].add(self._minute_row(served, minute, now_s, seconds, board_j))
        self._minutes = {}
        self._minute_at_s, self._minute_board_j = now_s, self._last.board_j
        self._hottest_c, self._refused = None, 0

    def _minute_row(
        self, served: ServedAs, minute: _Minute, now_s: float, seconds: float, board_j: float | None
    ) -> dict[str, Value]:
        return {
            "at_us": _us(now_s),
            "seconds_us": _us(seconds),
            "bundle_id": served.bundle_id,
            "mode": served.mode,
            "exits": ",".join(map(str, minute.exits)),
            "images": minute.images,
            "refused": self._refused,
            "entropy_unats": _us(minute.entropy_nats),
            "run_us": _us(minute.run_s),
            "latency_us": _us(minute.latency_s),
            "latency_most_us": _us(minute.latency_most_s),
            "energy_uj": _us(minute.energy_j) if minute.energy_images else None,
            "energy_images": minute.energy_images,
            "energy_kind": served.energy_kind,
            "board_uj": None if board_j is None else _us(board_j),
            "promised_uj": _us(minute.promised_j),
            "promised_us": _us(minute.promised_s),
            "applied_khz": _khz(self._last.applied),
            "temperature_mc": _mc(self._hottest_c),
            "throttled": self._last.throttled,
        }


def _us(value: float) -> int:
    """Millionths of whatever it is."""
    return round(value * 1e6)


def _mc(celsius: float | None) -> int | None:
    return None if celsius is None else round(celsius * 1e3)


def _khz(point: OperatingPoint | None) -> str | None:
    if point is None:
        return None
    return f"{point.cpu_hz // 1000}/{point.gpu_hz // 1000}/{point.emc_hz // 1000}"
