"""The other side of powerd: leases that are renewed, and lost."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runtime.boards.clocks import ClockRefused, ClocksTaken, held_at
from runtime.powerd.client import NOWHERE, LeaseLost, PowerdClient, PowerdError, connected
from runtime.powerd.leased_clocks import LeasedClocks
from runtime.powerd.protocol import MAX_MESSAGE_BYTES, Code
from tests.runtime.powerd.clock_doubles import FAST, MIDDLE, OTHER, SLOW, MemoryClocks
from tests.runtime.powerd.in_process import NOBODY, Raw, running
from tests.runtime.powerd.test_server import eventually


def test_clocks_are_held_inside_the_block_and_as_found_after(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it:
        with PowerdClient(it.path) as client:
            applied = client.set(SLOW)
            assert (applied.requested, applied.applied, applied.took_s) == (SLOW, SLOW, 0.001)
            assert clocks.at == SLOW
        assert clocks.at == FAST


def test_a_lease_outlives_its_ttl_while_the_process_lives(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, PowerdClient(it.path, ttl_s=0.3) as client:
        client.set(SLOW)
        time.sleep(0.7)
        assert clocks.at == SLOW
        assert client.lost is None


class Interrupted:
    """A socket whose next recv is cut short by Ctrl-C."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock, self.interrupted = sock, False

    def recv(self, count: int) -> bytes:
        if not self.interrupted:
            self.interrupted = True
            raise KeyboardInterrupt
        return self.sock.recv(count)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.sock, name)


