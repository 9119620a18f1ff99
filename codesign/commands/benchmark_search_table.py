"""The result of `codesign benchmark search` as tables for a person."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

HEADINGS = ("strategy", "hypervolume %", "to 95 %", "to 98 %", "IGD+", "found", "dominated", "seconds")
WIDE, NARROW = 100, 5  # characters; columns for a terminal that has fewer
GAP = 2  # characters between columns


def print_searches(result: dict[str, Any], console: Console | None = None) -> None:
    """A row per strategy; where there are several, who dominates whom; then what the columns are."""
    console = console or Console()
    seeds = len(result["seeds"])
    title = f"{result['table']}, {result['device']}: {result['evaluations_allowed']:,} evaluations, {seeds} seeds"
    headings = HEADINGS if console.width >= WIDE else HEADINGS[:NARROW]
    table = _table(title, headings)
    for name, figures in result["strategies"].items():
        row = (
            name,
            _spread([100 * share for share in figures["hypervolume_share"]], 2),
            _reached(figures["evaluations_to_95"]),
            _reached(figures["evaluations_to_98"]),
            f"{statistics.mean(figures['igd_plus']):.4f}",
            f"{statistics.mean(figures['coverage']):.0%}",
            f"{statistics.mean(figures['rod_exact_over_found']):.0%}",
            f"{statistics.mean(figures['seconds']):.1f}",
        )
        table.add_row(*row[: len(headings)], style="bold" if name == "house" else None)
    console.print(table)
    if len(result["strategies"]) > 1:
        names = list(result["strategies"])
        if max(map(len, names)) + sum(len(name) + GAP for name in names) <= console.width:
            console.print(_dominance(result))
        else:
            console.print(
                "Who dominates whom is too wide for this terminal: see `rod_over` in --json.", highlight=False
            )
    worst = zip(result["objectives"], result["reference_point"], strict=True)
    shown = ", ".join(f"{name} {value:.4g}" for name, value in worst)
    console.print(
        "Hypervolume: share of the exact front's, mean ± standard deviation over seeds; reference point: the worst of "
        f"each ({shown}). To 95 %, 98 %: median evaluations until that share (seeds that reached it, where not all). "
        "Found: share of the exact front that was found; dominated: share of what was found that the exact front "
        f"dominates. Seconds: processor time of one search. Kind: {result['kind']}.",
        highlight=False,
        markup=False,
    )


def _dominance(result: dict[str, Any]) -> Table:
    names = list(result["strategies"])
    table = _table("share of the column's front that the row's dominates", ("", *names))
    for name in names:
        over = result["strategies"][name]["rod_over"]
        table.add_row(name, *("–" if other == name else f"{statistics.mean(over[other]):.0%}" for other in names))
    return table


def _table(title: str, headings: Sequence[str]) -> Table:
    table = Table(title=escape(title), box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, justify="left" if heading == headings[0] else "right", no_wrap=True)
    return table


def _spread(values: Sequence[float], decimals: int) -> str:
    if len(values) == 1:
        return f"{values[0]:.{decimals}f}"
    return f"{statistics.mean(values):.{decimals}f} ± {statistics.stdev(values):.{decimals}f}"


def _reached(evaluations: Sequence[int | None]) -> str:
    """The median over seeds, never counting as later than all others; "–" where half of them never came there."""
    never = sum(one is None for one in evaluations)
    median = statistics.median([float("inf") if one is None else one for one in evaluations])
    share = f" ({len(evaluations) - never}/{len(evaluations)})" if never else ""
    return ("–" if median == float("inf") else f"{median:.0f}") + share
