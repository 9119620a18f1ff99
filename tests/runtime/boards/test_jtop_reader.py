"""The child process that alone imports jtop."""

from __future__ import annotations

import importlib
import json
import multiprocessing
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.boards import jtop_reader
from tests.runtime.boards.fake_jtop import POWER, write_jtop


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the fake package, first on the path; nothing of it stays loaded."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "jtop", raising=False)
    importlib.invalidate_caches()
    return tmp_path


@pytest.fixture(autouse=True)
def _forget_jtop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jtop", None)  # monkeypatch takes the fake out again at the end


def test_a_line_is_in_si_units_and_leaves_out_what_is_not_known() -> None:
    line = jtop_reader.line_of(POWER)
    assert line["rails"] == {
        "VDD_IN": {"power_w": 5.0, "voltage_v": 5.0, "current_a": 1.0},
        "VDD_SOC": {"power_w": 1.0, "voltage_v": 5.0, "current_a": pytest.approx(0.2)},
        "VIN": {"power_w": 18.25, "voltage_v": None, "current_a": None},
    }


def test_a_board_without_rails_has_none() -> None:
    assert jtop_reader.line_of({}) == {"rails": {}}


def test_the_reader_prints_a_line_for_each_reading(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jtop(fake, lines=3)
    assert jtop_reader.main(["--interval", "0.001"]) == 0
    printed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert len(printed) == 3
    assert printed[0]["rails"]["VDD_IN"]["power_w"] == 5.0


def test_a_service_that_is_not_there_is_said_in_its_own_words(fake: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_jtop(fake, absent=True)
    assert jtop_reader.main(["--interval", "0.001"]) == jtop_reader.SERVICE_ABSENT
    assert "The jtop.service is not active" in json.loads(capsys.readouterr().out)["error"]


def test_a_package_that_is_not_there_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert jtop_reader.main([]) == jtop_reader.SERVICE_ABSENT
    assert "the package jetson-stats is not installed" in json.loads(capsys.readouterr().out)["error"]


def test_a_listener_that_goes_away_ends_the_reader_without_a_word(tmp_path: Path) -> None:
    write_jtop(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "runtime.boards.jtop_reader", "--interval", "0.001"],
        env={"PYTHONPATH": f"{tmp_path}:{Path(__file__).parents[3]}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        assert process.wait(10.0) == 0
        assert process.stderr.read() == b""


def test_importing_the_runtimes_side_imports_no_jtop_and_leaves_multiprocessing_alone() -> None:
    before = multiprocessing.get_start_method(allow_none=True)
    importlib.import_module("runtime.boards.jtop")
    assert sys.modules["jtop"] is None
    assert multiprocessing.get_start_method(allow_none=True) == before
