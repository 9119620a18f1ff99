"""`codesign evaluate`: what it measures is what the bundle's own engine answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codesign.commands.main import main
from runtime.engine.bundle import open_bundle
from tests.codesign.small_run import SmallRun


def test_the_json_is_what_the_engine_answers_mode_by_mode(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle, test_set = finished_run.out / "bundle", finished_run.out / "test.npz"
    assert main(["evaluate", str(bundle), "--data", f"npz:{test_set}", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["mode"] for row in rows] == ["accurate", "balanced", "frugal"]
    with np.load(test_set) as kept:
        images, labels = kept["images"], kept["labels"]
    for row in rows:
        engine = open_bundle(bundle, row["mode"])
        answers = [engine.infer(image) for image in images]
        assert row["accuracy"] == np.mean([a.class_index == label for a, label in zip(answers, labels, strict=True)])
        spent_j = [engine.promise.energy_j(answer.exit_index) for answer in answers]
        assert row["energy_j"] == pytest.approx(np.mean(spent_j))
        assert (row["accuracy_kind"], row["cost_kind"]) == ("measured", "simulated")


def test_a_data_set_by_name_is_evaluated_on_its_test_split(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = str(finished_run.out / "bundle")
    found = []
    for data in (finished_run.data, f"npz:{finished_run.out / 'test.npz'}"):
        assert main(["evaluate", bundle, "--data", data, "--mode", "balanced", "--json"]) == 0
        found.append(json.loads(capsys.readouterr().out))
    assert found[0] == found[1]
    assert len(found[0]) == 1


def test_the_table_says_how_each_number_is_known(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    arguments = ["evaluate", str(finished_run.out / "bundle"), "--data", finished_run.data]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    for text in ("54 images", "accurate", "balanced", "frugal", "measured", "simulated", "energy mJ", "latency ms"):
        assert text in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "digits"], "the data has the classes 0, 1, 2, 3, 4, … (10), the bundle colour0, colour1, colour2"),
        (["--data", "npz:/nowhere.npz"], "/nowhere.npz"),
        (["--data", "cifar"], "unknown data set 'cifar'"),
        (["--data", "digits", "--mode", "turbo"], "no mode 'turbo'\n  to do: use one of accurate, balanced"),
    ],
)  # fmt: skip
def test_what_cannot_be_evaluated_is_told(
    finished_run: SmallRun, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["evaluate", str(finished_run.out / "bundle"), *arguments]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert message in printed.err
    assert "Traceback" not in printed.err


def test_a_folder_that_is_no_bundle_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(tmp_path), "--data", "digits"]) == 2
    assert "is not a bundle" in capsys.readouterr().err
