"""The result of `codesign benchmark cost-models` as a table for a person."""

from __future__ import annotations

from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDE = 100  # characters; a narrower terminal gets no spreads
HEADINGS = ("method", "RMSE", "search", "speed-up", "hypervolume", "survey")


def print_laps(result: dict[str, Any], console: Console | None = None) -> None:
    """One row per method; then what was assumed."""
    console = console or Console()
    wide = console.width >= WIDE
    title = escape(f"{result['target']}: a search of {result['evaluations']:,} evaluations")
    table = Table(title=title, box=SIMPLE_HEAD, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading == HEADINGS[0] else "right", no_wrap=True)
    for row in result["results"]:
        found = row["survey_rmse"], row["survey_speedup"]
        table.add_row(
            row["method"],
            f"{1e3 * row['rmse_s']:.3f} ms",
            f"{row['search_s']:,.0f} s",
            f"{row['speedup']:.1f}" + f" ± {row['speedup_std']:.1f}" * wide,
            f"{row['hypervolume']:.4f}" + f" ± {row['hypervolume_std']:.4f}" * wide,
            "–" if None in found else f"{found[0]:g}, {found[1]:g} ×",
            style="bold" if row["method"] == "house" else None,
        )
    console.print(table)
    console.print(
        f"{result['samples']} designs to fit on; a measurement takes {result['setup_s']:g} s (assumed) and "
        f"{result['runs']} runs, with {result['noise']:.1%} noise; {result['seeds']} seeds. "
        f"Hypervolume is a share of the exact front's; the survey's RMSE has no unit. Kind: {result['kind']}.",
        highlight=False,
        markup=False,
    )