def test_the_reply_to_an_interrupted_request_is_not_taken_for_the_next_ones(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, PowerdClient(it.path) as client:
        assert client._sock is not None
        interrupted: Any = Interrupted(client._sock)
        client._sock = interrupted
        with pytest.raises(KeyboardInterrupt), held_at(LeasedClocks(client), SLOW):
            pass
        assert clocks.at == FAST
        assert client.status().current == FAST
        assert client.set(MIDDLE).applied == MIDDLE


def test_status_needs_no_lease_and_tells_whose_it_is(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path) as it, PowerdClient(it.path) as holder:
        holder.set(SLOW)
        onlooker = PowerdClient(it.path)
        status = onlooker.status()
        onlooker.close()
        assert (status.current, status.held, status.allowed) == (SLOW, SLOW, (SLOW, MIDDLE, FAST))
        assert (status.yours, status.yielded, status.source, status.problems) == (False, False, "bundle abc", ())
        assert holder.status().yours
        assert status.holder_pid is not None


def test_a_second_client_is_refused_with_the_first_ones_pid(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path) as it, PowerdClient(it.path):
        with pytest.raises(PowerdError, match=r"process \d+ holds the clocks") as refusal, PowerdClient(it.path):
            pass
        assert refusal.value.code is Code.HELD


def test_points_outside_the_list_are_refused_as_by_any_clocks(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, PowerdClient(it.path) as client:
        with pytest.raises(ClockRefused, match="is not an operating point of bundle abc") as refusal:
            client.set(OTHER)
        assert (refusal.value.asked, refusal.value.holds) == (OTHER, FAST)
        clocks.points = (MIDDLE, FAST)
        with pytest.raises(ClockRefused, match="the device holds") as refusal:
            client.set(SLOW)
        assert str(refusal.value).count("not to be had") == 1


def test_a_holder_of_unreadable_clocks_is_refused_with_no_clocks(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, PowerdClient(it.path) as client:
        clocks.read_fails = OSError(5, "asleep")
        assert client.status().current is None
        with pytest.raises(ClockRefused) as refusal:
            client.set(OTHER)
        assert refusal.value.holds == NOWHERE


def test_taken_clocks_are_told_and_can_be_taken_back(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it, PowerdClient(it.path) as client:
        client.set(SLOW)
        clocks.take(OTHER)
        for _ in range(2):
            with pytest.raises(ClocksTaken, match=r"(.|\n)*acquire again"):
                client.set(MIDDLE)
        assert client.status().yielded
        assert clocks.at == OTHER
        client.acquire()
        client.set(MIDDLE)
        assert clocks.at == MIDDLE


def test_release_ends_the_lease_and_restore_does_not(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    with running(clocks, tmp_path) as it:
        client = PowerdClient(it.path)
        client.acquire()
        client.set(SLOW)
        client.restore()
        assert clocks.at == FAST
        client.set(SLOW)
        client.release()
        assert clocks.at == FAST
        with pytest.raises(LeaseLost, match="holds no lease"):
            client.set(SLOW)
        client.acquire()
        client.set(SLOW)
        client.close()
        client.close()


def test_a_lost_lease_stays_lost_until_it_is_acquired_again(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    client = PowerdClient(tmp_path / "powerd.sock", ttl_s=0.1)
    with running(clocks, tmp_path):
        client.acquire()
        client.set(SLOW)
    assert clocks.at == FAST
    assert eventually(lambda: client.lost is not None)
    with pytest.raises(LeaseLost, match=r"the lease on the clocks was lost: (.|\n)*acquire it again"):
        client.set(SLOW)
    with pytest.raises(PowerdError, match="powerd does not answer"):
        client.status()
    with running(clocks, tmp_path):
        assert client.status().current == FAST
        with pytest.raises(LeaseLost):
            client.set(SLOW)
        client.acquire()
        client.set(SLOW)
        assert (clocks.at, client.lost) == (SLOW, None)
    client.close()


def test_a_call_that_finds_powerd_gone_says_that_the_lease_is_lost(tmp_path: Path) -> None:
    client = PowerdClient(tmp_path / "powerd.sock", ttl_s=60)
    with running(MemoryClocks(), tmp_path):
        client.acquire()
    with pytest.raises(LeaseLost, match=r"powerd does not answer(.|\n)*restores the clocks it found"):
        client.set(SLOW)
    assert client.lost is not None
    client.close()


def test_a_renewal_that_is_declined_is_a_lost_lease(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def declines(*_: object) -> None:
        raise PowerdError("the device failed", where="here", to_do="mend it")

    with running(MemoryClocks(), tmp_path) as it, PowerdClient(it.path, ttl_s=0.3) as client:
        monkeypatch.setattr(client, "_ask", declines)
        assert eventually(lambda: client.lost is not None)
        assert "the device failed" in str(client.lost)


def test_without_powerd_the_user_is_told_to_start_it(tmp_path: Path) -> None:
    with pytest.raises(PowerdError, match=r"powerd does not answer: .*No such file(.|\n)*systemctl start edge-powerd"):
        PowerdClient(tmp_path / "none").status()


def test_a_socket_of_another_group_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(PowerdClient, "_exchange", denied)
    with pytest.raises(PowerdError, match=r"Permission denied(.|\n)*run as a user of powerd's group"):
        PowerdClient(tmp_path / "none").status()


def test_a_stranger_hears_why_although_powerd_has_hung_up(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path, access=NOBODY) as it:
        with pytest.raises(PowerdError, match="may not set clocks here") as refusal:
            PowerdClient(it.path).status()
        assert refusal.value.code is Code.FOREIGN


def test_a_wrong_ttl_is_a_clear_error(tmp_path: Path) -> None:
    with (
        running(MemoryClocks(), tmp_path) as it,
        pytest.raises(PowerdError, match=r"ttl_s must be a number from 0\.1 to 60"),
        PowerdClient(it.path, ttl_s=61),
    ):
        pass


@contextmanager
def answering(path: Path, content: bytes) -> Iterator[None]:
    """Something that is no powerd: it answers the first request so, then hangs up."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen(1)

    def serve() -> None:
        sock, _ = listener.accept()
        with sock:
            sock.recv(4096)
            sock.sendall(content)

    thread = threading.Thread(target=serve)
    thread.start()
    yield
    thread.join()
    listener.close()


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it closed the connection"),
        (b"half", "it closed the connection"),
        (b"[]\n", "not a JSON object"),
        (b"x" * (2 * MAX_MESSAGE_BYTES + 1), "a reply is too long"),
    ],
)
def test_something_that_is_no_powerd_is_not_believed(tmp_path: Path, content: bytes, why: str) -> None:
    with answering(tmp_path / "sock", content), pytest.raises(PowerdError, match=why):
        PowerdClient(tmp_path / "sock").status()


def test_a_powerd_that_hangs_is_given_up(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "sock"))
        silent.listen(1)
        with pytest.raises(PowerdError, match="timed out"):
            PowerdClient(tmp_path / "sock", timeout_s=0.05).status()


def test_what_the_client_says_can_be_read_by_any_other_program(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path) as it, Raw(it.path) as raw:
        raw.send(json.dumps({"op": "status", "v": 1}).encode() + b"\n")
        assert raw.reply()["v"] == 1


def test_a_full_queue_is_waited_for_but_not_for_ever(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as busy:
        busy.bind(str(tmp_path / "sock"))
        busy.listen(0)
        with connected(tmp_path / "sock", 1.0):
            with pytest.raises(BlockingIOError):
                connected(tmp_path / "sock", 0.03)
            threading.Timer(0.05, lambda: busy.accept()[0].close()).start()
            connected(tmp_path / "sock", 10.0).close()
