from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesign.commands.main import main
from codesign.walk import fit_models
from tests.codesign.walk.fits import MODEL, SPACE_FILE

SMALL = ["--initial", "20", "--extra", "10", "--bins", "3", "--test-per-bin", "5", "--batch", "10"]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A small fit on a simulated board, but for the accuracy it asks for."""
    monkeypatch.setattr(fit_models, "fit_model", lambda _text: MODEL)
    (tmp_path / "small.toml").write_text(SPACE_FILE, encoding="utf-8")
    out = str(tmp_path / "out")
    return ["fit", "--space", str(tmp_path / "small.toml"), "--board", "orin-nano", "--out", out, *SMALL]


def test_a_fit_in_which_every_bin_passes_ends_well_and_prints_the_bins(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--bin-accuracy", "0.9"]) == 0
    shown = capsys.readouterr().out
    assert shown.count("passes") == 3
    assert "predicted by line, against simulated latency on orin-nano gpu" in shown


def test_a_fit_that_never_gets_there_says_so_by_its_exit_status(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--bin-accuracy", "0.9999", "--max-measurements", "30"]) == 1
    assert "not accurate enough" in capsys.readouterr().out


def test_the_report_is_written_where_asked(command: list[str], tmp_path: Path) -> None:
    main([*command, "--bin-accuracy", "0.9", "--json", str(tmp_path / "r.json")])
    report = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert report == json.loads((tmp_path / "out" / "report.json").read_text(encoding="utf-8"))


def test_the_same_command_again_goes_on_and_another_is_refused(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--bin-accuracy", "0.9"]) == 0
    first = capsys.readouterr().out
    assert main([*command, "--bin-accuracy", "0.9"]) == 0
    assert capsys.readouterr().out == first
    assert main([*command, "--bin-accuracy", "0.8"]) == 2
    assert "begun with another bin_accuracy" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bins", "0"], "bins must be at least 1"),
        (["--bins", "9"], "9 bins do not fit 5 depths"),
        (["--initial", "500", "--max-measurements", "100"], "less than the 500 initial ones"),
        (["--bin-accuracy", "95"], "between 0 and 1"),
    ],
)
def test_options_that_cannot_be_are_refused(
    command: list[str], capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main([*command, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_a_place_to_measure_and_a_simulated_board_exclude_each_other(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main([*command, "--measure", "local"])
    assert "not allowed with" in capsys.readouterr().err
