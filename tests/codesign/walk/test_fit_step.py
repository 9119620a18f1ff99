from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from codesign.predict.contest.contenders import on_one_board
from codesign.predict.costs.predictor_file import read_predictor
from codesign.predict.fitting.rules import LoopRules
from codesign.walk import fit_best
from codesign.walk.fit_models import FitModel
from codesign.walk.fit_step import FitResult, FitSettings, fit_predictor
from codesign.walk.measure_target import MeasureTarget
from runtime.contract.errors import BoardError, ConfigError, DataError
from runtime.measure.plan import Quality
from tests.codesign.chains import LeastSquares
from tests.codesign.small_run import write_space

from .fits import MODEL, RULES, SPACE_FILE, simulated
from .test_fit_measured import QUICK


@pytest.fixture
def space(tmp_path: Path) -> str:
    (tmp_path / "small.toml").write_text(SPACE_FILE, encoding="utf-8")
    return str(tmp_path / "small.toml")


def fit(settings: FitSettings, out: Path) -> FitResult:
    return fit_predictor(settings, out, Console(file=io.StringIO()))


def test_a_simulated_fit_leaves_predictor_table_report_and_picture(space: str, tmp_path: Path) -> None:
    result = fit(simulated(space), tmp_path / "out")
    assert result.report["costs"]["kind"] == "simulated"
    assert "orin-nano gpu" in result.report["costs"]["on"]
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"journal.jsonl", "predictor.npz", "costs.npz", "report.json", "fit.svg"}


def test_a_second_run_of_the_same_reports_the_same_and_measures_nothing(space: str, tmp_path: Path) -> None:
    first = fit(simulated(space), tmp_path / "out")
    journal = first.folder.journal.read_bytes()
    again = fit(simulated(space), tmp_path / "out")
    assert again.report == first.report
    assert again.folder.journal.read_bytes() == journal


def test_a_run_cut_off_anywhere_ends_as_the_whole_one(space: str, tmp_path: Path) -> None:
    whole = fit(simulated(space), tmp_path / "whole")
    lines = whole.folder.journal.read_bytes().splitlines(keepends=True)
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "journal.jsonl").write_bytes(b"".join(lines[:4]) + lines[4][:20])
    assert fit(simulated(space), tmp_path / "cut").report == whole.report


def test_energy_is_fitted_alike(space: str, tmp_path: Path) -> None:
    report = fit(simulated(space, cost="energy"), tmp_path / "out").report
    assert report["cost"] == "energy"


def test_networks_are_measured_on_this_machine(space: str, tmp_path: Path) -> None:
    settings = FitSettings(
        space,
        MODEL,
        LoopRules(
            initial=4, extra=1, bins=1, bin_accuracy=0.01, max_measurements=4, test_per_bin=3, batch=7, references=1
        ),
        target=MeasureTarget(),
        passes=2,
        plan_rules=QUICK | {"quality": Quality(every=10, max_spread=1.0, attempts=1)},
    )
    try:
        report = fit(settings, tmp_path / "out").report
    except DataError as error:
        pytest.skip(f"this machine is too busy to measure on: {error.what}")
    assert report["costs"]["kind"] == "measured"
    assert "ONNX Runtime" in report["costs"]["on"]


@pytest.mark.parametrize(
    ("change", "name"), [({"device": "cpu"}, "where"), ({"rules": replace(RULES, seed=1)}, "seed")]
)
def test_another_board_or_seed_does_not_go_on_with_a_run(
    space: str, tmp_path: Path, change: dict[str, object], name: str
) -> None:
    fit(simulated(space), tmp_path / "out")
    with pytest.raises(ConfigError, match=f"begun with another {name}"):
        fit(simulated(space, **change), tmp_path / "out")


def test_an_unknown_board_is_named(space: str, tmp_path: Path) -> None:
    with pytest.raises(BoardError, match="unknown board 'orin-nan'"):
        fit(simulated(space, board="orin-nan"), tmp_path / "out")


def test_a_board_or_a_place_to_measure_is_needed_and_not_both() -> None:
    for board, target in ((None, None), ("orin-nano", MeasureTarget())):
        with pytest.raises(ConfigError, match="either from a simulated board or from measuring"):
            FitSettings("resnet", MODEL, RULES, board=board, target=target)


@pytest.mark.parametrize("change", [{"passes": 0}, {"runs": 9}, {"keep": 0.0}, {"keep": 1.1}])
def test_measuring_nothing_is_refused(change: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="measure nothing"):
        simulated("resnet", **change)


def test_backbones_of_a_supernet_are_fitted_alike_and_the_file_says_for_which(tmp_path: Path) -> None:
    space = str(write_space(tmp_path / "supernet.toml"))
    rules = LoopRules(initial=20, bins=2, bin_accuracy=0.5, max_measurements=20, test_per_bin=5, batch=10, references=2)
    result = fit(simulated(space, rules=rules, image=(24, 24), classes=3), tmp_path / "out")
    assert result.report["space"] == "small"
    said = read_predictor(result.folder.predictor, {"line": lambda _genes, _encoding: LeastSquares()}).provenance
    assert (said["image"], said["classes"], said["board"], said["device"]) == ("24x24", "3", "orin-nano", "gpu")


def test_a_fit_by_the_best_model_says_how_the_others_did(
    space: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fit_best, "on_one_board", lambda genes: [c for c in on_one_board(genes) if c.model == "ridge"])
    report = fit(
        simulated(space, model=FitModel("best", "compared", lambda _: LeastSquares())), tmp_path / "out"
    ).report
    assert report["model"] == "ridge"
    assert report["models"]["kind"] == "predicted"
    assert [row["model"] for row in report["models"]["rows"]] == ["ridge"] * len(report["models"]["rows"])
