"""The loop: floods, slow clients, strangers and dying holders."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from runtime.powerd import server as server_module
from runtime.powerd.connection import IDLE_TIMEOUT_S, MESSAGE_TIMEOUT_S
from runtime.powerd.control import Control
from runtime.powerd.daemon import listening_at
from runtime.powerd.keeper import ClockKeeper
from runtime.powerd.notify import Notifier
from runtime.powerd.peer import AccessRule
from runtime.powerd.protocol import MAX_MESSAGE_BYTES, encoded
from runtime.powerd.server import MAX_PER_USER, Server
from runtime.powerd.state_file import StateFile
from tests.runtime.powerd.clock_doubles import FAST, SLOW, MemoryClocks
from tests.runtime.powerd.in_process import BUNDLE, NOBODY, Raw, running


def eventually(condition: Callable[[], bool]) -> bool:
    """Whether it becomes true within ten seconds."""
    until_s = time.monotonic() + 10.0
    while not condition() and time.monotonic() < until_s:
        time.sleep(0.002)
    return condition()


def holding(raw: Raw) -> Raw:
    assert raw.ask("acquire", ttl_s=30)["ok"]
    assert raw.ask("set", point=SLOW.to_json())["ok"]
    return raw


def test_a_holder_that_goes_without_a_word_leaves_the_clocks_as_found(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it:
        holding(Raw(it.path)).close()
        assert eventually(lambda: clocks.at == FAST)


def test_a_holder_that_falls_silent_loses_the_clocks_though_it_stays_connected(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, Raw(it.path) as client:
        client.ask("acquire", ttl_s=0.1)
        client.ask("set", point=SLOW.to_json())
        assert eventually(lambda: clocks.at == FAST)
        assert client.ask("set", point=SLOW.to_json())["error"]["code"] == "no_lease"


def test_stopping_brings_the_clocks_back(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, Raw(it.path) as client:
        holding(client)
        it.server.stop()
        assert eventually(lambda: it.restored is True)
        assert clocks.at == FAST
        it.server.stop()  # once more does no harm


@pytest.mark.parametrize("line", [b"reboot\n", b"x" * (MAX_MESSAGE_BYTES + 1), b'{"v":1,"op":"set","point":1}\n'])
def test_a_malformed_message_is_answered_and_the_connection_closed(tmp_path: Path, line: bytes) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, Raw(it.path) as holder, Raw(it.path) as client:
        holding(holder)
        client.send(line)
        error = client.reply()["error"]
        assert (error["code"], error["what"].startswith("malformed message: ")) == ("malformed", True)
        assert client.reply() == {}
        assert holder.ask("renew")["ok"]
        assert clocks.was_at == [SLOW]


def test_a_holders_malformed_message_ends_its_lease(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, Raw(it.path) as client:
        holding(client)
        client.send(b"{}\n")
        assert client.reply()["error"]["code"] == "malformed"
        assert eventually(lambda: clocks.at == FAST)


def test_several_requests_at_once_are_answered_in_order(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path) as it, Raw(it.path) as client:
        client.send(encoded({"op": "acquire", "ttl_s": 5}) + encoded({"op": "renew"}) + encoded({"op": "release"}))
        assert [sorted(client.reply()) for _ in range(3)] == [
            ["ok", "ttl_s", "v"], ["ok", "ttl_s", "v", "yielded"], ["ok", "restored", "v"],
        ]  # fmt: skip


def test_a_flood_of_connections_is_sent_away_and_the_holder_keeps_its_lease(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, Raw(it.path) as holder:
        holding(holder)
        flood = [Raw(it.path) for _ in range(MAX_PER_USER + 20)]
        refused = [client for client in flood[MAX_PER_USER - 1 :] if client.reply()["error"]["code"] == "crowded"]
        assert len(refused) == 21  # the holder is one of the user's
        for _ in range(20):
            assert holder.ask("renew")["ok"]
        for client in flood:
            client.close()
        assert clocks.at == SLOW
        assert eventually(lambda: answers(it.path))


def answers(path: Path) -> bool:
    with Raw(path) as client:
        try:
            return bool(client.ask("status").get("ok"))
        except OSError:
            return False


def test_a_flood_of_messages_does_not_keep_the_holder_waiting(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path) as it, Raw(it.path) as holder:
        holding(holder)
        flood = [Raw(it.path) for _ in range(8)]
        for client in flood:
            client.sock.setblocking(False)
            with suppress(BlockingIOError):  # nobody reads the replies: powerd stops reading, not serving
                while True:
                    client.sock.send(encoded({"op": "status"}) * 100)
        for _ in range(50):
            assert holder.ask("renew")["ok"]
        for client in flood:
            client.close()
        assert holder.ask("renew")["ok"]


def test_a_client_that_sends_faster_than_it_is_answered_fills_its_own_buffers(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it, Raw(it.path) as client:
        it.server.turn()
        client.sock.setblocking(False)
        sent_bytes = 0
        for _ in range(200):
            with suppress(BlockingIOError):
                while True:
                    sent_bytes += client.sock.send(encoded({"op": "renew"}) * 4000)
            it.server.turn()
            with suppress(BlockingIOError):
                client.sock.recv(1 << 20)  # it does take its replies
        assert sent_bytes < 1 << 20  # what the kernel holds, and one helping of powerd's own


def test_a_stranger_is_told_so_and_sent_away(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path, access=NOBODY) as it, Raw(it.path) as client:
        error = client.reply()["error"]
        assert error["code"] == "foreign"
        assert f"user {os.geteuid()} may not set clocks here" in error["what"]


class ByHand:
    """A server whose turns the test takes itself, on its own time."""

    def __init__(self, folder: Path, **more: Any) -> None:
        self.now_s = 0.0
        self.clocks = MemoryClocks()
        control = Control(ClockKeeper(self.clocks, StateFile(folder / "state", None)), BUNDLE, FAST)
        self.listener = listening_at(folder / "sock", None)
        self.path = folder / "sock"
        self.server = Server(self.listener, control, AccessRule(os.geteuid()), now_s=lambda: self.now_s, **more)

    def __enter__(self) -> ByHand:
        return self

    def __exit__(self, *_: object) -> None:
        self.server.close()

    def ask(self, client: Raw, op: str, **rest: Any) -> dict[str, Any]:
        client.send(encoded({"op": op, **rest}))
        self.server.turn()
        return client.reply()


def test_a_client_that_stops_in_the_middle_of_a_line_is_given_up(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it, Raw(it.path) as client:
        it.server.turn()
        assert it.ask(client, "acquire", ttl_s=60)["ok"]
        client.send(b'{"v":1,')
        it.server.turn()
        it.now_s += MESSAGE_TIMEOUT_S
        it.server.turn()
        assert client.reply() == {}
        assert it.clocks.at == FAST


def test_a_client_without_a_lease_is_given_up_when_idle_and_a_holder_is_not(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it, Raw(it.path) as idle, Raw(it.path) as holder:
        it.server.turn()
        assert it.ask(holder, "acquire", ttl_s=60)["ok"]
        it.now_s += IDLE_TIMEOUT_S
        it.server.turn()
        assert idle.reply() == {}
        assert it.ask(holder, "renew")["ok"]


def test_the_watchdog_is_pinged_from_the_loop_twice_in_its_time(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        with ByHand(tmp_path, notifier=Notifier(str(tmp_path / "notify")), ping_s=5.0) as it:
            it.server.turn()
            assert systemd.recv(100) == b"WATCHDOG=1"
            it.now_s = 5.0
            it.server.turn()
            assert systemd.recv(100) == b"WATCHDOG=1"


def test_ready_and_stopping_are_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        with running(MemoryClocks(), tmp_path, notifier=Notifier(str(tmp_path / "notify"))):
            assert systemd.recv(100) == b"READY=1"
        assert systemd.recv(100) == b"STOPPING=1"


class Failing:
    """A listening socket whose accept fails as told."""

    def __init__(self, listener: socket.socket, failures: list[OSError]) -> None:
        self.listener, self.failures = listener, failures

    def accept(self) -> tuple[socket.socket, Any]:
        if self.failures:
            raise self.failures.pop()
        return self.listener.accept()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.listener, name)


def test_without_file_descriptors_powerd_waits_a_little_instead_of_spinning(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it, Raw(it.path) as client:
        failing: Any = Failing(it.listener, [OSError(errno.EMFILE, "too many open files")])
        it.server._selector.unregister(it.listener)
        it.server._listener = failing
        it.server._selector.register(failing, server_module.READ)
        it.server.turn()
        assert failing not in it.server._selector.get_map()
        it.now_s += server_module.DEAF_S
        it.server.turn()
        it.server.turn()
        assert it.ask(client, "status")["ok"]


def test_a_client_that_vanishes_before_it_is_known_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(_: socket.socket) -> Any:
        raise OSError(errno.ENOTCONN, "gone")

    with ByHand(tmp_path) as it:
        with monkeypatch.context() as patch, Raw(it.path) as client:
            patch.setattr(server_module, "peer_of", gone)
            it.server.turn()
            assert client.reply() == {}
        with Raw(it.path) as client:
            it.server.turn()
            assert it.ask(client, "status")["ok"]


def test_what_a_dead_client_had_still_asked_for_is_not_done(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it:
        client = Raw(it.path)
        it.server.turn()
        assert it.ask(client, "acquire", ttl_s=60)["ok"]
        client.send(encoded({"op": "set", "point": SLOW.to_json()}) * 100)
        client.close()
        while it.server._connections:
            it.server.turn()
        assert len(it.clocks.was_at) <= 1
        assert it.clocks.at == FAST


def test_a_client_that_resets_is_dropped(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it:
        client = Raw(it.path)
        it.server.turn()
        assert it.ask(client, "acquire", ttl_s=60)["ok"]
        client.send(encoded({"op": "renew"}))
        it.server.turn()
        client.close()  # with a reply unread: the next read or write of powerd fails
        it.server.turn()
        assert not it.server._control.holds_lease(1)


def test_a_client_that_reads_late_gets_every_reply(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it, Raw(it.path) as client:
        it.server.turn()
        (connection,) = it.server._connections.values()
        connection.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2048)
        client.send(encoded({"op": "status"}) * 50)
        while not connection.has_unsent():
            it.server.turn()
        read = client.sock.recv(1 << 16)
        while read.count(b"\n") < 50:
            it.server.turn()
            read += client.sock.recv(1 << 16)
        assert not connection.has_unsent()


def test_a_client_that_is_sent_away_and_has_gone_already_does_no_harm(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it:
        it.server._access = NOBODY
        Raw(it.path).close()
        it.server.turn()
        assert it.server._connections == {}


def test_a_socket_that_only_seems_readable_is_left_alone(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it, Raw(it.path) as client:
        it.server.turn()
        (connection,) = it.server._connections.values()
        it.server._move_bytes(connection, server_module.READ, 0.0)
        assert it.ask(client, "status")["ok"]


def test_a_client_that_closes_before_its_reply_is_dropped(tmp_path: Path) -> None:
    with ByHand(tmp_path) as it:
        client = Raw(it.path)
        it.server.turn()
        client.send(encoded({"op": "status"}))
        client.sock.shutdown(socket.SHUT_RD)
        it.server.turn()
        assert it.server._connections == {}
        client.close()
