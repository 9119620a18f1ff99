"""`codesign compile --measure`: a run is measured at its end, or later, and says so in results and report."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path

import pytest

from codesign.walk import compile as compile_steps
from codesign.walk import finish
from codesign.walk.measure_step import measure_step
from tests.codesign.small_run import SmallRun, without_the_moment
from tests.codesign.walk.test_measure_step import RULES


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few runs of each network."""
    monkeypatch.setattr(finish, "measure_step", partial(measure_step, rules=RULES))


@pytest.fixture
def copied_run(finished_run: SmallRun, tmp_path: Path) -> SmallRun:
    """A finished run that may be written to."""
    shutil.copytree(finished_run.out, tmp_path / "out")
    return SmallRun(finished_run.data, finished_run.space, finished_run.cache, tmp_path / "out")


@pytest.mark.usefixtures("quickly")
def test_a_finished_run_can_be_measured_later_and_stays_the_same_otherwise(
    copied_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    before = without_the_moment(copied_run.results)
    assert copied_run("--resume", "--measure", "local") == 0
    results = copied_run.results
    assert without_the_moment({key: value for key, value in results.items() if key != "measured"}) == before
    measured = results["measured"]
    assert (measured["target"], measured["kind"]) == ("local", "measured")
    assert all(row["measured_latency_s"] > 0.0 for row in measured["rows"])
    assert measured["differs"] == "machine"
    assert "only ratios between designs" in " ".join(capsys.readouterr().err.split())
    page = (copied_run.out / "report.html").read_text(encoding="utf-8")
    assert "These are different machines." in page
    assert (copied_run.out / "plan" / "plan.json").is_file()
    assert (copied_run.out / "measurements.jsonl").is_file()
    assert "measure" in results["timing_s"]


def test_where_to_measure_is_checked_before_anything_long_starts(
    new_run: SmallRun, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_run("--measure", "ssh://-oProxyCommand=x@board") == 2
    assert "is no user name" in capsys.readouterr().err
    assert not new_run.out.exists()


def test_a_board_that_cannot_be_reached_leaves_results_and_report(
    copied_run: SmallRun, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from codesign.walk.measure_run import Programs

    monkeypatch.setattr(compile_steps, "Programs", lambda workplace: Programs("false", "false", workplace))
    assert copied_run("--resume", "--measure", "ssh://nobody@board.invalid") == 2
    assert "measuring on ssh://nobody@board.invalid failed" in capsys.readouterr().err
    assert "measured" not in copied_run.results
