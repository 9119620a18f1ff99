"""powerd and the installed bundle are looked at without disturbing either."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from runtime.boards.profile import profile
from runtime.boards.simulated import SimulatedBoard
from runtime.commands.doctor_service import ask_powerd, holds_clocks, look_at_installed, point_judge, sets_clocks
from runtime.contract.manifest import read_manifest
from runtime.contract.operating_point import OperatingPoint
from runtime.install.activate import install
from runtime.powerd.allow_list import Allowed
from runtime.powerd.client import PowerdClient
from tests.runtime.powerd.in_process import NOBODY, Fixed, running
from tests.tiny_cascade import CLOCKS

Answering = Callable[[bytes], str]


@pytest.fixture
def answering(tmp_path: Path) -> Iterator[Answering]:
    """`answering(bytes)`: a socket that hears one request, answers with that, and hangs up; its path."""
    open_sockets: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def made(answer: bytes) -> str:
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        open_sockets.append(listener)
        path = tmp_path / "powerd.sock"
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            line, _ = listener.accept()
            with line:
                assert json.loads(line.recv(1000)) == {"v": 1, "op": "status"}
                line.sendall(answer)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return str(path)

    yield made
    for thread in threads:
        thread.join(timeout=5.0)
    for each in open_sockets:
        each.close()


def test_powerd_tells_its_status(answering: Answering) -> None:
    path = answering(b'{"v": 1, "ok": true, "holder_pid": 7}\n')
    found = ask_powerd(path)
    assert (found.socket, found.reachable, found.serves, found.why_not) == (path, True, True, None)
    assert found.status == {"holder_pid": 7}


def test_a_real_powerd_answers_this_user_and_keeps_no_lease_for_it(tmp_path: Path) -> None:
    clocks = SimulatedBoard(profile("orin-nano-super")).clocks
    with running(clocks, tmp_path) as powerd:
        found = ask_powerd(str(powerd.path))
        assert found.serves
        assert sets_clocks(found)
        assert not holds_clocks(found)
        assert ask_powerd(str(powerd.path)).status == found.status
        assert (found.status or {})["lease"] is None
        assert (found.status or {})["problems"] == []


def test_a_powerd_that_holds_clocks_for_someone_says_so(tmp_path: Path) -> None:
    clocks = SimulatedBoard(profile("orin-nano-super")).clocks
    point = clocks.choices()[0]
    with running(clocks, tmp_path, Fixed(Allowed((point,), "a test"))) as powerd, PowerdClient(powerd.path) as client:
        client.set(point)
        assert holds_clocks(ask_powerd(str(powerd.path)))


def test_a_powerd_without_clocks_serves_and_sets_none(tmp_path: Path) -> None:
    with running(None, tmp_path) as powerd:
        found = ask_powerd(str(powerd.path))
        assert found.serves
        assert not sets_clocks(found)
        assert (found.status or {})["problems"]


def test_a_powerd_that_does_not_admit_this_user_is_reachable_and_refuses(tmp_path: Path) -> None:
    with running(None, tmp_path, access=NOBODY) as powerd:
        found = ask_powerd(str(powerd.path))
    assert (found.reachable, found.serves) == (True, False)
    assert str(found.why_not).startswith("refuses: ")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (
            b'{"v": 1, "ok": false, "error": {"what": "uid 1000 may not speak to powerd"}}\n',
            "refuses: uid 1000 may not",
        ),
        (b'{"v": 1, "ok": false}\n', "refuses: without a reason"),
        (b'{"v": 2, "ok": true}\n', "speaks another protocol"),
        (b"SSH-2.0-OpenSSH\n", "speaks another protocol"),
        (b"", "speaks another protocol"),
        (b"x" * 70_000, "speaks another protocol"),
    ],
)
def test_whatever_answers_otherwise_is_reachable_but_does_not_serve(
    answering: Answering, answer: bytes, why: str
) -> None:
    found = ask_powerd(answering(answer))
    assert (found.reachable, found.serves, found.status) == (True, False, None)
    assert why in str(found.why_not)


def test_a_powerd_that_says_nothing_is_left_after_a_while(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        assert ask_powerd(str(tmp_path / "s"), timeout_s=0.05).why_not == "does not answer in time"


def test_no_socket_and_a_dead_socket_mean_it_is_not_running(tmp_path: Path) -> None:
    assert "is not running: there is no socket" in str(ask_powerd(str(tmp_path / "absent")).why_not)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / "dead"))
    assert "a dead socket is left" in str(ask_powerd(str(tmp_path / "dead")).why_not)


def test_a_socket_that_this_user_may_not_open_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    class Closed(socket.socket):
        connect = refuse  # type: ignore[assignment]

    monkeypatch.setattr(socket, "socket", Closed)
    assert "may not speak to it" in str(ask_powerd("/x").why_not)


def test_a_path_that_can_be_no_socket_is_said(tmp_path: Path) -> None:
    assert ask_powerd(f"/{'x' * 200}").why_not == "AF_UNIX path too long"
    assert ask_powerd(str(tmp_path / "a" / "b")).reachable is False


def test_nothing_installed_is_no_error(tmp_path: Path) -> None:
    found = look_at_installed(tmp_path, "tx2", None)
    assert (found.bundle_id, found.error, found.points, found.fits) == (None, None, (), None)


def test_the_clocks_of_every_mode_are_judged(tmp_path: Path, bundle: Path) -> None:
    install(bundle, tmp_path / "root")
    asked: list[OperatingPoint] = []

    def judge(point: OperatingPoint) -> str | None:
        asked.append(point)
        return "because"

    found = look_at_installed(tmp_path / "root", "test-board", judge)
    assert found.bundle_id == read_manifest(bundle).bundle_id
    assert (found.compiled_for, found.fits) == ("test-board", True)
    assert [point.mode for point in found.points] == ["balanced", "thorough", "trunk-only", "one-shot"]
    assert {(point.settable, point.why_not) for point in found.points} == {(False, "because")}
    assert set(asked) == {CLOCKS}
    assert all(point.settable for point in look_at_installed(tmp_path / "root", None, lambda _: None).points)


def test_without_clocks_nothing_is_said_of_points_and_an_unknown_board_may_fit(tmp_path: Path, bundle: Path) -> None:
    install(bundle, tmp_path / "root")
    found = look_at_installed(tmp_path / "root", None, None)
    assert found.fits is None
    assert {(point.settable, point.why_not) for point in found.points} == {(None, None)}
    assert look_at_installed(tmp_path / "root", "tx2", None).fits is False


def test_a_damaged_bundle_is_a_finding_not_a_failure(tmp_path: Path, bundle: Path) -> None:
    install(bundle, tmp_path / "root")
    (tmp_path / "root" / "current" / "golden.npz").write_bytes(b"rotten")
    assert "golden.npz was changed" in str(look_at_installed(tmp_path / "root", None, None).error)


def test_a_root_that_cannot_be_read_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(_: Path) -> None:
        raise PermissionError(13, os.strerror(13))

    monkeypatch.setattr("runtime.commands.doctor_service.status", closed)
    assert "cannot be read: permission denied" in str(look_at_installed(tmp_path, None, None).error)


TABLES_HZ = {"cpu": (729_600_000, 1_728_000_000), "gpu": (306_000_000, 1_020_000_000), "emc": (2_133_000_000,)}
POINT = OperatingPoint(1_728_000_000, 1_020_000_000, 2_133_000_000)


def test_a_point_of_the_table_can_be_held() -> None:
    assert point_judge(TABLES_HZ, dict.fromkeys(TABLES_HZ), {})(POINT) is None
    assert point_judge(TABLES_HZ, {}, {"gpu": 1_020_000_000, "emc": None})(POINT) is None


def test_a_clock_whose_table_this_user_may_not_see_is_judged_by_whether_it_can_be_set() -> None:
    hidden = {**TABLES_HZ, "emc": None}
    assert point_judge(hidden, {}, {})(POINT) is None
    assert "needs root" in str(point_judge(hidden, {"emc": "needs root"}, {})(POINT))


def test_a_clock_that_a_point_leaves_out_does_not_matter() -> None:
    assert point_judge({"cpu": TABLES_HZ["cpu"]}, {}, {})(OperatingPoint(729_600_000, 0, 0)) is None


@pytest.mark.parametrize(
    ("tables_hz", "reasons", "limits_hz", "why"),
    [
        ({**TABLES_HZ, "gpu": ()}, {}, {}, "GPU at 1020 MHz: this machine shows no such clock"),
        ({**TABLES_HZ, "cpu": (1_190_400_000,)}, {}, {}, "CPU at 1728 MHz: not in this machine's table"),
        (TABLES_HZ, {"emc": "permission denied: needs root"}, {}, "EMC at 2133 MHz: permission denied: needs root"),
        (TABLES_HZ, {}, {"gpu": 612_000_000}, "GPU at 1020 MHz: capped at 612 MHz now"),
    ],
)
def test_what_keeps_a_point_from_being_held_is_named(
    tables_hz: dict[str, tuple[int, ...]], reasons: dict[str, str], limits_hz: dict[str, int], why: str
) -> None:
    assert why in str(point_judge(tables_hz, reasons, limits_hz)(POINT))
