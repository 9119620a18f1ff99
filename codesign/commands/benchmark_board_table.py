"""The result of `codesign benchmark board-model` as tables for a person."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

HOUSE = "house"


def print_table(result: dict[str, Any], console: Console | None = None) -> None:
    """Each quantity with every model's errors and their spread over the splits, then what had to be left out."""
    console = console or Console()
    for quantity in ("latency", "power"):
        if quantity in result:
            what = quantity if quantity == "latency" else f"power ({', '.join(result['power_columns'])})"
            console.print(_errors(f"{what}: error on held-out cells", result[quantity]))
    workloads = _counted(result["n_workloads"], "workload")
    console.print(
        f"{workloads} of {result['csv']}, {result['train_fraction']:.0%} of the cells to fit on, "
        f"{_counted(result['seeds'], 'split')}; ± is the standard deviation over splits. Kind: {result['kind']}.",
        highlight=False,
        markup=False,
    )
    simplified = {"latency": result["simplified"]["latency"], **result["simplified"]["power"]}
    for quantity, models in simplified.items():
        for model, notes in models.items():
            console.print(f"{quantity}, {model}: {'; '.join(notes)}", highlight=False, markup=False)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _errors(title: str, models: dict[str, dict[str, float]]) -> Table:
    table = Table(title=escape(title))
    for heading in ("model", "mean", "95th percentile", "maximum"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for model, figures in models.items():
        table.add_row(
            model,
            *(f"{figures[key]:.2%} ± {figures[f'{key}_std']:.2%}" for key in ("mean_error", "p95_error", "max_error")),
            style="bold" if model == HOUSE else None,
        )
    return table
