"""A kernel that outlives the processes under test."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.boards.behaviour import AT_ONCE, BehaviouralTree, Quirks, RealTime, behavioural_board
from runtime.boards.behaviour.remote import MAX_BYTES, RemoteIO, TreeServer

from .orin_paths import EMC, GPU, ORIN, RAILGATE

ROOT = Path(__file__).resolve().parents[4]


@pytest.fixture
def tree() -> BehaviouralTree:
    return behavioural_board(ORIN, time=RealTime(0.0), quirks=Quirks(switching=AT_ONCE, gpu_railgates=False))


@pytest.fixture
def server(tree: BehaviouralTree, tmp_path: Path) -> Iterator[TreeServer]:
    with TreeServer(tree, tmp_path / "kernel.sock") as running:
        yield running


@pytest.fixture
def remote(server: TreeServer) -> Iterator[RemoteIO]:
    io = RemoteIO(server.socket_path)
    yield io
    io.close()


def test_files_read_write_and_list_as_on_the_other_side(tree: BehaviouralTree, remote: RemoteIO) -> None:
    remote.write(f"{GPU}/max_freq", "612000000")
    assert remote.read(f"{GPU}/max_freq") == tree.read(f"{GPU}/max_freq") == b"612000000\n"
    assert remote.names(GPU) == tree.names(GPU)
    assert remote.read("/proc/device-tree/model") == tree.read("/proc/device-tree/model")


def test_errors_come_across_with_their_number_and_path(tree: BehaviouralTree, remote: RemoteIO) -> None:
    tree.uid = 1000
    with pytest.raises(PermissionError) as caught:
        remote.read(f"{EMC}/rate")
    assert caught.value.filename == f"{EMC}/rate"
    with pytest.raises(FileNotFoundError):
        remote.names("/nowhere")
    with pytest.raises(PermissionError):
        remote.write(RAILGATE, "0")


def test_a_connection_that_was_closed_is_opened_again(remote: RemoteIO) -> None:
    assert remote.read(RAILGATE)
    remote.close()
    remote.close()
    assert remote.read(RAILGATE)


def test_a_server_that_is_gone_is_an_error_and_not_silence(tree: BehaviouralTree, tmp_path: Path) -> None:
    server = TreeServer(tree, tmp_path / "kernel.sock")
    remote = RemoteIO(server.socket_path)
    assert remote.read(RAILGATE)
    server.close()
    server.close()
    with pytest.raises(OSError, match=r"kernel is gone|Broken pipe|reset"):
        remote.read(RAILGATE)
    with pytest.raises(FileNotFoundError):
        remote.read(RAILGATE)


def test_a_process_killed_on_order_loses_its_connection(tree: BehaviouralTree, remote: RemoteIO) -> None:
    tree.faults.crash_after(1)
    with pytest.raises(ConnectionError, match="kernel is gone"):
        remote.write(RAILGATE, "0")
    tree.faults.new_process()
    assert remote.read(RAILGATE) == b"0\n"


def raw(server: TreeServer, content: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(server.socket_path))
        connection.sendall(content)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(1 << 16)


def framed(content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + content


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\0\0",
        struct.pack(">I", MAX_BYTES + 1),
        framed(b"{"),
        framed(b"[1]"),
        framed(b"\xff\xfe"),
        framed(json.dumps({"do": "write", "path": RAILGATE, "text": "0"}).encode())[:-1],
    ],
)
def test_half_a_request_or_nonsense_changes_nothing_and_hurts_nobody(
    tree: BehaviouralTree, server: TreeServer, remote: RemoteIO, content: bytes
) -> None:
    assert raw(server, content) == b""
    assert remote.read(RAILGATE) == b"1\n"
    assert tree.writes == []


def test_an_unknown_verb_is_refused(server: TreeServer) -> None:
    assert b'"errno"' in raw(server, framed(json.dumps({"do": "erase", "path": "/"}).encode()))


def test_a_client_that_leaves_without_waiting_has_written(tree: BehaviouralTree, server: TreeServer) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(str(server.socket_path))
        connection.sendall(framed(json.dumps({"do": "write", "path": RAILGATE, "text": "0"}).encode()))
    server.close()
    assert tree.writes in ([], [(RAILGATE, "0")])


def test_threads_share_a_connection_without_mixing_answers(remote: RemoteIO) -> None:
    wrong: list[bytes] = []

    def look(path: str, expected: bytes) -> None:
        wrong.extend(answer for _ in range(50) if (answer := remote.read(path)) != expected)

    looks = [(RAILGATE, b"1\n"), (f"{GPU}/governor", b"nvhost_podgov\n"), ("/proc/uptime", remote.read("/proc/uptime"))]
    threads = [threading.Thread(target=look, args=pair) for pair in looks[:2]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


WRITER = """
import sys
from pathlib import Path
from runtime.boards.behaviour.remote import RemoteIO
io, gpu = RemoteIO(Path(sys.argv[1])), sys.argv[2]
while True:
    for hz in ("306000000", "612000000"):
        io.write(f"{gpu}/max_freq", hz)
        io.write(f"{gpu}/min_freq", hz)
        print(hz, flush=True)
"""


def test_the_kernel_survives_a_kill_9_of_its_client(
    tree: BehaviouralTree, server: TreeServer, remote: RemoteIO
) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(server.socket_path), GPU], cwd=ROOT, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert tree.allowed() == ()
    assert all(text in ("306000000", "612000000") for _, text in tree.writes)
    remote.write(f"{GPU}/min_freq", "0")
    assert remote.read(f"{GPU}/min_freq") == b"306000000\n"
