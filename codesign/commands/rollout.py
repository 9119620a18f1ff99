"""Say whether a bundle that some boards of a fleet have taken should go to more of them, or be taken back.

Compares, board by board, what an image drew and how long it took with the new bundle and with the one before, and
subtracts what changed meanwhile on boards that have not taken it.

    edge-runtime install bundle --canary 10%           (sent to every board: a tenth of them take it)
    codesign rollout --store fleet --candidate 3f9c01ab

Exit status: 0 widen, 1 roll back, 3 wait; 2 where it could not be judged.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from runtime.contract.errors import ConfigError

if TYPE_CHECKING:
    from codesign.fleet.canaries import Seen
    from codesign.fleet.rollout import Judgement

STATUS = {"widen": 0, "roll back": 1, "wait": 3}
SHARES = (0.1, 0.3, 1.0)  # of the fleet, one after the other


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("--store", required=True, type=Path, metavar="DIR", help="as given to codesign collect")
    parser.add_argument(
        "--candidate", required=True, metavar="ID", help="the new bundle, by 8 digits of its id or more"
    )
    parser.add_argument("--incumbent", metavar="ID", help="the old one (default: what its boards served most before)")
    parser.add_argument("--days", type=float, default=7.0, help="to look at before and after (default: 7)")
    parser.add_argument(
        "--energy", type=float, default=2.0, metavar="%", help="more energy per image that is no reason (default: 2)"
    )
    parser.add_argument(
        "--latency", type=float, default=5.0, metavar="%", help="more time per image that is no reason (default: 5)"
    )
    parser.add_argument("--error", type=float, default=5.0, metavar="%", help="chance of a wrong verdict (default: 5)")
    parser.add_argument("--looks", type=int, default=20, help="times that this will be asked in all (default: 20)")
    parser.add_argument("--json", action="store_true", help="print verdict, reasons and every board as JSON")


def run(args: Namespace) -> int:
    """Judge and say so."""
    if not (args.days > 0 and args.energy >= 0 and args.latency >= 0 and 0 < args.error < 50 and args.looks >= 1):
        raise ConfigError(
            "a roll-out is judged over some days, with tolerances of 0 % or more, an error between 0 and 50 % and at "
            f"least one look; got --days {args.days} --energy {args.energy} --latency {args.latency} "
            f"--error {args.error} --looks {args.looks}"
        )
    from codesign.collect.store import Store
    from codesign.fleet.canaries import seen
    from codesign.fleet.rollout import Rules, judged

    rules = Rules(args.energy / 100, args.latency / 100, error=args.error / 100, looks=args.looks)
    with Store(args.store, must_exist=True) as store:
        found = seen(store, args.candidate, args.incumbent, days=args.days)
    judgement = judged(found, rules)
    if args.json:
        told = {**asdict(judgement), "verdict": judgement.verdict.value, "seen": asdict(found), "kind": "measured"}
        print(json.dumps(told))
    else:
        _print(found, judgement)
    return STATUS[judgement.verdict.value]


def _print(found: Seen, judgement: Judgement) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(title=f"{found.candidate[:12]} after {found.incumbent[:12]}, on {found.devices} boards")
    for column in ("per image", "change", "between", "allowed", "boards with it", "without"):
        table.add_column(column, justify="left" if column == "per image" else "right")
    for effect in judgement.effects:
        table.add_row(
            effect.name,
            f"{effect.change:+.1%}",
            f"{effect.low:+.1%} … {effect.high:+.1%}",
            f"{effect.allowed:+.1%}",
            str(effect.canaries),
            str(effect.others) if effect.others else "none: seasons count",
        )
    console.print(table)
    for number, what in (
        (found.too_little, "boards have served too little to be compared"),
        (found.without_clock, "minutes were left out: the board did not know the time"),
        (len(found.failed_on), "boards rolled the candidate back by themselves"),
        (len(found.alarmed), "boards had drift alarms with the candidate"),
    ):
        if number:
            console.print(f"{number} {what}")
    console.print(f"[bold]{judgement.verdict.value}[/bold]: {'; '.join(judgement.reasons)}")
    console.print(_next_step(found, judgement.verdict.value), soft_wrap=True)


def _next_step(found: Seen, verdict: str) -> str:
    if verdict == "roll back":
        return f"send to every board: edge-runtime rollback --from {found.candidate[:12]}"
    if verdict == "wait":
        return "ask again when more has been collected"
    share = sum(change.canary for change in found.changes) / max(found.devices, 1)
    wider = next((each for each in SHARES if each > 1.5 * share), 1.0)
    return f"send to every board: edge-runtime install BUNDLE --canary {wider:.0%}"
