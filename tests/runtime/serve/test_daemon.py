"""The control loop."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.powerd.notify import Notifier
from runtime.serve.daemon import MOST_STUCK, Daemon, Surroundings
from runtime.serve.governing import fixed
from runtime.serve.served_bundle import ServedBundle
from runtime.serve.serving import Serving
from tests.tiny_cascade import CLOCKS

from .serving_doubles import Settled, request
from .test_job_queue import Clock


class FakeServers:
    def __init__(self) -> None:
        self.alive, self.stopped = True, False

    def stop(self) -> None:
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


def test_with_too_many_hanging_threads_the_watchdog_is_left_alone(served: ServedBundle, systemd: Systemd) -> None:
    parts = Parts(served, systemd)
    release = threading.Event()
    for _ in range(MOST_STUCK + 1):
        thread = threading.Thread(target=release.wait, daemon=True)
        thread.start()
        stuck: Any = SimpleNamespace(thread=thread)
        parts.serving.workers.given_up.append(stuck)
    for parts.clock.at_s in (0.0, 10.0, 20.0):
        parts.daemon.turn()
    release.set()
    parts.serving.drain(5.0)
    assert systemd.heard() == []
    assert not parts.serving.ready
    assert len(parts.reports) == 1


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


def test_what_the_governor_is_told_is_recorded_once_a_second(served: ServedBundle, systemd: Systemd) -> None:
    rows: list[Any] = []
    parts = Parts(served, systemd, trace=rows.append)
    for parts.clock.at_s in (0.0, 0.1, 0.9, 1.0, 2.5):
        parts.daemon.turn()
    parts.serving.drain(5.0)
    assert [row.at_s for row in rows] == [0.0, 1.0, 2.5]


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


def test_what_is_here_is_answered_before_it_ends(served: ServedBundle, systemd: Systemd) -> None:
    parts, settled = Parts(served, systemd), Settled()
    for _ in range(5):
        parts.serving.submit(request(), served, settled)
    parts.stop.set()
    assert parts.daemon.run()
    assert [job.answers is not None for job in settled.jobs] == [True] * 5
