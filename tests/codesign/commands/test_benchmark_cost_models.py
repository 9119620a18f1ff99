"""codesign/commands/benchmark_cost_models.py"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.commands.main import main
from codesign.predict.costs.cost_table import CostTable, write_cost_table
from codesign.predict.costs.genes import Genes

OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
EDGES = ("op_1<-0", "op_2<-0", "op_2<-1", "op_3<-0", "op_3<-1", "op_3<-2")


def table(folder: Path, *, accuracy: bool = True) -> Path:
    """All cells of three edges; the others are skips."""
    three = np.array(list(product(range(5), repeat=3)))
    genome = np.column_stack([three, np.ones((len(three), 3), dtype=int)])
    latency_s = 1e-3 * (1.0 + np.array([0.0, 0.1, 0.5, 2.0, 0.4])[genome].sum(axis=1))
    found = 0.2 + 0.1 * np.array([0.0, 0.5, 1.0, 1.5, 0.6])[genome].sum(axis=1) if accuracy else None
    file = folder / "cells.npz"
    genes = Genes.named(EDGES, OPERATIONS)
    write_cost_table(file, CostTable(genome, genes, ("b",), latency_s[None], None, found, np.arange(len(genome))))
    return file


def benchmark(file: Path, *more: str) -> int:
    short = ("--samples", "30", "--evaluations", "80", "--population", "10", "--seeds", "1")
    return main(["benchmark", "cost-models", "--table", str(file), "--target", "b", *short, *more])


def test_every_method_of_the_survey_and_the_house_model_are_timed_against_live_measurement(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.json"
    assert benchmark(table(tmp_path), "--json", str(out)) == 0
    result: dict[str, Any] = json.loads(out.read_text())
    rows = {row["method"]: row for row in result["results"]}
    assert set(rows) == {"live measurement", "lookup", "mlp", "boosting", "flops", "house"}
    assert rows["live measurement"]["speedup"] == 1.0
    assert rows["live measurement"]["rmspe"] == pytest.approx(0.01, rel=0.5)
    for row in rows.values():
        assert row["search_s"] == pytest.approx(row["measuring_s"] + row["computing_s"])
        assert 0.0 < row["hypervolume"] <= 1.0
    assert rows["house"]["rmse_s"] < rows["flops"]["rmse_s"]
    assert (rows["boosting"]["survey_speedup"], rows["house"]["survey_speedup"]) == (5.64, None)
    assert "simulated measurements" in result["kind"]
    assert "house" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (("--samples", "1"), "1 is too few"),
        (("--json", "nowhere/out.json"), "no such folder"),
    ],
)
def test_what_cannot_be_meant_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], message: str
) -> None:
    assert benchmark(table(tmp_path), *more) == 2
    assert message in capsys.readouterr().err


def test_a_table_without_accuracies_cannot_be_searched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark(table(tmp_path, accuracy=False)) == 2
    assert "a search needs the accuracy and the latency of every design" in capsys.readouterr().err
