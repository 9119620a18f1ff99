from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from codesign.commands.benchmark_search_table import print_searches

FIGURES: dict[str, Any] = {
    "hypervolume_share": [0.99, 0.97],
    "evaluations_to_95": [10, 20],
    "evaluations_to_98": [40, None],
    "igd_plus": [0.01, 0.03],
    "coverage": [0.5, 0.25],
    "rod_exact_over_found": [0.5, 0.5],
    "seconds": [1.0, 2.0],
    "rod_over": {"random": [0.6, 0.8]},
}
RESULT: dict[str, Any] = {
    "kind": "table values; seconds measured",
    "table": "T.npz",
    "device": "tx2 [gpu]",
    "evaluations_allowed": 300,
    "seeds": [0, 1],
    "objectives": ["error", "latency_s"],
    "reference_point": [0.99, 0.048],
    "strategies": {"house": FIGURES},
}


def printed(result: dict[str, Any], width: int = 140) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_searches(result, console)
    return " ".join(console.file.getvalue().split())  # type: ignore[attr-defined]


def test_a_strategys_row_has_mean_spread_and_when_it_came_near() -> None:
    shown = printed(RESULT)
    assert "98.00 ± 1.41" in shown
    assert " 15 " in shown
    assert "– (1/2)" in shown
    assert "tx2 [gpu]: 300 evaluations, 2 seeds" in shown
    assert "error 0.99, latency_s 0.048" in shown
    assert "the row's dominates" not in shown


def test_one_seed_has_no_spread() -> None:
    figures = {name: values[:1] if isinstance(values, list) else values for name, values in FIGURES.items()}
    assert "±" not in printed({**RESULT, "seeds": [0], "strategies": {"house": figures}}).split("Hypervolume:")[0]


def test_several_strategies_get_a_table_of_who_dominates_whom() -> None:
    other = {**FIGURES, "rod_over": {"house": [0.0, 0.2]}}
    shown = printed({**RESULT, "strategies": {"house": FIGURES, "random": other}})
    assert "share of the column's front that the row's dominates" in shown
    assert "70%" in shown
    assert "10%" in shown


def test_a_narrow_terminal_gets_whole_figures() -> None:
    shown = printed({**RESULT, "strategies": {"local-search-scalarised": FIGURES}}, width=80)
    assert "98.00 ± 1.41" in shown
    assert "local-search-scalarised" in shown
    assert "– (1/2)" in shown


def test_a_matrix_that_does_not_fit_is_not_cut_but_said_to_be_in_the_file() -> None:
    names = [f"a-strategy-with-a-long-name-{place}" for place in range(6)]
    strategies = {name: {**FIGURES, "rod_over": {other: [0.5] for other in names}} for name in names}
    shown = printed({**RESULT, "strategies": strategies}, width=80)
    assert "see `rod_over` in --json" in shown
    assert "the row's dominates" not in shown
