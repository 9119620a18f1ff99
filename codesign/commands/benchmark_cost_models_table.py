"""The result of `codesign benchmark cost-models` as a table for a person."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table


def print_laps(result: dict[str, Any], console: Console | None = None) -> None:
    """One row per method; then what was assumed."""
    console = console or Console()
    table = Table(title=escape(f"{result['target']}: a search of {result['evaluations']:,} evaluations"))
    table.add_column("method")
    for heading in ("RMSE", "RMSPE", "measured", "search", "speed-up", "hypervolume", "survey: RMSE", "speed-up"):
        table.add_column(heading, justify="right")
    for row in result["results"]:
        table.add_row(
            row["method"],
            f"{1e3 * row['rmse_s']:.3f} ms",
            f"{row['rmspe']:.1%}",
            f"{row['measurements']:,.0f}",
            f"{row['search_s']:,.0f} s",
            f"{row['speedup']:.1f} ± {row['speedup_std']:.1f}",
            f"{row['hypervolume']:.4f} ± {row['hypervolume_std']:.4f}",
            "–" if row["survey_rmse"] is None else f"{row['survey_rmse']:g}",
            "–" if row["survey_speedup"] is None else f"{row['survey_speedup']:g} ×",
            style="bold" if row["method"] == "house" else None,
        )
    console.print(table)
    console.print(
        f"{result['samples']} designs to fit on; a measurement takes {result['setup_s']:g} s (assumed) and "
        f"{result['runs']} runs, with {result['noise']:.1%} noise; {result['seeds']} seeds. "
        f"Hypervolume is a share of the exact front's. Kind: {result['kind']}.",
        highlight=False,
        markup=False,
    )
