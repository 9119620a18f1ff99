"""codesign/commands/benchmark_new_board.py"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from codesign.commands.main import main


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Four boards of a small space, two alike."""
    designs, rng = np.array(list(product(range(4), repeat=4))), np.random.default_rng(0)
    ways = np.exp(rng.normal(0, 0.3, (2, 4, 4)))
    sums = np.array([[way[range(4), design].sum() for design in designs] for way in ways])
    latency_s = np.stack([sums[0], sums[1], 2 * sums[0], sums.mean(axis=0)])
    accuracy = 0.5 + 0.03 * designs.sum(axis=1) + 0.01 * rng.uniform(size=256)
    names = np.array([f"op_{gene}" for gene in range(4)])
    file = tmp_path / "t.npz"
    np.savez(
        file,
        genome=designs,
        gene_names=names,
        choices=np.array(["skip", "pool", "small", "large"]),
        device_names=np.array(["a", "b", "c", "d"]),
        latency_s=latency_s,
        accuracy=accuracy,
    )
    return file


def test_one_board_is_judged_both_ways_and_the_result_is_as_documented(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "o.json"
    options = ["--table", str(table), "--target", "c", "--initial", "60", "--json", str(out)]
    assert main(["benchmark", "new-board", *options]) == 0
    result = json.loads(out.read_text())
    assert result["boards"] == ["c"]
    assert set(result["proxy"]) == {
        "random proxy, Algorithm 1",
        "random proxy",
        "matched proxy, Algorithm 1",
        "matched proxy",
    }
    for figures in result["proxy"].values():
        assert set(figures["accuracy_lost"]) == {"median", "mean", "std", "p90", "max"}
        assert figures["measurements"]["max"] <= 10
    assert result["proxy"]["matched proxy"]["accuracy_lost"]["median"] < 0.005
    assert set(result["learnt"]) == {"regret", "nearest_regret", "answer_s", "answer_cpu_s", "learn_s", "trials"}
    assert len(result["learnt_trials"]) == 5
    assert "chosen by predictions from other boards" in result["kind"]
    printed = capsys.readouterr().out
    assert "accuracy lost under a latency limit" in printed
    assert "an answer for a new board takes" in printed


def test_one_way_may_be_judged_alone(table: Path, tmp_path: Path) -> None:
    out = tmp_path / "o.json"
    assert main(["benchmark", "new-board", "--table", str(table), "--method", "proxy", "--json", str(out)]) == 0
    result = json.loads(out.read_text())
    assert "learnt" not in result
    assert result["boards"] == ["a", "b", "c", "d"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--seeds", "0"), "0 repeats say nothing"),
        (("--initial", "5"), "5 designs teach nothing"),
        (("--json", "/nowhere/x.json"), "no such folder"),
        (("--target", "zebra"), "board 'zebra' is not in the table"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    table: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], message: str
) -> None:
    assert main(["benchmark", "new-board", "--table", str(table), *options]) == 2
    assert message in capsys.readouterr().err
