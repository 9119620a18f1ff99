"""Powerd put together: alone, recovering, listening."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from runtime.contract.errors import BoardError, ConfigError, StorageError
from runtime.powerd.daemon import Machine, Places, listening_at, only_powerd, powerd, restore_only
from runtime.powerd.keeper import ClockKeeper
from runtime.powerd.peer import AccessRule
from runtime.powerd.protocol import Request
from runtime.powerd.state_file import StateFile
from tests.runtime.powerd.clock_doubles import FAST, SLOW, MemoryClocks, unwritable
from tests.runtime.powerd.in_process import BUNDLE, Raw, running


def left_changed(clocks: MemoryClocks, folder: Path) -> None:
    """As a powerd leaves things that is killed while a client holds SLOW."""
    ClockKeeper(clocks, StateFile(folder / "state.json", "this boot")).hold(SLOW)


def test_the_clocks_of_a_killed_powerd_are_restored_before_anything_else(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    left_changed(clocks, tmp_path)
    with running(clocks, tmp_path) as it, Raw(it.path) as client:
        assert clocks.at == FAST
        assert it.said == ["clocks of an earlier powerd: restored"]
        assert client.ask("status")["held"] is None


def test_clocks_that_cannot_be_restored_at_the_start_are_tried_again(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    left_changed(clocks, tmp_path)
    clocks.restore_fails = unwritable()
    with running(clocks, tmp_path) as it, Raw(it.path) as client:
        assert "busy" in it.said[0]
        assert any("busy" in problem for problem in client.ask("status")["problems"])
        clocks.restore_fails = None
        client.ask("acquire", ttl_s=1)
        assert client.ask("set", point=SLOW.to_json())["ok"]
    assert clocks.at == FAST


def test_without_clocks_powerd_starts_and_says_so(tmp_path: Path) -> None:
    with running(None, tmp_path) as it, Raw(it.path) as client:
        assert it.said == ["degraded: no clock can be set here: needs root"]
        assert client.ask("acquire", ttl_s=1)["error"]["code"] == "no_clocks"
    assert it.restored


def test_clocks_that_cannot_be_read_at_the_start_are_said_and_may_be_set_later(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    clocks.read_fails = OSError(5, "asleep")
    with running(clocks, tmp_path) as it, Raw(it.path) as client:
        assert it.said == ["degraded: the clocks cannot be read: [Errno 5] asleep"]
        clocks.read_fails = None
        client.ask("acquire", ttl_s=1)
        assert client.ask("set", point=SLOW.to_json())["ok"]
    assert clocks.at == FAST


def test_clocks_of_which_some_cannot_be_set_are_said_and_shown(tmp_path: Path) -> None:
    machine = Machine(MemoryClocks(), "", None, ("emc clock: no debugfs",))
    places, said = Places(tmp_path / "powerd.sock", tmp_path / "state.json"), list[str]()
    with powerd(machine, places, BUNDLE, AccessRule(0), report=said.append) as server:
        assert said == ["degraded: emc clock: no debugfs"]
        assert server._control.handle(1, 1, Request("status"), lambda: 0.0)["problems"] == ["emc clock: no debugfs"]


def test_two_powerds_do_not_share_a_state_file(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    said = r"another powerd is at work here(.|\n)*systemctl stop edge-powerd"
    with running(MemoryClocks(), tmp_path):
        with pytest.raises(ConfigError, match=said), only_powerd(state):
            pass
        state.touch()
        with pytest.raises(ConfigError, match=said):
            restore_only(Machine(MemoryClocks(), "", None), state)
        state.unlink()


def test_two_powerds_do_not_share_a_socket(tmp_path: Path) -> None:
    machine, places = Machine(MemoryClocks(), "", None), Places(tmp_path / "powerd.sock", tmp_path / "other.json")
    with running(MemoryClocks(), tmp_path) as it:
        said = "the socket is in use: another powerd listens there"
        with pytest.raises(ConfigError, match=said), powerd(machine, places, BUNDLE, AccessRule(0)):
            pass
        with Raw(it.path) as client:
            assert client.ask("status")["ok"]


def test_the_socket_of_a_dead_powerd_is_replaced_and_a_file_is_not(tmp_path: Path) -> None:
    path = tmp_path / "powerd.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    listening_at(path, None).close()
    path.unlink()
    path.write_text("precious")
    with pytest.raises(ConfigError, match="something that is no socket lies in powerd's place"):
        listening_at(path, None)
    assert path.read_text() == "precious"


def test_owner_and_group_may_connect(tmp_path: Path) -> None:
    listening_at(tmp_path / "run" / "powerd.sock", os.getegid()).close()
    status = (tmp_path / "run" / "powerd.sock").stat()
    assert (status.st_mode & 0o777, status.st_gid) == (0o660, os.getegid())


def test_a_user_who_is_named_may_connect_without_being_in_the_group(tmp_path: Path) -> None:
    named = AccessRule(os.geteuid(), uids=frozenset({1234}))
    with running(MemoryClocks(), tmp_path, access=named) as it:
        assert it.path.stat().st_mode & 0o777 == 0o666
    with running(MemoryClocks(), tmp_path, access=AccessRule(os.geteuid())) as it:
        assert it.path.stat().st_mode & 0o777 == 0o660


@pytest.mark.parametrize("path", ["x" * 120, "file/powerd.sock"])
def test_a_path_that_cannot_be_bound_is_said(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"powerd cannot listen here: (.|\n)*--socket PATH of at most 107 bytes"):
        listening_at(tmp_path / path, None)


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = r"powerd cannot keep its state: (.|\n)*--state FILE"
    with pytest.raises(StorageError, match=said), only_powerd(tmp_path / "file" / "state.json"):
        pass


def test_the_socket_is_gone_after_the_end(tmp_path: Path) -> None:
    with running(MemoryClocks(), tmp_path) as it:
        assert it.path.exists()
    assert not it.path.exists()


def test_restoring_alone_restores_once(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    left_changed(clocks, tmp_path)
    machine = Machine(clocks, "", "this boot")
    assert restore_only(machine, tmp_path / "state.json")
    assert clocks.at == FAST
    assert not restore_only(machine, tmp_path / "state.json")


def test_restoring_alone_says_what_it_cannot(tmp_path: Path) -> None:
    clocks = MemoryClocks()
    left_changed(clocks, tmp_path)
    with pytest.raises(BoardError, match=r"cannot be restored: needs root(.|\n)*a reboot resets the clocks"):
        restore_only(Machine(None, "needs root", "this boot"), tmp_path / "state.json")
    clocks.restore_fails = unwritable()
    with pytest.raises(BoardError, match="could not all be restored: gpu/max cannot be written"):
        restore_only(Machine(clocks, "", "this boot"), tmp_path / "state.json")
    assert (tmp_path / "state.json").exists()
