"""What `codesign compile` says at the end."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from codesign.walk.estimate import Estimate
from codesign.walk.run_folder import RunFolder


def headline(folder: RunFolder, results: dict[str, Any]) -> dict[str, Any]:
    """What --json prints of one board."""
    figures = {
        "saving": _saving(results),
        "bars": results["bars"],
        "oracle": results["oracle"],
        "macs": results["macs"],
    }
    paths = {"bundle": str(folder.bundle), "report": str(folder.report), "results": str(folder.results)}
    return figures | paths


def print_boards(compiled: Mapping[str, tuple[RunFolder, dict[str, Any]]], index: Path, *, as_json: bool) -> None:
    """Every board's summary, then the page over all of them."""
    if as_json:
        boards = {board: headline(folder, results) for board, (folder, results) in compiled.items()}
        print(json.dumps({"boards": boards, "index": str(index)}))
        return
    for folder, results in compiled.values():
        print_summary(folder, results, as_json=False)
    Console().print(f"boards  {index}", highlight=False, markup=False, soft_wrap=True)


def print_summary(folder: RunFolder, results: dict[str, Any], *, as_json: bool) -> None:
    """The bars as a table, the saving as a sentence, and where everything lies."""
    if as_json:
        print(json.dumps(headline(folder, results)))
        return
    joint, saving = _bars(results)["exits_best_clocks"], _saving(results)
    table = Table(
        title=f"default mode, {joint['split']} split, {joint['energy_kind']} on {results['board']['hardware']}"
    )
    for heading in ("", "accuracy (measured)", "energy mJ", "served mJ", "latency ms"):
        table.add_column(heading, justify="left" if not heading else "right")
    for bar in [*results["bars"], results["oracle"]]:
        served = "too slow" if bar["served_energy_j"] is None else f"{bar['served_energy_j'] * 1e3:.1f}"
        name = bar["name"] + (" (not reachable)" if bar["name"] == "oracle" else "")
        table.add_row(
            name,
            f"{bar['accuracy']:.2%}",
            f"{bar['energy_j'] * 1e3:.3f}",
            served,
            f"{bar['latency_s'] * 1e3:.3f}",
            style="bold" if bar is joint else None,
        )
    console = Console()
    console.print(table)
    verb = "less" if saving >= 0 else "MORE"
    console.print(
        f"Energy per image: {abs(saving):.1%} {verb} than the cheapest static network as accurate, at maximum clocks "
        f"({joint['energy_kind']})."
    )
    if (lowered := results.get("precision")) is not None:
        before, after = lowered["full_network"]["fp32"], lowered["full_network"]["deployed"]
        console.print(
            f"Deployed in {lowered['shown']}: that alone takes the full network from {before['accuracy']:.2%} to "
            f"{after['accuracy']:.2%} (measured, test) and from {before['energy_j'] * 1e3:.3f} to "
            f"{after['energy_j'] * 1e3:.3f} mJ ({lowered['full_network']['energy_kind']})."
        )
    console.print(
        f"bundle  {folder.bundle}\nreport  {folder.report}\nresults {folder.results}",
        highlight=False,
        markup=False,  # a path may hold brackets
        soft_wrap=True,
    )


def _bars(results: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {bar["name"]: bar for bar in results["bars"]}


def _saving(results: dict[str, Any]) -> float:
    """Of the default mode, against the cheapest static network as accurate, at maximum clocks."""
    bars = _bars(results)
    return 1.0 - float(bars["exits_best_clocks"]["energy_j"] / bars["static_max_clocks"]["energy_j"])


def print_estimate(found: Estimate, *, as_json: bool) -> None:
    """Time, memory and disk, predicted."""
    if as_json:
        print(json.dumps(asdict(found) | {"total_s": found.total_s, "kind": "predicted"}))
        return
    console = Console()
    trained = "none: kept from an earlier run" if found.training_s == 0 else f"about {found.training_s / 60:.1f} min"
    console.print(f"training  {trained}")
    console.print(f"the rest  about {found.search_s / 60:.1f} min (search, finalists, bundle, report)")
    console.print(f"memory    about {found.memory_bytes / 1e9:.1f} GB\ndisk      about {found.disk_bytes / 1e6:.0f} MB")
    console.print("[dim]predicted from a few training steps on this machine; nothing was written")
