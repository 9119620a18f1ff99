"""From inferences to rows: a serving thread notes each in a queue, another thread samples, adds up and commits.

Noting is one append. Once a second the other thread takes what was noted, adds it to the minute of its mode, keeps one
in so many as a row of its own, and every commit window hands all rows to the spool in one transaction. What a killed
daemon loses is what was noted since the last commit; a queue that overflows drops, and counts.
"""

from __future__ import annotations

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from runtime.contract.telemetry_batch import AGGREGATE, COLUMNS, EVENT, INFERENCE, SAMPLE, Value

from .inference import Circumstances, Inference, Recording, ServedAs
from .minute import Minute, khz, micro, milli

TICK_S = 1.0

Columns = Mapping[str, Sequence[Value]]


class Keeps(Protocol):
    """What this needs of a `Spool`."""

    def append_all(self, tables: Sequence[tuple[str, Columns]], wall_offset_us: int) -> bool:
        """Commit several tables of rows in one transaction. False where they were dropped."""
        ...


class KeepsNothing:
    """In place of a spool where nothing is to be recorded, and what is served is only to be watched."""

    def append_all(self, tables: Sequence[tuple[str, Columns]], wall_offset_us: int) -> bool:  # noqa: ARG002
        """Forget them."""
        return True


class Watcher(Protocol):
    """Sees what the recorder sees, from the recorder's thread."""

    def saw(self, inference: Inference) -> None:
        """An image was answered."""
        ...

    def ticked(self, last: Circumstances) -> None:
        """About once a second, after what was seen until now; rows may be added to the recorder."""
        ...


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
        spool: Keeps,
        circumstances: Callable[[], Circumstances],
        recording: Recording | None = None,
        *,
        now_s: Callable[[], float] = time.monotonic,
        wall_s: Callable[[], float] = time.time,
        seed: int | None = None,
    ) -> None:
        """Nothing is recorded before `start`. Watchers are added to `watchers` before that.

        Args:
            seed: of which inferences become rows of their own; None: another draw each time.
        """
        self._spool, self._ask = spool, circumstances
        self.recording = Recording() if recording is None else recording
        self._now_s, self._wall_s = now_s, wall_s
        self._noted: deque[Inference] = deque()
        self._overflowed = 0
        self._refused = 0
        self._seen = self._keeps = 0
        self._random = random.Random(seed)  # noqa: S311 (which rows are kept is no secret)
        self.watchers: list[Watcher] = []
        self._minutes: dict[ServedAs, Minute] = {}
        self._minute_at_s = self._commit_at_s = now_s()
        self._last_board_j: float | None = None
        self._board_j, self._board_whole = 0.0, False  # over this minute; nobody knows what the first began with
        self._hottest_c: float | None = None
        self._last = Circumstances()
        self._rows = {name: _Rows(name) for name in (EVENT, AGGREGATE, INFERENCE, SAMPLE)}
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
        row: dict[str, Value] = {"at_us": micro(self._now_s()), "name": name, "text": text}
        with self._between:
            self._rows[EVENT].add(row | {"bundle_id": bundle_id, "mode": mode})

    def sample(self, row: dict[str, Value]) -> None:
        """A row of class `sample`, committed at once: it is large, and there are few."""
        with self._between:
            self._rows[SAMPLE].add(row)
        self.commit()

    def start(self) -> None:
        """Tick in a thread of its own until `close`."""
        self._thread = threading.Thread(target=self._tick_on, name="telemetry", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread and add up what it had not; only events may follow."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self.tick()

    def close(self) -> None:
        """Stop, and commit what is left, the unfinished minute included."""
        self.stop()
        self._end_minute(self._now_s())
        self.commit()

    def _tick_on(self) -> None:
        while not self._ended.wait(TICK_S):
            self.tick()

    def tick(self) -> None:
        """Add up what was noted; end the minute and commit where it is time."""
        now_s = self._now_s()
        self._last = self._ask()
        self._add_board(self._last.board_j)
        if self._last.temperature_c is not None:
            before_c = self._last.temperature_c if self._hottest_c is None else self._hottest_c
            self._hottest_c = max(self._last.temperature_c, before_c)
        for _ in range(len(self._noted)):
            self._take(self._noted.popleft())
        for watcher in self.watchers:
            watcher.ticked(self._last)
        if now_s - self._minute_at_s >= self.recording.minute_s:
            self._end_minute(now_s)
        if now_s - self._commit_at_s >= self.recording.commit_s:
            self.commit()

    def _add_board(self, board_j: float | None) -> None:
        """The board's joules since the last tick; a reading that is missing or began anew leaves the minute unknown."""
        before_j, self._last_board_j = self._last_board_j, board_j
        if before_j is None:
            return
        if board_j is None or board_j < before_j:
            self._board_whole = False
        else:
            self._board_j += board_j - before_j

    def commit(self) -> bool:
        """Hand all rows to the spool. False where it dropped them, or there was nothing to hand over."""
        self._commit_at_s = self._now_s()
        with self._between:
            if self._overflowed:
                text = f"{self._overflowed} inferences were not recorded: more came than could be added up"
                lost: dict[str, Value] = {"at_us": micro(self._commit_at_s), "name": "overflow", "text": text}
                self._rows[EVENT].add(lost)
                self._overflowed = 0
            tables = [(rows.row_class, rows.columns) for rows in self._rows.values() if rows.columns]
            self._rows = {name: _Rows(name) for name in self._rows}
        if not tables:
            return False
        return self._spool.append_all(tables, micro(self._wall_s() - self._commit_at_s))

    def _take(self, inference: Inference) -> None:
        served = inference.served
        minute = self._minutes.get(served)
        if minute is None:
            minute = self._minutes[served] = Minute([0] * len(served.promised_s))
        minute.add(inference)
        for watcher in self.watchers:
            watcher.saw(inference)
        one_in = self.recording.keep_one_in
        if not one_in:
            return
        place = self._seen % one_in
        self._seen += 1
        if place == 0:  # at random: every tenth of a client's own rhythm is always the same of its requests
            self._keeps = self._random.randrange(one_in)
        if place == self._keeps:
            self._rows[INFERENCE].add(self._row_of(inference))

    def _row_of(self, inference: Inference) -> dict[str, Value]:
        served, last = inference.served, self._last
        quantum_w = served.energy_quantum_w
        return {
            "at_us": micro(inference.at_s),
            "bundle_id": served.bundle_id,
            "mode": served.mode,
            "exit_index": inference.exit_index,
            "entropy_unats": micro(inference.entropy_nats) if math.isfinite(inference.entropy_nats) else None,
            "latency_us": micro(inference.latency_s),
            "run_us": micro(inference.run_s) if inference.batch_images == 1 else None,
            "energy_uj": None if inference.energy_j is None else micro(inference.energy_j),
            "energy_scope": served.energy_scope,
            "energy_method": served.energy_method,
            "energy_quantum_mw": None if quantum_w is None else round(quantum_w * 1e3),
            "energy_kind": served.energy_kind,
            "promised_uj": micro(served.promised_j[inference.exit_index]),
            "promised_us": micro(served.promised_s[inference.exit_index]),
            "requested_khz": khz(last.requested),
            "applied_khz": khz(last.applied),
            "temperature_mc": milli(last.temperature_c),
            "throttled": last.throttled,
        }

    def _end_minute(self, now_s: float) -> None:
        one_mode = len(self._minutes) <= 1  # else nobody knows whose joules they are
        board_j = self._board_j if one_mode and self._board_whole and self._last_board_j is not None else None
        seconds = now_s - self._minute_at_s
        for served, minute in self._minutes.items():
            refused, self._refused = self._refused, 0  # told once; without any row, by the next minute that has one
            row = minute.row(
                served,
                at_s=now_s,
                seconds=seconds,
                refused=refused,
                board_j=board_j,
                hottest_c=self._hottest_c,
                last=self._last,
            )
            self._rows[AGGREGATE].add(row)
        self._minutes = {}
        self._minute_at_s, self._board_j, self._board_whole = now_s, 0.0, self._last_board_j is not None
        self._hottest_c = None
