from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from codesign.commands.main import main
from codesign.predict.costs.cost_table import write_cost_table
from tests.codesign.search.tabulated_example import GRID, example

LISTS = (
    "hypervolume",
    "hypervolume_share",
    "igd_plus",
    "rod_exact_over_found",
    "rod_found_over_exact",
    "coverage",
    "evaluations_to_95",
    "evaluations_to_98",
    "seconds",
)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    write_cost_table(tmp_path / "T.npz", example(energy=True))
    return tmp_path / "T.npz"


def search(table: Path, *options: str) -> int:
    return main(["benchmark", "search", "--table", str(table), *options])


def test_one_strategys_figures_are_lists_over_seeds(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert search(table, "--strategy", "random", "--evaluations", "6", "--seeds", "3", "--json", str(out)) == 0
    result = json.loads(out.read_text())
    assert all(len(result[name]) == 3 for name in LISTS)
    assert result["device"] == "fast"
    assert result["objectives"] == ["error", "latency_s"]
    assert result["reference_point"] == pytest.approx([0.5, 7.5e-3])
    assert all(0 <= one <= result["exact_hypervolume"] for one in result["hypervolume"])
    assert result["strategies"]["random"]["hypervolume"] == result["hypervolume"]


def test_several_strategies_stand_side_by_side(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out, plot = tmp_path / "out.json", tmp_path / "out.svg"
    names = ["random", "nsga2", "house"]
    options = ["--evaluations", "14", "--seeds", "2", "--device", "slow", "--json", str(out), "--plot", str(plot)]
    assert search(table, "--strategy", ",".join(names), *options) == 0
    result = json.loads(out.read_text())
    assert list(result["strategies"]) == names
    assert "hypervolume" not in result
    assert set(result["strategies"]["house"]["rod_over"]) == {"random", "nsga2"}
    assert plot.read_text().startswith("<svg xmlns=")
    printed = capsys.readouterr().out
    assert all(name in printed for name in names)


def test_the_same_seeds_give_the_same_figures(table: Path, tmp_path: Path) -> None:
    found = []
    for file in ("a.json", "b.json"):
        assert search(table, "--strategy", "nsga2", "--evaluations", "8", "--json", str(tmp_path / file)) == 0
        found.append(json.loads((tmp_path / file).read_text())["hypervolume"])
    assert found[0] == found[1]


def test_energy_can_be_a_third_objective(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    objectives = ["--objectives", "accuracy,latency,energy"]
    assert search(table, *objectives, "--evaluations", "12", "--seeds", "1", "--json", str(out)) == 0
    assert json.loads(out.read_text())["objectives"] == ["error", "latency_s", "energy_j"]


def test_a_table_with_holes_is_searched_and_said_to_have_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cost_table(tmp_path / "T.npz", example(GRID[::3]))
    for strategy in ("house", "nsga2", "local-search", "regularised-evolution", "random"):
        assert search(tmp_path / "T.npz", "--strategy", strategy, "--evaluations", "6", "--seeds", "1") == 0
    assert "6 of 16 combinations" in capsys.readouterr().err


def test_a_gene_with_one_value_is_no_hindrance(tmp_path: Path) -> None:
    write_cost_table(tmp_path / "T.npz", example(GRID[GRID[:, 0] == 2]))
    assert search(tmp_path / "T.npz", "--strategy", "house,nsga2", "--evaluations", "4", "--seeds", "1") == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--evaluations", "17"], "17 evaluations of a table of 16 designs"),
        (["--evaluations", "0"], "0 is too few\n  where: --evaluations"),
        (["--seeds", "0"], "where: --seeds"),
        (["--batch", "0"], "where: --batch"),
        (["--population", "3"], "where: --population"),
        (["--device", "tx9", "--evaluations", "4"], "choose one of fast, slow"),
        (["--strategy", "housse", "--evaluations", "4"], "no strategy 'housse'"),
        (["--strategy", ",", "--evaluations", "4"], "no strategies\n  where: --strategy"),
        (
            ["--strategy", "mnasnet", "--objectives", "accuracy", "--evaluations", "4"],
            "mnasnet takes 2 objectives, got 1",
        ),
        (["--limit", "-1", "--evaluations", "4"], "-1 is no limit of a cost"),
        (["--limit", "nan", "--evaluations", "4"], "nan is no limit of a cost"),
        (["--objectives", "speed", "--evaluations", "4"], "no objective 'speed'"),
    ],
)
def test_what_cannot_be_is_said(
    table: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert search(table, *options) == 2
    assert message in capsys.readouterr().err


def test_a_limit_that_no_design_keeps_is_said(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--strategy", "ofa-evolution", "--evaluations", "16", "--population", "4", "--limit", "1e-9"]
    assert search(table, *options) == 2
    assert "none of 8 designs is within the limit" in capsys.readouterr().err


def test_a_table_without_accuracies_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_cost_table(tmp_path / "T.npz", replace(example(), accuracy=None))
    assert search(tmp_path / "T.npz", "--evaluations", "4") == 2
    assert "the table has no accuracy" in capsys.readouterr().err


def test_nothing_is_searched_where_results_cannot_be_written(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert search(table, "--json", str(tmp_path / "no" / "out.json")) == 2
    assert "no such folder" in capsys.readouterr().err


def test_public_measurements_read_as_a_table(shared_data: Path) -> None:
    with np.load(shared_data / "latency" / "nasbench201.npz") as arrays:
        assert {"genome", "gene_names", "device_names", "latency_s", "accuracy"} <= set(arrays.files)
    assert (
        search(
            shared_data / "latency" / "nasbench201.npz", "--strategy", "random", "--evaluations", "50", "--seeds", "1"
        )
        == 0
    )
