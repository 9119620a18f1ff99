"""`codesign engines`, and `codesign compile --engines-from`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesign.commands import engines
from codesign.commands.main import main
from codesign.walk.engines_far import Fetched
from codesign.walk.measure_target import MeasureTarget
from runtime.engine.engine_key import BuildSite, engine_key
from tests.closed_stages import write_closed_bundle

KEY = engine_key(b"onnx", "fp32", BuildSite("10.3.0", "36.5.0", "nvidia,tegra234", "248"), builder="test")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, MeasureTarget]]:
    """What was asked of a board that has one engine, and says that a stage got none for the bundle `poor`."""
    calls: list[tuple[Path, MeasureTarget]] = []

    def fetch(bundle: Path, target: MeasureTarget, *_: object) -> Fetched:
        calls.append((bundle, target))
        return Fetched((KEY,), 1, "stage 2: no memory" if "poor" in str(bundle) else None)

    monkeypatch.setattr(engines, "fetch_engines", fetch)
    return calls


def test_a_run_folder_or_a_bundle_will_do(
    asked: list[tuple[Path, MeasureTarget]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_closed_bundle(tmp_path / "run" / "bundle")
    for folder in (tmp_path / "run", tmp_path / "run" / "bundle"):
        assert main(["engines", str(folder), "--from", "ssh://me@board:2222"]) == 0
    assert [bundle for bundle, _ in asked] == [tmp_path / "run" / "bundle"] * 2
    assert str(asked[0][1]) == "ssh://me@board:2222"
    out = capsys.readouterr().out
    assert "1 engines from ssh://me@board:2222 (nvidia,tegra234, TensorRT 10.3.0), 1 of them new" in out
    assert "codesign sign BUNDLE --key FILE" in out


@pytest.mark.usefixtures("asked")
def test_stages_without_an_engine_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines", str(tmp_path / "poor"), "--from", "local"]) == engines.SOME_WITHOUT
    assert "some stages have no engine there\n    stage 2: no memory" in capsys.readouterr().err
    assert main(["engines", str(tmp_path / "poor"), "--from", "local", "--json"]) == engines.SOME_WITHOUT
    table = json.loads(capsys.readouterr().out)
    assert (table["engines"], table["added"], table["without"]) == ([KEY.name], 1, "stage 2: no memory")


def test_an_address_that_is_none_names_the_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["engines", str(tmp_path), "--from", "http://board"]) == 2
    assert "cannot reach 'http://board'" in (err := capsys.readouterr().err)
    assert "where: --from" in err


@pytest.mark.usefixtures("asked")
def test_a_compilation_fetches_for_every_bundle_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert engines.fetch_all([tmp_path / "rich"], MeasureTarget(), quiet=True)
    assert not engines.fetch_all([tmp_path / "poor"], MeasureTarget(), quiet=True)
    said = capsys.readouterr()
    assert said.out == ""  # it is for JSON
    assert "stage 2: no memory" in said.err
    assert not engines.fetch_all([tmp_path / "rich", tmp_path / "poor"], MeasureTarget(), quiet=False)
    assert "stage 2: no memory" in capsys.readouterr().err


def test_a_compilation_for_several_boards_asks_none_of_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["compile", "--data", "digits", "--board", "tx2", "--board", "nano", "--out", str(tmp_path / "out")]
    assert main([*command, "--engines-from", "ssh://board"]) == 2
    assert "--engines-from is for one board" in capsys.readouterr().err
    assert main(["compile", "--data", "digits", "--board", "tx2", "--out", "x", "--engines-from", "ftp://board"]) == 2
    assert "where: --engines-from" in capsys.readouterr().err
