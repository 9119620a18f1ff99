"""What `codesign compile` says at the end, for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from codesign.commands.compile_summary import print_boards, print_estimate, print_summary
from codesign.walk.estimate import Estimate
from codesign.walk.run_folder import RunFolder
from tests.codesign.report.sample import sample


@pytest.fixture(autouse=True)
def wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


def results(*, joint_j: float = 0.006, static_j: float = 0.010) -> dict[str, Any]:
    made: dict[str, Any] = sample()
    for row in made["bars"]:
        if row["name"] == "exits_best_clocks":
            row["energy_j"] = joint_j
        if row["name"] == "static_max_clocks":
            row["energy_j"] = static_j
    return made


@pytest.mark.parametrize(
    ("joint_j", "sentence"),
    [(0.006, "Energy per image: 40.0% less than"), (0.0125, "Energy per image: 25.0% MORE than")],
)
def test_a_saving_is_said_and_so_is_a_loss(capsys: pytest.CaptureFixture[str], joint_j: float, sentence: str) -> None:
    print_summary(RunFolder(Path("out")), results(joint_j=joint_j), as_json=False)
    printed = " ".join(capsys.readouterr().out.split())
    assert sentence in printed
    assert "at maximum clocks (simulated)" in printed


def test_every_bar_is_a_row_and_the_oracle_is_called_unreachable(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(RunFolder(Path("out")), made := results(), as_json=False)
    printed = capsys.readouterr().out
    for row in made["bars"]:
        assert row["name"] in printed
        assert f"{row['energy_j'] * 1e3:.3f}" in printed
    assert "oracle (not reachable)" in printed
    for text in ("accuracy (measured)", "energy mJ", "test split", "simulated"):
        assert text in printed


def test_what_another_format_does_alone_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    alone = {"fp32": {"accuracy": 0.92, "energy_j": 0.018}, "deployed": {"accuracy": 0.918, "energy_j": 0.006}}
    made = results() | {"precision": {"shown": "INT8", "full_network": {"energy_kind": "simulated"} | alone}}
    print_summary(RunFolder(Path("out")), made, as_json=False)
    assert "Deployed in INT8: that alone takes the full network from 92.00% to 91.80%" in " ".join(
        capsys.readouterr().out.split()
    )


def test_a_rate_that_cannot_be_served_is_said_to_be_too_slow(capsys: pytest.CaptureFixture[str]) -> None:
    made = results()
    made["bars"][0]["served_energy_j"] = None
    print_summary(RunFolder(Path("out")), made, as_json=False)
    assert "too slow" in capsys.readouterr().out


def test_paths_are_printed_whole_whatever_they_hold(capsys: pytest.CaptureFixture[str]) -> None:
    folder = RunFolder(Path("/data/[bold]run[/bold]") / ("long" * 60))
    print_summary(folder, results(), as_json=False)
    printed = capsys.readouterr().out
    for path in (folder.bundle, folder.report, folder.results):
        assert f" {path}\n" in printed


def test_programs_get_the_saving_the_bars_and_the_paths(capsys: pytest.CaptureFixture[str]) -> None:
    print_summary(RunFolder(Path("out")), made := results(), as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["saving"] == pytest.approx(0.4)
    assert (printed["bars"], printed["oracle"], printed["macs"]) == (made["bars"], made["oracle"], made["macs"])
    assert (printed["bundle"], printed["report"], printed["results"]) == (
        "out/bundle", "out/report.html", "out/results.json",
    )  # fmt: skip


def test_an_estimate_is_predicted_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    found = Estimate(training_s=300.0, search_s=60.0, memory_bytes=1.5e9, disk_bytes=30e6)
    print_estimate(found, as_json=False)
    printed = capsys.readouterr().out
    for text in ("about 5.0 min", "about 1.0 min", "1.5 GB", "30 MB", "predicted", "nothing was written"):
        assert text in printed
    print_estimate(found, as_json=True)
    table = json.loads(capsys.readouterr().out)
    assert table == {
        "training_s": 300.0, "search_s": 60.0, "memory_bytes": 1.5e9, "disk_bytes": 30e6, "total_s": 360.0,
        "kind": "predicted",
    }  # fmt: skip


def test_a_supernet_that_is_there_is_not_said_to_take_time(capsys: pytest.CaptureFixture[str]) -> None:
    print_estimate(Estimate(0.0, 60.0, 1e9, 1e6), as_json=False)
    assert "kept from an earlier run" in capsys.readouterr().out


def test_of_several_boards_everything_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    made: dict[str, Any] = sample()
    both = {board: (RunFolder(Path("out") / board), made) for board in ("a", "b")}
    print_boards(both, Path("out/index.html"), as_json=True)
    printed = json.loads(capsys.readouterr().out)
    assert printed["index"] == "out/index.html"
    assert list(printed["boards"]) == ["a", "b"]
    assert printed["boards"]["b"]["bundle"] == "out/b/bundle"
    print_boards(both, Path("out/index.html"), as_json=False)
    shown = capsys.readouterr().out
    assert shown.count("Energy per image") == 2
    assert shown.rstrip().endswith("boards  out/index.html")
