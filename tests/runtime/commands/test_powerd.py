"""`edge-runtime powerd`."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runtime.commands import powerd
from runtime.commands.powerd import machine_from, run_on
from runtime.contract.errors import ConfigError
from runtime.install.activate import install
from runtime.powerd.allow_list import BundlePoints, ListedPoints
from runtime.powerd.client import PowerdClient, connected
from runtime.powerd.daemon import Machine
from runtime.powerd.keeper import ClockKeeper
from runtime.powerd.state_file import StateFile
from tests.runtime.commands.conftest import Outcome
from tests.runtime.powerd.clock_doubles import FAST, SLOW, MemoryClocks, unwritable
from tests.runtime.powerd.test_server import eventually
from tests.tiny_cascade import CLOCKS

Call = Callable[..., Outcome]
UNIT = Path(__file__).resolve().parents[3] / "deploy" / "systemd" / "edge-powerd.service"


def arguments(folder: Path, *more: str) -> Namespace:
    parser = ArgumentParser()
    powerd.add_arguments(parser)
    socket_path, state = str(folder / "powerd.sock"), str(folder / "powerd.state.json")
    return parser.parse_args(["--socket", socket_path, "--state", state, "--root", str(folder), *more])


class Visit(threading.Thread):
    """A client that comes when powerd listens, does something, and has powerd stopped by a signal."""

    def __init__(self, folder: Path, does: Callable[[PowerdClient], Any], number: int = signal.SIGTERM) -> None:
        super().__init__(daemon=True)
        self.folder, self.does, self.number = folder, does, number
        self.saw: Any = None
        self.start()

    def run(self) -> None:
        client = PowerdClient(self.folder / "powerd.sock")
        try:
            if eventually(self.listening):
                self.saw = self.does(client)
        finally:
            os.kill(os.getpid(), self.number)
            client.close()

    def listening(self) -> bool:
        # A socket is there a moment before anybody listens at it.
        try:
            connected(self.folder / "powerd.sock", 1.0).close()
        except OSError:
            return False
        return True


def hold_slow(client: PowerdClient) -> Any:
    client.acquire()
    return client.set(SLOW).applied


def listed(folder: Path) -> list[str]:
    (folder / "points.json").write_text(json.dumps([SLOW.to_json()]))
    return ["--allow", str(folder / "points.json")]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_serves_until_a_signal_and_leaves_the_clocks_as_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int
) -> None:
    clocks, before = MemoryClocks(), signal.getsignal(number)
    visit = Visit(tmp_path, hold_slow, number)
    assert run_on(arguments(tmp_path, *listed(tmp_path)), Machine(clocks, "", None)) == 0
    visit.join()
    assert (visit.saw, clocks.at, clocks.restored) == (SLOW, FAST, 1)
    assert signal.getsignal(number) is before
    said = capsys.readouterr().err
    assert f"powerd: listening on {tmp_path / 'powerd.sock'}" in said
    assert "powerd: stopped: the clocks are as they were found" in said


def test_clocks_that_stay_changed_at_the_end_are_an_exit_status_of_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clocks = MemoryClocks()

    def hold_and_break(client: PowerdClient) -> None:
        hold_slow(client)
        clocks.restore_fails = unwritable()

    visit = Visit(tmp_path, hold_and_break)
    assert run_on(arguments(tmp_path, *listed(tmp_path)), Machine(clocks, "", None)) == 1
    visit.join()
    assert (tmp_path / "powerd.state.json").exists()
    assert "powerd: stopped, and some clocks stay changed" in capsys.readouterr().err


def test_the_list_in_the_help_is_one_that_it_takes(tmp_path: Path) -> None:
    (found,) = re.findall(r"^    (\[\{.*\}\])$", powerd.__doc__ or "", re.MULTILINE)
    (tmp_path / "points.json").write_text(found)
    assert len(ListedPoints(tmp_path / "points.json").now().points) == 1


def test_the_installed_bundle_says_what_may_be_set(
    tmp_path: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    install(bundle, tmp_path)
    visit = Visit(tmp_path, lambda client: client.status().allowed)
    assert run_on(arguments(tmp_path, "--json"), Machine(MemoryClocks((CLOCKS, FAST)), "", None)) == 0
    visit.join()
    assert visit.saw == tuple(sorted((CLOCKS, FAST)))
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {"powerd": f"listening on {tmp_path / 'powerd.sock'}"} in lines


def test_what_may_be_set_comes_from_the_bundle_or_from_a_list(tmp_path: Path) -> None:
    assert isinstance(powerd.allow_list_of(arguments(tmp_path)), BundlePoints)
    assert isinstance(powerd.allow_list_of(arguments(tmp_path, *listed(tmp_path))), ListedPoints)


def test_users_and_groups_are_taken_by_name_and_number(tmp_path: Path) -> None:
    args = arguments(tmp_path, "--group", str(os.getegid()), "--allow-user", "root", "--allow-user", "1234")
    visit = Visit(tmp_path, lambda _: (tmp_path / "powerd.sock").stat().st_gid)
    assert run_on(args, Machine(MemoryClocks(), "", None)) == 0
    visit.join()
    assert visit.saw == os.getegid()


@pytest.mark.parametrize("option", ["--group", "--allow-user"])
def test_an_unknown_name_is_an_error(tmp_path: Path, option: str) -> None:
    with pytest.raises(ConfigError, match=f"there is no (group|user) 'nobody-here'\n  where: {option}"):
        run_on(arguments(tmp_path, option, "nobody-here"), Machine(MemoryClocks(), "", None))


def test_systemd_is_told_that_it_is_ready_and_alive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "20000")
        visit = Visit(tmp_path, lambda _: [systemd.recv(50) for _ in range(4)])
        run_on(arguments(tmp_path), Machine(None, "none here", None))
        visit.join()
    assert visit.saw == [b"READY=1", b"WATCHDOG=1", b"WATCHDOG=1", b"WATCHDOG=1"]


def test_restoring_alone_says_whether_there_was_anything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    clocks = MemoryClocks()
    ClockKeeper(clocks, StateFile(tmp_path / "powerd.state.json", "boot")).hold(SLOW)
    for said in ("the clocks found are restored", "there was nothing to restore"):
        assert run_on(arguments(tmp_path, "--restore"), Machine(clocks, "", "boot")) == 0
        assert said in capsys.readouterr().err
    assert clocks.at == FAST


def test_restoring_nothing_on_a_machine_without_clocks_is_no_error(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = call("powerd", "--restore", "--state", tmp_path / "powerd.state.json", "--hardware", tmp_path / "empty")
    assert (outcome.status, "nothing to restore" in outcome.err) == (0, True)


def test_a_model_board_can_be_served(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    visit = Visit(tmp_path, lambda client: client.status())
    assert powerd.run(arguments(tmp_path, "--hardware", "model:orin-nano-super")) == 0
    visit.join()
    assert visit.saw.allowed == (visit.saw.current,)
    assert visit.saw.problems == (f"no bundle is installed under {tmp_path}",)
    assert "nothing but the clocks found is allowed" in capsys.readouterr().err


class PartlySettable(MemoryClocks):
    """Clocks of which some cannot be set."""

    def __init__(self, reasons: dict[str, str | None]) -> None:
        super().__init__()
        self.reasons, self.domains = reasons, dict.fromkeys(reasons)

    def settable(self) -> dict[str, str | None]:
        return self.reasons


def hardware(clocks: PartlySettable | None) -> Any:
    return SimpleNamespace(clocks=clocks, identity=SimpleNamespace(boot_id="b"))


def test_a_machine_without_clocks_says_so() -> None:
    assert machine_from(hardware(None), is_root=True) == Machine(
        None, "this machine has no clocks that Linux lets anyone set", "b"
    )


def test_clocks_that_can_all_be_set_need_no_word() -> None:
    clocks = PartlySettable({"cpu": None, "gpu": None})
    assert machine_from(hardware(clocks), is_root=True) == Machine(clocks, "", "b")


def test_clocks_of_which_some_cannot_be_set_are_used_and_the_others_named() -> None:
    clocks = PartlySettable({"cpu": None, "emc": "no debugfs"})
    assert machine_from(hardware(clocks), is_root=True) == Machine(clocks, "", "b", ("emc clock: no debugfs",))


def test_clocks_that_cannot_be_set_are_none_and_the_missing_root_is_named() -> None:
    clocks = PartlySettable({"cpu": "needs root", "gpu": "needs root"})
    machine = machine_from(hardware(clocks), is_root=False)
    assert machine.clocks is None
    assert machine.no_clocks.startswith("powerd does not run as root: sudo edge-runtime powerd; cpu clock: needs root")


def test_the_unit_restores_after_the_end_and_leaves_sys_writable_and_nothing_else() -> None:
    lines = set(UNIT.read_text(encoding="utf-8").splitlines())
    assert lines >= {
        "Type=notify",
        "WatchdogSec=10",
        "ExecStopPost=/usr/bin/env edge-runtime powerd --restore",
        "ProtectKernelTunables=no",
        "ProtectSystem=strict",
        "CapabilityBoundingSet=",
        "RestrictAddressFamilies=AF_UNIX",
        "PrivateNetwork=yes",
        "RuntimeDirectoryPreserve=yes",
        "Restart=on-failure",
    }
