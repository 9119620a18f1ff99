"""The result of `codesign benchmark inner` as a table for a person."""

from __future__ import annotations

import statistics
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

HEADINGS = ("", "hypervolume", "worst", "to 95 %", "IGD+", "found", "dominated", "s")
CALLED = {"nsga2": "NSGA-II", "random": "random"}


def print_inner(result: dict[str, Any], console: Console | None = None) -> None:
    """The exact front's row, a row per sampling engine, then what the columns are."""
    console = console or Console()
    title = (
        f"{result['backbone']} on {result['board']} {result['device']}: {result['early_exits']} exits × "
        f"{result['threshold_levels']} levels × {result['operating_points']:,} operating points"
    )
    table = Table(title=escape(title), box=SIMPLE_HEAD, pad_edge=False)
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading else "left")
    table.add_row("exact", "100 %", "", "", "0", "100%", "0%", f"{result['exact_seconds']:.2f}", style="bold")
    for engine, figures in result["strategies"].items():
        shares = [100 * share for share in figures["hypervolume_share"]]
        spread = f"±{statistics.stdev(shares):.2f}" if len(shares) > 1 else ""
        table.add_row(
            CALLED[engine],
            f"{statistics.mean(shares):.2f}{spread} %",
            f"{min(shares):.2f} %",
            _reached(figures["evaluations_to_95"]),
            f"{statistics.mean(figures['igd_plus']):.4f}",
            f"{statistics.mean(figures['coverage']):.0%}",
            f"{statistics.mean(figures['rod_exact_over_found']):.0%}",
            f"{statistics.mean(figures['seconds']):.2f}",
        )
    console.print(table)
    error, energy_j = result["reference_point"]
    console.print(
        f"Hypervolume: share of the exact front's ({result['exact_front_points']} designs), mean ± standard deviation "
        f"and worst over {len(result['seeds'])} seeds of {result['evaluations_allowed']:,} evaluations; reference: "
        f"error {error:.4f}, {1e3 * energy_j:.4g} mJ. To 95 %: median evaluations until that share (seeds that reached "
        "it, where not all). Found: share of the exact front that was found; dominated: share of what was found that "
        f"the exact front dominates. s: processor time of one search. Kind: {result['kind']}.",
        highlight=False,
        markup=False,
    )


def _reached(counts: list[int | None]) -> str:
    reached = [count for count in counts if count is not None]
    if not reached:
        return "never"
    some = "" if len(reached) == len(counts) else f" ({len(reached)} of {len(counts)})"
    return f"{statistics.median(reached):,.0f}{some}"
