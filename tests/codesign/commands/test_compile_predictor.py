"""`codesign compile --predictor`: a run priced by a fitted predictor, alone and with measuring, from end to end."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from codesign.commands.main import main
from codesign.walk import compile as compile_walk
from codesign.walk import finish
from codesign.walk.measure_step import measure_step
from codesign.walk.measure_uncertain import measure_uncertain
from tests.codesign.small_run import BOARD, SmallRun, without_the_moment
from tests.codesign.walk.test_measure_step import RULES


@pytest.fixture(scope="module")
def fit(small_inputs: SmallRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fit of the small space on the run's board, simulated."""
    out = tmp_path_factory.mktemp("fit") / "out"
    where = ["--space", str(small_inputs.space), "--classes", "3", "--board", BOARD, "--out", str(out)]
    few = ["--initial", "20", "--max-measurements", "20", "--bins", "2", "--test-per-bin", "5", "--bin-accuracy", "0.5"]
    assert main(["fit", *where, *few, "--model", "house"]) == 0
    return out


def test_every_energy_and_latency_is_predicted_and_the_page_says_by_what(new_run: SmallRun, fit: Path) -> None:
    assert new_run("--predictor", str(fit)) == 0
    results = new_run.results
    assert {bar["energy_kind"] for bar in results["bars"]} == {"predicted"}
    assert results["fronts"]["kind"] == "predicted"
    assert "latency of whole backbones predicted from simulated ones" in results["board"]["hardware"]
    assert results["predictor"]["model"] == "house"
    assert results["predictor"]["measured"] is None
    page = (new_run.out / "report.html").read_text(encoding="utf-8")
    assert "was predicted by house" in page
    assert "are scaled by one factor" in page


def test_least_certain_backbones_are_measured_before_the_choice_and_shown_beside_what_was_predicted(
    new_run: SmallRun, fit: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(finish, "measure_step", partial(measure_step, rules=RULES))
    monkeypatch.setattr(compile_walk, "measure_uncertain", partial(measure_uncertain, rules=dict(RULES)))
    asked = ("--predictor", str(fit), "--measure", "local", "--measure-uncertain", "1")
    assert new_run(*asked) == 0
    told = new_run.results["predictor"]["measured"]
    assert len(told["rows"]) == 1
    assert told["rows"][0]["measured"] > 0.0
    assert "fitted on simulated costs, which measured ones cannot join" in told["why_not_refitted"]
    assert new_run.results["measured"]["mean_latency_error"] > 0.0
    shown = " ".join(capsys.readouterr().err.split())
    assert re.search(rf"{told['rows'][0]['name']}: [\d.]+ ms measured, [\d.]+ \([\d.]+ to [\d.]+\) predicted", shown)
    before = without_the_moment(new_run.results)
    assert new_run(*asked, "--resume") == 0  # everything that was measured is found again
    assert without_the_moment(new_run.results) == before


def test_another_predictor_cannot_go_on_with_a_run(new_run: SmallRun, fit: Path) -> None:
    assert new_run("--predictor", str(fit)) == 0
    assert new_run("--resume") == 2
    assert new_run("--resume", "--predictor", str(fit / "predictor.npz")) == 2


def test_a_predictor_of_another_board_is_refused_before_anything_is_trained(
    new_run: SmallRun, fit: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_run("--predictor", str(fit), "--board", "orin-nano") == 2
    assert f"was fitted for board {BOARD}, this run has orin-nano" in capsys.readouterr().err
    assert new_run("--predictor", str(fit), "--board", "orin-nano", "--dry-run") == 2
    assert not new_run.out.exists()
