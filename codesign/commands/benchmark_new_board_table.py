"""The result of `codesign benchmark new-board` as tables for a person."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

KEYS = ("median", "mean", "p90", "max")


def print_table(result: dict[str, Any], console: Console | None = None) -> None:
    """Accuracy lost of each variant of the proxy, regret of learning to optimise, then what the figures are."""
    console = console or Console()
    if "proxy" in result:
        console.print(_proxies(result["proxy"]))
    if "learnt" in result:
        console.print(_learnt(result))
        answers = result["learnt"]["answer_s"]
        console.print(
            f"an answer for a new board takes {1e3 * answers['median']:.1f} ms (at most {1e3 * answers['max']:.1f} ms; "
            f"of the processor {1e3 * result['learnt']['answer_cpu_s']['median']:.1f} ms) "
            f"after {result['learnt']['learn_s']['mean']:.1f} s of learning",
            highlight=False,
        )
    console.print(
        f"{len(result['boards'])} boards held out in turn, {result['designs']} designs of {result['table']}, "
        f"seeds: {result['seeds']}. Kind: {result['kind']}.",
        highlight=False,
        markup=False,
    )


def _proxies(variants: dict[str, dict[str, Any]]) -> Table:
    table = Table(title="accuracy lost under a latency limit, in points")
    for heading in ("", *KEYS, "runs", "most", "warned", "none"):
        table.add_column(heading, justify="right" if heading else "left")
    for variant, figures in variants.items():
        lost, measurements = figures["accuracy_lost"], figures["measurements"]
        table.add_row(
            escape(variant),
            *("-" if lost[key] is None else f"{100 * lost[key]:.2f}" for key in KEYS),
            *("-" if measurements[key] is None else f"{measurements[key]:.3g}" for key in ("mean", "max")),
            f"{figures['warned']:.0%}",
            f"{figures['infeasible']} of {figures['trials']}",
        )
    return table


def _learnt(result: dict[str, Any]) -> Table:
    table = Table(title="regret, as a share of (best of 100 random - optimum)")
    for heading in ("", *KEYS, "nearest board: median", "mean"):
        table.add_column(heading, justify="right" if heading else "left")
    rows = {"all": result["learnt"]} | {f"λ = {weight}": one for weight, one in result["learnt_by_weight"].items()}
    for title, figures in rows.items():
        regret, nearest = figures["regret"], figures["nearest_regret"]
        table.add_row(title, *(f"{regret[key]:.1%}" for key in KEYS), *(f"{nearest[key]:.1%}" for key in KEYS[:2]))
    return table
