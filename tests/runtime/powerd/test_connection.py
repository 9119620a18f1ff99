"""One connection's lines, limits and deadlines."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from runtime.powerd.connection import IDLE_TIMEOUT_S, MESSAGE_TIMEOUT_S, Connection
from runtime.powerd.peer import Peer
from runtime.powerd.protocol import MAX_MESSAGE_BYTES, Malformed

Pair = tuple[Connection, socket.socket]


@pytest.fixture
def pair() -> Iterator[Pair]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Connection(ours, Peer(1, 0, frozenset()), 1, now_s=0.0), theirs


def test_lines_come_out_as_they_were_sent_however_they_were_cut(pair: Pair) -> None:
    connection, client = pair
    client.sendall(b"on")
    assert connection.receive(0.0)
    assert not connection.has_line()
    client.sendall(b"e\ntwo\nth")
    connection.receive(0.0)
    assert [connection.next_line(0.0), connection.next_line(0.0)] == [b"one", b"two"]
    assert not connection.has_line()
    client.close()
    assert not connection.receive(0.0)


@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_that_is_too_long_is_malformed_with_or_without_an_end(pair: Pair, end: bytes) -> None:
    connection, client = pair
    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    client.setblocking(False)
    unsent = b"x" * (MAX_MESSAGE_BYTES + 1) + end
    while unsent:
        unsent = unsent[client.send(unsent) :]
        connection.receive(0.0)
    while not connection.has_line():
        connection.receive(0.0)
    with pytest.raises(Malformed, match="at most 65536 bytes"):
        connection.next_line(0.0)


def test_an_idle_client_has_its_time_and_a_holder_its_lease(pair: Pair) -> None:
    connection, _ = pair
    assert connection.deadline_s(holds_lease=False) == IDLE_TIMEOUT_S
    assert connection.deadline_s(holds_lease=True) is None


def test_half_a_line_has_less_time_however_slowly_it_grows(pair: Pair) -> None:
    connection, client = pair
    for now_s in (10.0, 12.0, 14.0):
        client.sendall(b"x")
        connection.receive(now_s)
        assert connection.deadline_s(holds_lease=True) == 10.0 + MESSAGE_TIMEOUT_S
    client.sendall(b"\n")
    connection.receive(14.5)
    connection.next_line(14.5)
    assert connection.deadline_s(holds_lease=False) == 14.5 + IDLE_TIMEOUT_S


def test_replies_that_are_not_read_are_kept_and_have_a_deadline(pair: Pair) -> None:
    connection, client = pair
    reply = b"r" * 60_000
    sent = 0
    while not connection.has_unsent():
        connection.send(reply, 3.0)
        sent += 1
    connection.send(reply, 4.0)
    assert connection.deadline_s(holds_lease=True) == 3.0 + MESSAGE_TIMEOUT_S
    got = 0
    while got < (sent + 1) * len(reply):
        got += len(client.recv(1 << 20))
        connection.flush(5.0)
    assert not connection.has_unsent()
