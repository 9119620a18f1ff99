"""codesign/commands/benchmark_board_model.py"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from codesign.commands.benchmark_board_model import as_json
from codesign.commands.main import main
from codesign.predict.clocks.held_out import HeldOut

FIGURES = {"mean_error", "p95_error", "max_error"}


def grid(folder: Path, *, power: bool = True) -> Path:
    """Two workloads of an exact roofline with 1 % of noise, and their power."""
    rng, lines = np.random.default_rng(0), ["board,workload,gpu_hz,emc_hz,latency_s" + ",board_w,vdd_soc_w" * power]
    for work, gpu_hz, emc_hz in product((1, 2), (3e8, 5e8, 7e8, 9e8), (6e8, 2e9, 3e9)):
        latency_s = work * np.hypot(3e6 / gpu_hz, 8e6 / emc_hz) + 1e-3
        latency_s *= 1 + 0.01 * rng.standard_normal()
        watts = f",{4 + work * gpu_hz * 3e-9},{1 + emc_hz * 3e-10}" if power else ""
        lines.append(f"b,net{work},{gpu_hz:.0f},{emc_hz:.0f},{latency_s:.6f}{watts}")
    file = folder / "grid.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


def benchmark(file: Path, fraction: float, *more: str) -> int:
    return main(["benchmark", "board-model", "--csv", str(file), "--train-fraction", str(fraction), *more])


def result_of(tmp_path: Path, file: Path, fraction: float, seeds: int) -> dict[str, Any]:
    out = tmp_path / "out.json"
    assert benchmark(file, fraction, "--json", str(out), "--seeds", str(seeds)) == 0
    found: dict[str, Any] = json.loads(out.read_text())
    return found


def test_the_house_model_beats_the_simple_ones_and_the_result_is_as_documented(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = result_of(tmp_path, grid(tmp_path), 0.5, seeds=3)
    assert set(result["latency"]) == {"house", "k_over_f_plus_b", "additive"}
    assert set(result["power"]) == {"house", "linear", "additive"}
    for models in (result["latency"], result["power"]):
        for figures in models.values():
            assert set(figures) == FIGURES | {f"{key}_std" for key in FIGURES}
            assert figures["mean_error"] <= figures["p95_error"] <= figures["max_error"]
    latency = {model: figures["mean_error"] for model, figures in result["latency"].items()}
    assert latency["house"] < 0.03 < latency["additive"] < latency["k_over_f_plus_b"]
    assert (result["seeds"], result["train_fraction"], result["n_workloads"]) == (3, 0.5, 2)
    assert result["power_columns"] == ["board_w"]
    assert set(result["workloads"]["power"]) == {"board_w", "vdd_soc_w"}
    assert result["kind"].startswith("measured cells, predicted by")
    printed = capsys.readouterr()
    assert "house" in printed.out
    assert "power (board_w)" in printed.out
    assert "3 splits" in printed.err


def test_without_power_columns_there_is_no_power(tmp_path: Path) -> None:
    result = result_of(tmp_path, grid(tmp_path, power=False), 0.5, seeds=1)
    assert "power" not in result
    assert result["power_columns"] == []


def test_rails_stand_for_the_board_where_it_was_not_measured() -> None:
    one = HeldOut("house", "b", "w", 0, 5, np.array([0.1]), None)
    assert as_json([one], {"vdd_soc_w": [one], "vdd_in_w": [one]})["power_columns"] == ["vdd_in_w"]
    assert as_json([one], {"vdd_soc_w": [one], "cpu_w": [one]})["power_columns"] == ["vdd_soc_w", "cpu_w"]


def test_a_plot_is_drawn_where_asked(tmp_path: Path) -> None:
    picture = tmp_path / "errors.svg"
    assert benchmark(grid(tmp_path), 0.5, "--seeds", "1", "--plot", str(picture)) == 0
    assert picture.read_text().startswith("<svg ")


def test_a_workload_that_cannot_be_split_is_left_out_aloud(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = grid(tmp_path, power=False)
    file.write_text(file.read_text() + "b,single,3e8,6e8,0.1\n")
    result = result_of(tmp_path, file, 0.5, seeds=1)
    assert result["left_out"] == ["b, single"]
    assert "b, single: one setting only, left out" in capsys.readouterr().err


def test_too_few_cells_for_a_model_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = result_of(tmp_path, grid(tmp_path, power=False), 0.1, seeds=1)  # one at each EMC clock
    assert result["simplified"]["latency"]["house"]
    assert "latency, house: 3 cells for 4 parameters" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("fraction", "more", "message"),
    [
        (0.0, (), "0 is no share of the cells"),
        (1.0, (), "1 is no share of the cells"),
        (float("nan"), (), "nan is no share of the cells"),
        (0.5, ("--seeds", "0"), "0 splits say nothing"),
        (0.5, ("--json", "/nowhere/x.json"), "no such folder"),
        (0.5, ("--plot", "/"), "this is a folder"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fraction: float, more: tuple[str, ...], message: str
) -> None:
    assert benchmark(grid(tmp_path), fraction, *more) == 2
    assert message in capsys.readouterr().err


def test_a_file_in_which_nothing_can_be_held_out_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "x.csv"
    file.write_text("board,gpu_hz,latency_s\nb,5e8,0.1\n")
    assert benchmark(file, 0.5) == 2
    assert "nothing can be held out" in capsys.readouterr().err


def real(tmp_path: Path, shared_data: Path, name: str, fraction: float, seeds: int) -> dict[str, Any]:
    file = shared_data / "dvfs" / name
    if not file.is_file():
        pytest.skip(f"no {file}")
    return result_of(tmp_path, file, fraction, seeds)


def test_a_quarter_of_the_orin_nanos_grid_tells_the_rest(tmp_path: Path, shared_data: Path) -> None:
    latency = real(tmp_path, shared_data, "orin_nano_super_latency.csv", 0.25, 5)["latency"]
    assert latency["house"]["mean_error"] <= 0.025
    assert latency["house"]["p95_error"] <= 0.10
    assert latency["k_over_f_plus_b"]["mean_error"] > 0.15


def test_a_tenth_of_the_tx2s_settings_tells_the_rest(tmp_path: Path, shared_data: Path) -> None:
    assert real(tmp_path, shared_data, "tx2_latency.csv", 0.1, 1)["latency"]["house"]["mean_error"] <= 0.04


def test_four_fifths_of_the_clocks_tell_the_power_of_three_boards(tmp_path: Path, shared_data: Path) -> None:
    power = real(tmp_path, shared_data, "loudva_power_latency.csv", 0.8, 10)["power"]
    assert power["house"]["mean_error"] <= 0.06


def test_mean_power_under_periodic_load_is_told_from_three_of_four_emc_clocks(
    tmp_path: Path, shared_data: Path
) -> None:
    result = real(tmp_path, shared_data, "orin_nano_super_power.csv", 0.75, 5)
    assert result["power_columns"] == ["vdd_in_w"]
    assert result["power"]["house"]["mean_error"] <= 0.03
