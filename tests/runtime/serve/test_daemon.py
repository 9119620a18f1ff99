"""The control loop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.governor.decide import Decision
from runtime.governor.replay import replay_trace
from runtime.governor.signals import Signals, read_trace, write_trace
from runtime.powerd.notify import Notifier
from runtime.serve.daemon import MOST_SILENT_TURNS, MOST_STUCK, Daemon, Surroundings
from runtime.serve.governing import Governed, fixed, governed
from runtime.serve.refusal import Refused
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from tests.tiny_cascade import CLOCKS

from .serving_doubles import Settled, leaving_at, promising, request, scripted
from .test_governing import cheaper_in
from .test_job_queue import Clock


class FakeServers:
    def __init__(self) -> None:
        self.alive, self.stopped, self.silent = True, False, False

    def responds(self) -> bool:
        return not self.silent

    def stop(self, meanwhile: Callable[[], None]) -> None:
        meanwhile()
        self.stopped, self.alive = True, False


class Systemd:
    """Reads what is told to systemd."""

    def __init__(self, folder: Path) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.sock.bind(str(folder / "notify"))
        self.sock.setblocking(False)
        self.notifier = Notifier(str(folder / "notify"))

    def heard(self) -> list[str]:
        told = []
        with suppress(BlockingIOError):
            while True:
                told.append(self.sock.recv(100).decode())
        return told


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path)
    yield made
    made.sock.close()


class Parts:
    """A daemon with doubles around a real Serving."""

    def __init__(self, served: ServedBundle, systemd: Systemd, **around: Any) -> None:
        self.serving, self.servers, self.clock, self.reports = Serving(served), FakeServers(), Clock(), []  # type: ignore[var-annotated]
        servers: Any = self.servers
        self.stop = threading.Event()
        self.daemon = Daemon(
            self.serving,
            servers,
            fixed("one-shot"),
            Surroundings(**around),
            self.stop,
            report=self.reports.append,
            notifier=systemd.notifier,
            ping_s=5.0,
            now_s=self.clock,
        )


def test_it_tells_systemd_when_it_is_ready_and_when_it_stops(served: ServedBundle, systemd: Systemd) -> None:
    parts = Parts(served, systemd)
    parts.stop.set()
    assert parts.daemon.run()
    assert systemd.heard() == ["READY=1", "STOPPING=1"]
    assert parts.servers.stopped
    assert not parts.serving.ready


def test_a_server_that_ends_by_itself_is_a_failure(served: ServedBundle, systemd: Systemd) -> None:
    parts = Parts(served, systemd)
    parts.servers.alive = False
    assert not parts.daemon.run()


def test_the_watchdog_is_pinged_from_the_loop_at_its_period(served: ServedBundle, systemd: Systemd) -> None:
    parts = Parts(served, systemd)
    for parts.clock.at_s in (0.0, 1.0, 4.9, 5.0, 5.1, 10.0):
        parts.daemon.turn()
    parts.serving.drain(5.0)
    assert systemd.heard() == ["WATCHDOG=1"] * 3


def test_with_too_many_hanging_threads_it_ends_as_a_failure_by_itself(served: ServedBundle, systemd: Systemd) -> None:
    parts, settled = Parts(served, systemd), Settled()
    release = threading.Event()
    for _ in range(MOST_STUCK + 1):
        thread = threading.Thread(target=release.wait, daemon=True)
        thread.start()
        stuck: Any = SimpleNamespace(thread=thread)
        parts.serving.workers.given_up.append(stuck)
    parts.serving.submit(request(), served, settled)
    assert not parts.daemon.run()
    release.set()
    assert systemd.heard() == ["READY=1", "WATCHDOG=1", "STOPPING=1"]  # the loop is well: systemd need not kill it
    assert parts.daemon.hangs
    assert not parts.serving.ready
    assert settled.wait()[0].answers is not None
    assert [text for text in parts.reports if "ends as a failure" in text] == parts.reports


def test_with_a_silent_http_thread_it_ends_as_a_failure_by_itself(served: ServedBundle, systemd: Systemd) -> None:
    parts = Parts(served, systemd)
    for parts.servers.silent in [True] * MOST_SILENT_TURNS + [False] + [True] * MOST_SILENT_TURNS:
        parts.daemon.turn()
    assert parts.reports == []  # once it came by
    parts.daemon.turn()
    assert parts.reports == [
        "the thread that talks to clients hangs: what can be answered is, then this process ends as a failure"
    ]
    assert not parts.daemon.run()
    assert parts.servers.stopped


def test_the_forecast_outlives_a_swap(served: ServedBundle, systemd: Systemd) -> None:
    rows: list[Signals] = []
    parts, settled = Parts(served, systemd, trace=rows.append), Settled()
    for parts.clock.at_s in (1.0, 2.0, 3.0):
        for _ in range(5):
            parts.serving.submit(request(), served, settled)
        parts.daemon.turn()
    parts.serving.swap(promising(served, 1.0, "b" * 64))
    parts.clock.at_s = 3.2
    parts.daemon.turn()
    parts.serving.drain(5.0)
    assert rows[-1].requests_per_s > 0.7 * rows[-2].requests_per_s > 1.0


def test_nobody_waits_for_a_thread_that_hangs_while_it_stops(served: ServedBundle, systemd: Systemd) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    parts, settled = Parts(bundle, systemd), Settled()
    limits = parts.serving.limits

    def connections_that_end_late(meanwhile: Callable[[], None]) -> None:
        meanwhile()
        assert settled.jobs == []
        parts.clock.at_s = limits.drain_s
        meanwhile()
        assert [job.refusal.status for job in settled.jobs if job.refusal] == [503, 503]
        cascade.hold.set()

    parts.servers.stop = connections_that_end_late  # type: ignore[method-assign]
    parts.serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    parts.serving.submit(request(leaving_at(0), deadline_s=99.0), bundle, settled)
    parts.stop.set()
    assert parts.daemon.run()
    assert len(settled.jobs) == 2


def test_what_is_late_is_answered_so_even_while_every_thread_hangs(served: ServedBundle, systemd: Systemd) -> None:
    bundle, cascade = scripted(served)
    cascade.hold.clear()
    parts, settled = Parts(bundle, systemd), Settled()
    parts.serving.submit(request(leaving_at(0)), bundle, settled)
    assert cascade.entered.wait(5.0)
    parts.serving.submit(request(leaving_at(0), deadline_s=1e-9), bundle, settled)
    settled_at_once = settled.jobs == []
    parts.daemon.turn()
    assert settled_at_once
    assert [job.refusal.status for job in settled.jobs if job.refusal] == [504]
    cascade.hold.set()
    parts.serving.drain(5.0)


def test_the_governors_mode_and_clocks_are_put_to_use(served: ServedBundle, systemd: Systemd) -> None:
    wanted: list[Any] = []
    stopped: list[bool] = []
    clocks = SimpleNamespace(want=wanted.append, stop=lambda: stopped.append(True))
    parts = Parts(served, systemd, clocks=clocks)
    parts.daemon.turn()
    assert parts.serving.mode == "one-shot"
    assert wanted == [CLOCKS]
    parts.stop.set()
    parts.daemon.run()
    assert stopped == [True]


def test_what_was_recorded_is_decided_again_as_it_was(served: ServedBundle, systemd: Systemd, tmp_path: Path) -> None:
    rows: list[Signals] = []
    parts, settled, decided = Parts(served, systemd, trace=rows.append), Settled(), []
    governor = governed("thorough", None, None)(cheaper_in(served, "one-shot"))
    assert isinstance(governor, Governed)

    def decide(signals: Signals) -> Decision:
        decided.append(governor.decide(signals))
        return decided[-1]

    parts.daemon._governor = SimpleNamespace(decide=decide)  # type: ignore[assignment]
    for k in range(200):
        parts.clock.at_s = 0.2 * k
        for _ in range(60 if 50 <= k < 100 else k % 2):
            with suppress(Refused):
                parts.serving.submit(request(), served, settled)
        parts.daemon.turn()
    parts.serving.drain(5.0)
    write_trace(tmp_path / "trace", rows)
    again = list(replay_trace(read_trace(tmp_path / "trace"), governor.rules, governor.offers))
    assert [step.decision for step in again] == decided
    assert {decision.mode for decision in decided} == {"thorough", "one-shot"}


def test_a_request_that_finds_the_clocks_parked_wakes_the_loop(served: ServedBundle, systemd: Systemd) -> None:
    parts, settled = Parts(served, systemd), Settled()
    parts.serving.submit(request(), served, settled)
    assert not parts.serving.woken.is_set()
    parts.serving.parked = True
    parts.serving.submit(request(), served, settled)
    assert parts.serving.woken.is_set()
    parts.daemon.turn()
    assert not parts.serving.parked  # a fixed mode never parks
    assert not parts.serving.woken.is_set()
    parts.serving.drain(5.0)


def test_the_install_root_is_looked_at_in_every_turn(served: ServedBundle, systemd: Systemd) -> None:
    looks: list[bool] = []
    parts = Parts(served, systemd, swap=SimpleNamespace(look=lambda: looks.append(True), stop=lambda _: True))
    parts.daemon.turn()
    parts.daemon.turn()
    parts.serving.drain(5.0)
    assert looks == [True, True]


@pytest.mark.parametrize("loaded", [True, False])
def test_a_bundle_that_is_being_loaded_is_waited_for_at_the_end(
    served: ServedBundle, systemd: Systemd, loaded: bool
) -> None:
    parts = Parts(served, systemd, swap=SimpleNamespace(look=lambda: None, stop=lambda _: loaded))
    parts.stop.set()
    assert parts.daemon.run()
    assert parts.daemon.hangs is not loaded


def test_what_is_being_loaded_is_waited_for_within_the_time_that_is_left(
    served: ServedBundle, systemd: Systemd
) -> None:
    waits_s: list[float] = []
    parts = Parts(served, systemd, swap=SimpleNamespace(look=lambda: None, stop=lambda s: waits_s.append(s) or True))

    def connections_that_end_late(_: Callable[[], None]) -> None:
        parts.clock.at_s += parts.serving.limits.drain_s - 4.0

    parts.servers.stop = connections_that_end_late  # type: ignore[method-assign]
    parts.stop.set()
    assert parts.daemon.run()
    assert waits_s == [4.0]


def test_what_is_here_is_answered_before_it_ends(served: ServedBundle, systemd: Systemd) -> None:
    parts, settled = Parts(served, systemd), Settled()
    for _ in range(5):
        parts.serving.submit(request(), served, settled)
    parts.stop.set()
    assert parts.daemon.run()
    assert [job.answers is not None for job in settled.jobs] == [True] * 5
