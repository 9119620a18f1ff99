"""How often `codesign rollout` is wrong, and how long it takes to be sure: fleets whose truth is known (simulated).

60 boards of one kind, 5 % apart for good, hours that scatter by 5 %, a day's cycle of 10 %; a share of them takes a
bundle that draws more or less. The collected set is asked after 6 hours, 12 hours, 1, 2, 4 and 7 days, until it says to
widen or to roll back.

    python -m tests.bench.bench_rollout --fleets 40 --json tests/bench/results/rollout.json
    python -m tests.bench.bench_rollout --fleets 200 --first-seed 1000 --shares 0.1 --only tolerance --json OUT
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from codesign.collect.store import Store
from codesign.fleet.canaries import seen
from codesign.fleet.rollout import Rules, Verdict, judged
from tests.codesign.fleet.rolled_out import NEW, write_fleet

LOOKS_H = (6, 12, 24, 48, 96, 168)
CASES = {
    "saves 8 %": {"energy": 0.92},
    "saves 8 %, and everything draws 20 % more since": {"energy": 0.92, "season": 1.2},
    "the same": {},
    "draws 5 % more": {"energy": 1.05},
    "draws 5 % more, and everything 20 % less since": {"energy": 1.05, "season": 0.8},
    "draws 2 % more: at the tolerance": {"energy": 1.02},
    "saves 8 %, 20 % slower": {"energy": 0.92, "latency": 1.2},
}


def first_verdict(case: dict[str, float], share: float, seed: int) -> tuple[str, int | None]:
    """The first that is not to wait, and after how many hours."""
    for after_h in LOOKS_H:
        with tempfile.TemporaryDirectory() as folder:
            write_fleet(Path(folder), share=share, after_h=after_h, seed=seed, **case)  # type: ignore[arg-type]
            with Store(Path(folder)) as store:
                verdict = judged(seen(store, NEW), Rules(looks=len(LOOKS_H))).verdict
        if verdict is not Verdict.WAIT:
            return verdict.value, after_h
    return Verdict.WAIT.value, None


def main() -> None:
    """Try every case."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fleets", type=int, default=40, help="per case and share (default: 40)")
    parser.add_argument("--shares", type=float, nargs="+", default=[0.1, 0.3])
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", default="", metavar="TEXT", help="cases whose name holds it")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    for share in args.shares:
        for name, case in CASES.items():
            if args.only not in name:
                continue
            seeds = range(args.first_seed, args.first_seed + args.fleets)
            found = [first_verdict(case, share, seed) for seed in seeds]
            verdicts = Counter(verdict for verdict, _ in found)
            sure_h = [hours for _, hours in found if hours is not None]
            rows.append(
                {
                    "case": name,
                    "share": share,
                    "fleets": args.fleets,
                    **{verdict.value: verdicts[verdict.value] for verdict in Verdict},
                    "median_h": float(np.median(sure_h)) if sure_h else None,
                    "slowest_h": max(sure_h, default=None),
                }
            )
            print(rows[-1], flush=True)
    if args.json is not None:
        command = f"python -m tests.bench.bench_rollout --fleets {args.fleets} --first-seed {args.first_seed}"
        command += f" --shares {' '.join(map(str, args.shares))}" + (f" --only {args.only}" if args.only else "")
        table = {"kind": "simulated fleets", "command": command, "boards": 60, "rows": rows}
        args.json.write_text(f"{json.dumps(table, indent=1, ensure_ascii=False)}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
