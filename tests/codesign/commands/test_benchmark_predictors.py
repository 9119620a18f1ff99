"""codesign/commands/benchmark_predictors.py"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.commands.main import main
from codesign.predict.costs.cost_table import CostTable, write_cost_table
from codesign.predict.costs.genes import Genes

FIGURES = ("spearman", "kendall", "mape", "rmspe", "within_10pct", "coverage", "fit_s", "predict_s")


def table(folder: Path, designs: int = 160) -> Path:
    """Three boards on which layers cost differently; the third is like the first, but slower."""
    rng = np.random.default_rng(0)
    genome = rng.integers(0, 3, size=(designs, 5))
    weights = rng.uniform(0.5, 2.0, size=(2, 5))
    latency_s = [
        1e-3 * (1.0 + genome @ weights[board]) * np.exp(0.01 * rng.standard_normal(designs)) for board in (0, 1)
    ]
    slow = 1e-3 + 3.0 * latency_s[0] * np.exp(0.01 * rng.standard_normal(designs))
    file = folder / "table.npz"
    names = [f"op_{number}" for number in range(5)]
    genes = Genes.named(names, ("none", "small", "large"))
    boards = ("first", "other", "slow")
    group = np.unique(genome, axis=0, return_inverse=True)[1].reshape(-1)
    write_cost_table(file, CostTable(genome, genes, boards, np.stack([*latency_s, slow]), None, None, group))
    return file


def benchmark(file: Path, *more: str) -> int:
    return main(["benchmark", "predictors", "--table", str(file), "--target", "slow", *more])


def result_of(tmp_path: Path, file: Path, *more: str) -> dict[str, Any]:
    out = tmp_path / "out.json"
    assert benchmark(file, "--json", str(out), *more) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_every_row_has_every_figure_with_its_spread_and_the_house_model_is_among_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "plot.svg"
    result = result_of(
        tmp_path,
        table(tmp_path),
        "--samples",
        "40",
        "--seeds",
        "2",
        "--models",
        "house,ridge,lookup",
        "--plot",
        str(plot),
    )
    assert {row["model"] for row in result["results"]} == {"house", "ridge", "lookup"}
    for row in result["results"]:
        assert {"model", "encoding", *FIGURES, *(f"{name}_std" for name in FIGURES)} <= set(row)
        assert all(0.0 <= row[name] <= 1.0 for name in ("within_10pct", "coverage"))
    house = next(row for row in result["results"] if row["model"] == "house")
    assert house["mape"] < 0.05
    assert house["calibrated"] is False
    assert (result["sources"], result["samples"], result["seeds"], result["protocol"]) == ([], 40, 2, "plain")
    assert "house" in capsys.readouterr().out
    assert plot.read_text().startswith("<svg ")


def test_with_sources_few_samples_are_enough(tmp_path: Path) -> None:
    file = table(tmp_path)
    more = ("--samples", "8", "--seeds", "2", "--models", "house,nearest-source")
    result = result_of(tmp_path, file, "--sources", "all", *more)
    assert result["sources"] == ["first", "other"]
    rows = {row["model"]: row for row in result["results"]}
    assert rows["house"]["spearman"] > 0.95
    assert rows["nearest-source"]["spearman"] > 0.95


def test_twenty_target_latencies_are_read_unless_told_otherwise_where_sources_are_known(tmp_path: Path) -> None:
    result = result_of(tmp_path, table(tmp_path), "--sources", "first", "--seeds", "1", "--models", "nearest-source")
    assert result["samples"] == 20


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--sources", "slow"), "'slow' cannot be a source of itself"),
        (("--sources", "first,first"), "boards that differ are needed"),
        (("--sources", "nowhere"), "board 'nowhere' is not in the table"),
        (("--seeds", "0"), "0 seeds say nothing"),
        (("--samples", "1"), "1 samples fit nothing"),
        (("--models", "oracle"), "there is no model 'oracle'"),
        (("--cost", "energy"), "the table holds no `energy_j`"),
        (("--json", "nowhere/out.json"), "no such folder"),
    ],
)
def test_what_cannot_be_meant_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], message: str
) -> None:
    assert benchmark(table(tmp_path), *more) == 2
    assert message in capsys.readouterr().err


def test_a_target_that_is_not_there_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["benchmark", "predictors", "--table", str(table(tmp_path)), "--target", "moon"]) == 2
    assert "board 'moon' is not in the table" in capsys.readouterr().err
