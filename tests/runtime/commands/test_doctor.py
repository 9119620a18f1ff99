"""`edge-runtime doctor`: whatever the board does, it looks, says what is degraded, and changes nothing."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from runtime.boards.behaviour import BehaviouralTree, Quirks, behavioural_board
from runtime.commands.doctor_findings import FORMAT_VERSION, Findings
from tests.runtime.boards.behaviour.every_board import EVERY_BOARD
from tests.runtime.commands.conftest import Outcome

Call = Callable[..., Outcome]
BOARD = "orin-nano-super"
MODEL = f"model:{BOARD}"


@pytest.fixture
def modelled(monkeypatch: pytest.MonkeyPatch) -> Callable[..., BehaviouralTree]:
    """`modelled(board, uid=…)`: the tree that `model:BOARD` opens from now on."""

    def made(name: str = BOARD, *, uid: int = 0, quirks: Quirks | None = None) -> BehaviouralTree:
        tree = behavioural_board(name, uid=uid, quirks=quirks)
        monkeypatch.setattr("runtime.boards.behaviour.board.behavioural_board", lambda *_, **__: tree)
        return tree

    return made


def test_json_has_a_key_for_everything_that_was_found_and_those_keys_stay(call: Call) -> None:
    table = call("doctor", "--hardware", MODEL, "--json").json()
    assert list(table) == ["format_version", "serves", "degraded", *(each.name for each in fields(Findings))]
    assert table["format_version"] == FORMAT_VERSION == "1.0"
    assert set(table["machine"]) == {
        "hardware", "is_this_machine", "model", "soc", "compatible", "profile", "support", "l4t", "jetpack", "kernel",
        "architecture", "container", "power_mode",
    }  # fmt: skip
    assert [clock["clock"] for clock in table["clocks"]] == ["cpu", "gpu", "emc"]
    assert set(table["clocks"][0]) == {
        "clock", "present", "table_hz", "current_hz", "min_hz", "max_hz", "settable", "why_not",
    }  # fmt: skip
    assert set(table["software"]) == {"python", "backends", "versions"}
    assert table["powerd"] is None  # the model's hardware is not this machine's


def test_a_healthy_board_is_described_with_its_clocks_rails_and_heat(call: Call) -> None:
    table = call("doctor", "--hardware", MODEL, "--json").json()
    assert all(clock["settable"] for clock in table["clocks"])
    assert [rail["rail"] for rail in table["rails"]] == ["VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"]
    for rail in table["rails"]:
        assert rail["power_w"] > 0.0
        assert 0.03 < rail["quantum_w"] < 0.05
        assert rail["kind"] == "simulated"  # although the driver that is modelled says measured
        assert rail["read_cost_s"] is None
    assert [rail["in_total"] for rail in table["rails"]] == [True, False, False]
    assert table["total"]["power_w"] == pytest.approx(table["rails"][0]["power_w"], rel=0.2)
    assert table["covers"]
    assert 15.0 < table["heat"]["temperature_c"] < 99.0
    assert table["heat"]["throttling_now"] is False
    assert table["degraded"] == []


def test_a_healthy_board_serves_and_says_so(call: Call) -> None:
    outcome = call("doctor", "--hardware", MODEL)
    assert outcome.status == 0
    assert "all serves: nothing is degraded" in outcome.out
    assert max(map(len, outcome.out.splitlines())) <= 80
    assert "\x1b" not in outcome.out


def test_without_root_it_is_degraded_and_says_what_is_lost_and_what_to_do(
    call: Call, modelled: Callable[..., BehaviouralTree]
) -> None:
    modelled(uid=1000)
    outcome = call("doctor", "--hardware", MODEL)
    assert outcome.status == 1
    text = " ".join(outcome.out.split())
    assert "clocks cannot be set: energy savings from clocks are lost" in text
    assert "edge-runtime powerd" in text


@pytest.mark.parametrize("uid", [0, 1000])
@pytest.mark.parametrize(("board", "quirks"), EVERY_BOARD)
def test_every_odd_board_is_looked_at_and_none_is_written_to(
    call: Call, modelled: Callable[..., BehaviouralTree], board: str, quirks: Quirks, uid: int
) -> None:
    tree = modelled(board, uid=uid, quirks=quirks)
    outcome = call("doctor", "--hardware", f"model:{board}", "--json")
    assert outcome.status in (0, 1)
    assert outcome.json()["serves"] is (outcome.status == 0)
    assert outcome.json()["machine"]["profile"] == board
    assert tree.writes == []


@pytest.mark.parametrize("number", [errno.EIO, errno.EAGAIN, errno.EACCES])
@pytest.mark.parametrize(
    "pattern", ["*", "/sys/class/*", "/sys/bus/*", "*/devfreq/*", "/proc/*", "*hwmon*", "*thermal*"]
)
def test_whatever_cannot_be_read_is_unknown_and_the_rest_is_told(
    call: Call, modelled: Callable[..., BehaviouralTree], pattern: str, number: int
) -> None:
    tree = modelled()
    tree.faults.fail(pattern, number)
    outcome = call("doctor", "--hardware", MODEL)
    assert outcome.status in (0, 1)
    assert "degraded" in outcome.out
    assert tree.writes == []


def test_a_folder_with_nothing_in_it_is_a_machine_of_which_nothing_is_known(call: Call, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    outcome = call("doctor", "--hardware", tmp_path / "empty", "--json")
    assert outcome.status == 1
    table = outcome.json()
    assert table["machine"]["profile"] is None
    assert not any(clock["present"] for clock in table["clocks"])
    assert (table["rails"], table["total"], table["counter"], table["heat"]["temperature_c"]) == ([], None, None, None)
    whats = [each["what"] for each in table["degraded"]]
    assert any("clocks are neither read nor set" in what for what in whats)
    assert any("energy is not measured" in what for what in whats)


def test_a_capture_is_described_as_its_board_is(call: Call, tmp_path: Path) -> None:
    call("capture", "--out", tmp_path / "board.json", "--hardware", MODEL)
    copy = call("doctor", "--hardware", tmp_path / "board.json", "--json").json()
    itself = call("doctor", "--hardware", MODEL, "--json").json()
    for key in ("model", "soc", "profile", "l4t", "jetpack", "kernel", "power_mode"):
        assert copy["machine"][key] == itself["machine"][key]
    assert [clock["table_hz"] for clock in copy["clocks"]] == [clock["table_hz"] for clock in itself["clocks"]]
    assert [rail["rail"] for rail in copy["rails"]] == [rail["rail"] for rail in itself["rails"]]
    assert not any(clock["settable"] for clock in copy["clocks"])


@pytest.mark.parametrize("content", ["", '{"format": "edge-runtime capture", "format_version": "9.0"}'])
def test_a_capture_that_cannot_be_read_is_an_error(call: Call, tmp_path: Path, content: str) -> None:
    (tmp_path / "board.json").write_text(content)
    outcome = call("doctor", "--hardware", tmp_path / "board.json")
    assert outcome.status == 2
    assert "to do:" in outcome.err
    assert outcome.out == ""


def test_hardware_that_does_not_exist_is_an_error(call: Call) -> None:
    assert call("doctor", "--hardware", "model:toaster").status == 2


def test_of_this_machine_powerd_is_asked(call: Call, tmp_path: Path) -> None:
    outcome = call("doctor", "--socket", tmp_path / "powerd.sock", "--json")
    assert outcome.status in (0, 1)
    table = outcome.json()
    assert table["machine"]["is_this_machine"] is True
    assert table["machine"]["architecture"] == os.uname().machine
    assert table["powerd"] == {
        "socket": str(tmp_path / "powerd.sock"),
        "reachable": False,
        "serves": False,
        "why_not": "is not running: there is no socket",
        "status": None,
    }


def test_the_clocks_of_the_installed_bundle_are_judged_by_this_board(call: Call, bundle: Path) -> None:
    assert call("install", bundle).status == 0
    table = call("doctor", "--hardware", MODEL, "--json").json()
    assert table["installed"]["compiled_for"] == "test-board"
    assert table["installed"]["fits"] is False
    (why,) = {point["why_not"] for point in table["installed"]["points"]}
    assert why == "CPU at 1500 MHz: not in this machine's table"
    assert any("cannot be held in mode balanced" in each["what"] for each in table["degraded"])


def test_help_documents_the_exit_status(call: Call, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call("doctor", "--help")
    assert "Exit status: 0 all serves; 1 something is degraded" in capsys.readouterr().out


def test_json_is_strict_json(call: Call) -> None:
    json.loads(call("doctor", "--hardware", MODEL, "--json").out, parse_constant=pytest.fail)
