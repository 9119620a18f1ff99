"""What a refinement changes and why, as a table for scripts and as a page for people."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from codesign.search.choose import ChosenDesign
from runtime.contract.arrays import FloatArray

from .observations import KINDS
from .resolve import Bench, Resolved
from .served_costs import ServedCosts
from .spending import NINETY, reasons
from .update import Posterior, prior_variances

MOVED = 0.02  # a term that moved by less is not worth a line
HEARD = 0.1  # nor one of which telemetry took less than a tenth of the uncertainty
SHOWN = 3  # reasons per mode


def difference(
    served: ServedCosts,
    posterior: Posterior,
    bench: Bench,
    found: Mapping[str, Resolved],
    bundle_id: str,
    notes: Sequence[str],
) -> dict[str, Any]:
    """Everything, as JSON holds it. `bundle_id` is that of the bundle that was served."""
    return {
        "kind": "predicted",
        "parent": bundle_id,
        "telemetry": {
            "units": list(served.units),
            "single_images": served.rows,
            "images": sum(map(sum, served.exits.values())),
            "clocks": len(served.points),
            "from": _day(served.first_us),
            "to": _day(served.last_us),
            "left_out": dict(served.left_out),
        },
        "errors": _errors(posterior),
        "terms": _terms(posterior),
        "spread": {name: math.sqrt(variance) for name, variance in posterior.variances.effects.items()},
        "modes": [_mode(name, each, bench, served.exits.get((bundle_id, name))) for name, each in found.items()],
        "notes": list(notes),
    }


def _errors(posterior: Posterior) -> list[dict[str, Any]]:
    """How far off served cells were, as shipped and as refined: mean absolute relative errors."""
    observed, rows = posterior.observations, []
    for number, what in enumerate(KINDS):
        here = observed.kind == number
        if here.any():
            rows.append(
                {
                    "what": what,
                    "cells": int(here.sum()),
                    "counted": int(observed.images[here].sum()),
                    "shipped": float(np.abs(np.expm1(posterior.shipped_error[here])).mean()),
                    "refined": float(np.abs(np.expm1(posterior.residual[here])).mean()),
                }
            )
    return rows


def _terms(posterior: Posterior) -> list[dict[str, Any]]:
    """Terms that moved and that telemetry says something of, the surest first; factors with intervals of 90 %."""
    sd = np.sqrt(np.diag(posterior.covariance))
    prior_sd = np.sqrt(prior_variances(posterior.equations, posterior.layout, posterior.variances))
    rows = []
    for number, term in enumerate(posterior.equations.terms):
        mean, known_better = float(posterior.mean[number]), 1.0 - float(sd[number] / prior_sd[number])
        if abs(mean) >= MOVED and known_better >= HEARD:
            rows.append(
                {
                    "term": term.name,
                    "words": term.words,
                    "factor": math.exp(mean),
                    "low": math.exp(mean - NINETY * float(sd[number])),
                    "high": math.exp(mean + NINETY * float(sd[number])),
                    "known_better": known_better,
                }
            )
    return sorted(rows, key=lambda row: -row["known_better"])


def _mode(name: str, found: Resolved, bench: Bench, served_exits: tuple[int, ...] | None) -> dict[str, Any]:
    now, then = bench.run(found.before), bench.run(found.after)
    why = reasons(bench.posterior, now, then, requests_per_s=bench.requests_per_s) if found.changed else {}
    unknown = found.better_unknown
    return {
        "mode": name,
        "changed": found.changed,
        "limit_broken": found.must_change,
        "before": _design(found.before, bench),
        "after": _design(found.after, bench),
        "served_mix": None if not served_exits else _shares(np.asarray(served_exits, dtype=np.float64)),
        "saving": {"expected": found.saving.expected, "low": found.saving.low, "high": found.saving.high},
        "why": [{"what": what, "change": change} for what, change in list(why.items())[:SHOWN] if abs(change) > 5e-4],
        "worth_serving_at": None
        if unknown is None
        else {"clocks": str(unknown[0].design.operating_point), "may_save": unknown[1]},
    }


def _design(chosen: ChosenDesign, bench: Bench) -> dict[str, Any]:
    """At refined prices, under the served mix."""
    figures, run = bench.believed.figures(chosen), bench.run(chosen)
    return {
        "networks": [record.name for record in chosen.chain],
        "exits": chosen.design.mask,
        "thresholds_nats": [None if math.isinf(t) else t for t in chosen.policy.thresholds_nats],
        "operating_point": chosen.design.operating_point.to_json(),
        "clocks": str(chosen.design.operating_point),
        "accuracy_on_select": figures["accuracy"],
        "energy_j": figures["energy_j"],
        "latency_s": figures["latency_s"],
        "exit_shares": _shares(run.shares),
    }


def _shares(counts: FloatArray) -> list[float]:
    return [float(share) for share in counts / counts.sum()]


def _day(wall_us: int | None) -> str | None:
    return None if wall_us is None else datetime.fromtimestamp(wall_us / 1e6, tz=timezone.utc).isoformat()


def page(told: Mapping[str, Any]) -> str:
    """The table as Markdown."""
    heard = told["telemetry"]
    lines = [
        "# What the field says",
        "",
        f"Bundle `{told['parent'][:12]}`, served by {len(heard['units'])} units at {heard['clocks']} operating points:"
        f" {heard['single_images']:,} single images used of {heard['images']:,} served. Costs are predicted from them.",
        "",
        "| served cells | number | off as shipped | off as refined |",
        "|---|---|---|---|",
        *(
            f"| {row['what']} | {row['cells']} | {row['shipped']:.1%} | {row['refined']:.1%} |"
            for row in told["errors"]
        ),
        "",
        "Left out: " + ("; ".join(f"{n:,} {why}" for why, n in heard["left_out"].items()) or "nothing") + ".",
    ]
    if told["terms"]:
        lines += ["", "| term of the board | times as dear | 90 % | better known by |", "|---|---|---|---|"]
        lines += [
            f"| {row['words']} | {row['factor']:.2f} | {row['low']:.2f}–{row['high']:.2f} | {row['known_better']:.0%} |"
            for row in told["terms"]
        ]
    for mode in told["modes"]:
        lines += ["", f"## {mode['mode']}", "", *_mode_lines(mode)]
    if told["notes"]:
        lines += ["", "## Notes", "", *(f"- {note}" for note in told["notes"])]
    return "\n".join(lines) + "\n"


def _mode_lines(mode: Mapping[str, Any]) -> list[str]:
    before, after, saved = mode["before"], mode["after"], mode["saving"]
    lines = [f"The limit {mode['limit_broken']} is not kept as shipped.", ""] if mode["limit_broken"] else []
    if not mode["changed"]:
        lines.append(f"Unchanged: nothing is surely cheaper than {before['energy_j'] * 1e3:.3g} mJ per image.")
    else:
        lines.append(
            f"{before['energy_j'] * 1e3:.3g} → {after['energy_j'] * 1e3:.3g} mJ per image: expected to save"
            f" {saved['expected']:.1%} (90 %: {saved['low']:.1%} to {saved['high']:.1%})."
        )
        lines += ["", "| | before | after |", "|---|---|---|"]
        lines += [
            f"| {what} | {old} | {new} |"
            for what, old, new in (
                ("clocks", before["clocks"], after["clocks"]),
                ("thresholds [nats]", _nats(before), _nats(after)),
                ("exits kept", f"{before['exits']:b}", f"{after['exits']:b}"),
                ("leave at each exit", _percent(before), _percent(after)),
                ("accuracy on select", f"{before['accuracy_on_select']:.2%}", f"{after['accuracy_on_select']:.2%}"),
            )
            if old != new
        ]
        if mode["why"]:
            lines += ["", "Because: " + "; ".join(f"{row['what']} {row['change']:+.1%}" for row in mode["why"]) + "."]
    if mode["worth_serving_at"] is not None:
        other = mode["worth_serving_at"]
        lines += [
            "",
            f"Worth serving at for a while: {other['clocks']}; it might save {other['may_save']:.1%}; no row says so.",
        ]
    return lines


def _nats(design: Mapping[str, Any]) -> str:
    return ", ".join("never" if t is None else f"{t:.3f}" for t in design["thresholds_nats"]) or "none"


def _percent(design: Mapping[str, Any]) -> str:
    return " ".join(f"{share:.0%}" for share in design["exit_shares"])
