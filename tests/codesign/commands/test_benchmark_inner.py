"""codesign/commands/benchmark_inner.py"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from codesign.commands.main import main
from codesign.walk.record_file import write_record
from codesign.walk.run_folder import RunFolder
from tests.codesign.search.records import record


@pytest.fixture
def logits(tmp_path: Path) -> Path:
    """Five exits that get better with depth."""
    rng = np.random.default_rng(0)
    labels, hardness = rng.integers(0, 4, 200), rng.normal(size=200)
    found = rng.normal(0.0, 0.3, (5, 200, 4))
    for exit_index in range(5):
        found[exit_index, np.arange(200), labels] += 1.0 + 0.5 * exit_index - hardness
    file = tmp_path / "l.npz"
    np.savez(file, logits=found.astype(np.float32), labels=labels)
    return file


FEW = ["--seeds", "2", "--evaluations", "150", "--levels", "5"]
OVER_SEEDS = ("hypervolume", "igd_plus", "coverage", "rod_exact_over_found", "rod_found_over_exact", "seconds")


def test_the_figures_are_lists_over_seeds_beside_the_exact_ones(
    logits: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.json"
    assert main(["benchmark", "inner", "--logits", str(logits), *FEW, "--json", str(out)]) == 0
    result = json.loads(out.read_text())
    assert set(result["strategies"]) == {"nsga2", "random"}
    for figures in (result, *result["strategies"].values()):
        for name in (*OVER_SEEDS, "evaluations_to_95"):
            assert len(figures[name]) == 2
        assert all(0 < volume <= result["exact_hypervolume"] * (1 + 1e-9) for volume in figures["hypervolume"])
    assert result["hypervolume"] == result["strategies"]["nsga2"]["hypervolume"]
    assert len(result["reference_point"]) == 2
    assert result["exact_seconds"] > 0
    assert "work assumed" in result["kind"]
    printed = capsys.readouterr().out
    assert "NSGA-II" in printed
    assert "random" in printed


def test_a_finished_run_has_its_work_counted(tmp_path: Path) -> None:
    folder, out = RunFolder(tmp_path / "run").finalists, tmp_path / "o.json"
    folder.mkdir(parents=True)
    kept = record((1,), candidates=4)
    write_record(folder / f"{kept.name}.npz", kept)
    options = ["--run", str(tmp_path / "run"), "--board", "agx-xavier", "--device", "cpu", "--max-exits", "2"]
    assert main(["benchmark", "inner", *options, *FEW, "--json", str(out)]) == 0
    result = json.loads(out.read_text())
    assert (result["backbone"], result["early_exits"], result["max_exits"]) == (kept.name, 3, 2)
    assert "work counted" in result["kind"]
    assert (result["board"], result["device"]) == ("agx-xavier", "cpu")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--seeds", "0"], "0 is too few"),
        (["--evaluations", "10"], "10 is too few"),
        (["--macs", "0"], "0 multiply-accumulates"),
        (["--json", "/nowhere/x.json"], "no such folder"),
        (["--board", "tx3"], "unknown board 'tx3'"),
        (["--backbone", "b1"], "--backbone names one of a run"),
        (["--max-exits", "-1"], "max_exits cannot be negative"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    logits: Path, options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["benchmark", "inner", "--logits", str(logits), *FEW, *options]) == 2
    assert message in capsys.readouterr().err


def test_exits_that_all_answer_alike_leave_nothing_to_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = np.repeat(np.random.default_rng(0).normal(size=(1, 50, 3)), 3, axis=0)
    np.savez(tmp_path / "same.npz", logits=same, labels=np.zeros(50, dtype=int))
    assert main(["benchmark", "inner", "--logits", str(tmp_path / "same.npz"), *FEW]) == 2
    assert "no design is both more accurate than the worst exit" in capsys.readouterr().err
