"""codesign/commands/benchmark_board_table.py"""

from __future__ import annotations

from io import StringIO
from typing import Any

from rich.console import Console

from codesign.commands.benchmark_board_table import print_table

FIGURES = {
    "mean_error": 0.0159, "p95_error": 0.0435, "max_error": 0.0705,
    "mean_error_std": 0.0045, "p95_error_std": 0.0135, "max_error_std": 0.0136,
}  # fmt: skip


def printed(**more: Any) -> str:
    result = {
        "latency": {"house": FIGURES}, "power_columns": [], "n_workloads": 4, "csv": "grid[1].csv",
        "train_fraction": 0.25, "seeds": 20, "kind": "measured cells", "simplified": {"latency": {}, "power": {}},
    }  # fmt: skip
    written = StringIO()
    print_table(result | more, Console(file=written, width=160))
    return written.getvalue()


def test_errors_are_shown_in_per_cent_with_their_spread() -> None:
    text = printed()
    assert "1.59% ± 0.45%" in text
    assert "7.05% ± 1.36%" in text
    assert "power" not in text


def test_the_data_are_named_with_their_kind() -> None:
    assert "4 workloads of grid[1].csv, 25% of the cells to fit on, 20 splits" in printed()
    assert "Kind: measured cells." in printed()


def test_one_workload_is_one() -> None:
    assert "1 workload of grid[1].csv, 25% of the cells to fit on, 1 split;" in printed(n_workloads=1, seeds=1)


def test_power_is_shown_with_the_columns_it_is_of() -> None:
    assert "power (board_w)" in printed(power={"house": FIGURES}, power_columns=["board_w"])


def test_what_was_left_out_of_a_model_is_said() -> None:
    text = printed(simplified={"latency": {"house": ["3 cells"]}, "power": {"board_w": {"linear": ["one", "two"]}}})
    assert "latency, house: 3 cells" in text
    assert "board_w, linear: one; two" in text
