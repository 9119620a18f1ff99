"""codesign/commands/certify.py"""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pytest

from codesign.commands import certify
from runtime.contract.errors import DataError


def run(*arguments: str) -> int:
    parser = ArgumentParser()
    certify.add_arguments(parser)
    return certify.run(parser.parse_args(list(arguments)))


def logits_file(folder: Path, name: str, samples: int, seed: int, harm: float = 0.0, classes: int = 4) -> Path:
    """Two exits and a full network that is always right; unsure samples are wrong at the first exit."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, samples)
    logits = np.zeros((3, samples, classes), dtype=np.float32)
    sureness = rng.uniform(1.0, 12.0, samples)
    wrong = sureness < 4.0
    wrong |= rng.random(samples) < harm
    everybody = np.arange(samples)
    logits[0, everybody, np.where(wrong, (labels + 1) % classes, labels)] = sureness
    logits[1, everybody, labels] = sureness + 1
    logits[2, everybody, labels] = 20.0
    np.savez(folder / name, logits=logits, labels=labels, cost=np.array([1.0, 2.0, 4.0]))
    return folder / name


def test_a_certified_policy_is_written_with_all_that_makes_the_promise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert run("--logits", str(logits_file(tmp_path, "a.npz", 1500, 0)), "--json", str(out)) == 0
    result = json.loads(out.read_text())
    assert result.keys() >= {
        "thresholds", "level", "risk", "risk_name", "epsilon", "delta", "n", "accuracy", "full_accuracy", "cost",
    }  # fmt: skip
    assert (result["risk_name"], result["epsilon"], result["delta"], result["n"]) == ("harm", 0.01, 0.1, 1500)
    assert result["full_accuracy"] == 1.0
    assert result["accuracy"] == 1.0 - result["risk"]
    assert 1.0 <= result["cost"] < result["full_cost"] == 4.0
    printed = capsys.readouterr().out
    assert "With 90% confidence, at most 1.00% of images are lost" in printed
    assert "full depth 4" in printed


def test_thresholds_drawn_on_other_images_save_more_than_one_for_all_exits(tmp_path: Path) -> None:
    certify_on, select_on = logits_file(tmp_path, "a.npz", 1500, 0), logits_file(tmp_path, "b.npz", 1500, 1)
    one, each = tmp_path / "one.json", tmp_path / "each.json"
    run("--logits", str(certify_on), "--json", str(one))
    run("--logits", str(certify_on), "--select", str(select_on), "--json", str(each))
    assert json.loads(each.read_text())["cost"] < json.loads(one.read_text())["cost"]
    assert len(set(json.loads(each.read_text())["thresholds"])) == 2


def test_when_nothing_passes_full_depth_is_said_and_the_status_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert run("--logits", str(logits_file(tmp_path, "a.npz", 200, 0, harm=0.3)), "--json", str(out)) == 1
    result = json.loads(out.read_text())
    assert result["thresholds"] == [None, None]
    assert result["level"] is None
    assert result["cost"] == result["full_cost"]
    printed = capsys.readouterr()
    assert "run at full depth" in printed.out
    assert "only 200 images" in printed.err


def test_files_of_different_networks_are_refused(tmp_path: Path) -> None:
    one, other = logits_file(tmp_path, "a.npz", 600, 0), logits_file(tmp_path, "b.npz", 600, 1, classes=5)
    with pytest.raises(DataError, match=r"3 exits and 5 classes, but 3 and 4(.|\n)*to do: give logits of the same"):
        run("--logits", str(one), "--select", str(other))


def test_a_single_exit_is_no_policy(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", logits=np.zeros((1, 600, 3), dtype=np.float32), labels=np.zeros(600, dtype=np.int64))
    with pytest.raises(DataError, match="one exit is no policy"):
        run("--logits", str(tmp_path / "a.npz"))


@pytest.mark.parametrize("score", ["max-probability", "margin"])
@pytest.mark.parametrize("own_thresholds", [False, True])
def test_thresholds_can_go_by_another_score(tmp_path: Path, score: str, own_thresholds: bool) -> None:
    file, out = logits_file(tmp_path, "certify.npz", 3000, seed=1), tmp_path / "out.json"
    select = ("--select", str(logits_file(tmp_path, "select.npz", 1000, seed=2))) if own_thresholds else ()
    assert run("--logits", str(file), *select, "--score", score, "--json", str(out)) == 0
    assert json.loads(out.read_text())["score"] == score
