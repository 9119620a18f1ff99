"""`edge-runtime capture`."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from runtime.boards.behaviour import behavioural_board
from runtime.boards.hardware import open_hardware
from runtime.boards.sysfs.capture import Capture, CapturedIO, Entry, EntryKind
from runtime.boards.sysfs.capture_file import load_capture
from runtime.boards.sysfs.tree import TreeIO
from runtime.boards.sysfs.whitelist import WHITELIST
from runtime.commands.capture import Share, mode_reader, share_of
from tests.runtime.commands.conftest import Outcome

Call = Callable[..., Outcome]
MODEL = "model:orin-nano-super"


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """A folder that stands for a board, with a file that nobody may record."""
    for name, text in {
        "proc/device-tree/model": "NVIDIA Jetson Orin Nano Developer Kit\0",
        "proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0005\0nvidia,tegra234\0",
        "proc/device-tree/serial-number": "1424521012345\0",
        "sys/class/devfreq/17000000.gpu/available_frequencies": "306000000 408000000\n",
    }.items():
        path = tmp_path / "board" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "board"


def test_a_capture_stands_in_for_the_board_that_it_was_taken_of(call: Call, tmp_path: Path) -> None:
    outcome = call("capture", "--out", tmp_path / "board.json", "--hardware", MODEL)
    assert outcome.status == 0
    itself, copy = open_hardware(MODEL), open_hardware(str(tmp_path / "board.json"))
    assert copy.identity.profile == itself.identity.profile == "orin-nano-super"
    assert itself.clocks is not None
    assert copy.clocks is not None
    for name, domain in itself.clocks.domains.items():
        assert copy.clocks.domains[name].table_hz() == domain.table_hz() != ()
    assert tuple(copy.rails) == tuple(itself.rails)


def test_it_says_what_was_recorded_how_large_it_is_and_where_to_send_it(
    call: Call, tmp_path: Path, board: Path
) -> None:
    outcome = call("capture", "--out", tmp_path / "board.json", "--hardware", board)
    assert "NVIDIA Jetson Orin Nano" in outcome.out
    for group in WHITELIST:
        assert group in outcome.out
    assert f"written: {tmp_path / 'board.json'}" in outcome.out
    assert " kB)" in outcome.out
    assert "attaching it to an issue" in " ".join(outcome.out.split())
    assert "root would add" not in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= max(80, len(str(tmp_path)) + 40)


def test_a_recording_of_a_model_never_passes_for_a_board(call: Call, tmp_path: Path) -> None:
    first, second = tmp_path / "model.json", tmp_path / "again.json"
    outcome = call("capture", "--out", first, "--hardware", MODEL)
    assert "It is of a model, not of a board" in outcome.out
    assert "attaching it to an issue" not in outcome.out
    call("capture", "--out", second, "--hardware", first)
    for recorded in (first, second):
        assert load_capture(recorded).facts.simulated is True
        table = call("doctor", "--hardware", recorded, "--json").json()
        assert {rail["kind"] for rail in (*table["rails"], table["total"])} == {"simulated"}


def test_without_root_it_records_what_it_may_and_says_what_root_would_add(
    call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "runtime.boards.behaviour.board.behavioural_board", lambda name, **_: behavioural_board(name, uid=1000)
    )
    outcome = call("capture", "--out", tmp_path / "board.json", "--hardware", MODEL)
    assert outcome.status == 0
    assert "root would add: memory clock (BPMP, debugfs)" in outcome.out
    assert f"sudo edge-runtime capture --out {tmp_path / 'board.json'}" in outcome.out
    assert "/sys/kernel/debug" in load_capture(tmp_path / "board.json").unreadable(errno.EACCES)


def test_json_says_the_same_as_data(call: Call, tmp_path: Path) -> None:
    table = call("capture", "--out", tmp_path / "board.json", "--hardware", MODEL, "--json").json()
    assert table["out"] == str(tmp_path / "board.json")
    assert table["size_bytes"] == (tmp_path / "board.json").stat().st_size
    assert table["facts"]["kernel"] == "5.15.185-tegra"
    assert [group["group"] for group in table["groups"]] == list(WHITELIST)
    assert table["denied"] == []


def test_a_folder_is_recorded_with_its_modes_and_without_its_serial_number(
    call: Call, tmp_path: Path, board: Path
) -> None:
    (board / "proc/device-tree/model").chmod(0o440)
    assert call("capture", "--out", tmp_path / "board.json", "--hardware", board).status == 0
    recorded = load_capture(tmp_path / "board.json")
    assert recorded.entries["/proc/device-tree/model"].mode == 0o440
    assert "serial" not in (tmp_path / "board.json").read_text()
    assert (recorded.facts.architecture, recorded.facts.as_root) == (None, None)
    assert recorded.facts.simulated is False


def test_of_this_machine_the_architecture_and_the_user_are_known(call: Call, tmp_path: Path) -> None:
    assert call("capture", "--out", tmp_path / "here.json").status == 0
    facts = json.loads((tmp_path / "here.json").read_text())["facts"]
    assert facts["as_root"] is (os.geteuid() == 0)
    assert facts["architecture"] == os.uname().machine
    assert facts["tool_version"]
    assert facts["taken_at"].endswith("+00:00")


def test_a_folder_that_holds_no_board_is_refused_and_nothing_is_written(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = call("capture", "--out", tmp_path / "board.json", "--hardware", tmp_path / "empty")
    assert outcome.status == 2
    assert "there is nothing to record" in outcome.err
    assert "to do:" in outcome.err
    assert not (tmp_path / "board.json").exists()


def test_a_place_that_cannot_be_written_is_said(call: Call, tmp_path: Path) -> None:
    outcome = call("capture", "--out", tmp_path / "absent" / "board.json", "--hardware", MODEL)
    assert outcome.status == 2
    assert "the capture cannot be written" in outcome.err


def test_shares_tell_denied_from_other_errors() -> None:
    entries = {
        "/a": Entry(EntryKind.FILE, b"1"),
        "/b": Entry(EntryKind.FILE, error=errno.EACCES),
        "/c": Entry(EntryKind.FILE, error=errno.EAGAIN),
        "/d": Entry(EntryKind.FOLDER, error=errno.EPERM),
        "/e": Entry(EntryKind.FOLDER),
    }
    assert share_of("clocks", Capture(entries)) == Share("clocks", files=1, denied=2, failed=1)


def test_modes_are_known_of_files_and_captures_only(tmp_path: Path) -> None:
    (tmp_path / "a").touch(mode=0o600)
    of_files = mode_reader(TreeIO(tmp_path))
    assert (of_files("/a"), of_files("/b")) == (0o600, None)
    assert mode_reader(CapturedIO(Capture({"/a": Entry(EntryKind.FILE, b"", mode=0o440)})))("/a") == 0o440
    assert mode_reader(behavioural_board("orin-nano-super"))("/a") is None
