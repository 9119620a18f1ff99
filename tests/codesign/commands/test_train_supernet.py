"""`codesign train-supernet`: a checkpoint that `codesign compile` takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codesign.backbones.checkpoint import load_supernet, read_description
from codesign.commands.main import main
from codesign.walk.run_folder import RUN
from tests.codesign.small_run import SmallRun


def train(run: SmallRun, out: Path, *options: str) -> int:
    given = ["--data", run.data, "--out", out, "--space", run.space, "--cache", run.cache]
    return main(["train-supernet", *map(str, given), *options])


def shown(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())


def test_a_checkpoint_can_be_compiled_as_it_is(
    finished_run: SmallRun, new_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(finished_run, tmp_path / "net") == 0
    said = shown(capsys)
    assert "trained here for 2 epochs (kept from an earlier run)" in said
    assert f"codesign compile --supernet {tmp_path / 'net'}" in said
    description = read_description(tmp_path / "net")
    assert description.classes == ("colour0", "colour1", "colour2")
    assert new_run("--supernet", str(tmp_path / "net")) == 0
    mine, theirs = new_run.results, finished_run.results
    assert mine["bars"] == theirs["bars"]
    assert mine["modes"] == theirs["modes"]
    assert f"Supernet: taken as it is from {tmp_path / 'net'}." in mine["data"]["notes"]
    inputs = json.loads((new_run.out / RUN).read_text())["inputs"]
    assert inputs["the supernet"] == description.recipe


def test_it_is_trained_anew_with_other_options(
    finished_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(finished_run, tmp_path / "net", "--epochs", "1", "--augment", "shift", "--seed", "3") == 0
    said = shown(capsys)
    assert "trained here for 1 epochs" in said
    assert "kept from an earlier run" not in said
    supernet, _ = load_supernet(tmp_path / "net")
    assert supernet.space.name == "small"
    assert sorted(path.name for path in (tmp_path / "net").iterdir()) == ["supernet.toml", "weights.safetensors"]


def test_a_checkpoint_of_this_very_data_needs_no_training(
    finished_run: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(finished_run, tmp_path / "net") == 0
    assert train(finished_run, tmp_path / "again", "--supernet", str(tmp_path / "net")) == 2
    assert "is trained on exactly this data already to do: use it as it is" in shown(capsys)
    assert not (tmp_path / "again").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "--epochs must be at least 1, got 0"),
        (["--space", "huge"], "unknown space 'huge'"),
        (["--data", "cifar"], "unknown data set 'cifar'"),
        (["--supernet", "/nowhere"], "/nowhere holds no supernet"),
        (["--seed", "-1"], "--seed must be from 0"),
    ],
)
def test_what_cannot_be_meant_is_told_and_nothing_is_written(
    small_inputs: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert train(small_inputs, tmp_path / "net", *options) == 2
    assert message in shown(capsys)
    assert not (tmp_path / "net").exists()


def test_files_of_somebody_else_are_left_alone(
    small_inputs: SmallRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    assert train(small_inputs, tmp_path) == 2
    assert "is not empty and holds no checkpoint to do: choose another --out" in shown(capsys)
    assert train(small_inputs, tmp_path / "thesis.tex") == 2
    assert "is a file, not a folder" in shown(capsys)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
