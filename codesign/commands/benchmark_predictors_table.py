"""The standings of `codesign benchmark predictors` as a table for a person."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

HOUSE = "house"
SHARES = {"mape": "MAPE", "rmspe": "RMSPE", "within_10pct": "within 10 %", "coverage": "coverage"}
RANKS = {"spearman": "Spearman", "kendall": "Kendall"}
TIMES = {"fit_s": "fit", "predict_s": "predict 10⁵"}
WIDE = 130  # characters; a narrower terminal gets fewer columns rather than broken ones
FIRST = ("mape", "coverage", "spearman")


def print_standings(result: dict[str, Any], console: Console | None = None) -> None:
    """One row per model and encoding, the smallest error first; then what the figures are of."""
    console = console or Console()
    title = escape(f"{result['target']}: {result['cost']} of {result['designs']:,} designs")
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    table.add_column("model", no_wrap=True)
    table.add_column("encoding", no_wrap=True)
    wide = console.width >= WIDE
    shown = [key for key in (*SHARES, *RANKS, *TIMES) if wide or key in (*FIRST, *TIMES)]
    for key in shown:
        table.add_column((SHARES | RANKS | TIMES)[key], justify="right", no_wrap=True)
    for row in result["results"]:
        cells = [_cell(row, key, wide) for key in shown]
        table.add_row(row["model"], row["encoding"], *cells, style="bold" if row["model"] == HOUSE else None)
    console.print(table)
    sources = ", ".join(result["sources"]) or "none"
    console.print(
        f"{result['samples']} samples of {result['table']}, {result['protocol']} protocol, {result['seeds']} seeds; "
        f"sources: {sources}. ± is the standard deviation over seeds; * marks intervals that are not calibrated. "
        f"Kind: {result['kind']}.",
        highlight=False,
        markup=False,
    )


def _cell(row: dict[str, Any], key: str, wide: bool) -> str:
    if key in TIMES:
        return "–" if row[key] is None else f"{row[key]:.2f} s"
    form = "{:.1%}" if key in SHARES else "{:.3f}"
    spread = f" ± {form.format(row[f'{key}_std'])}" if wide and row[f"{key}_std"] else ""
    return form.format(row[key]) + spread + ("*" if key == "coverage" and not row["calibrated"] else "")
