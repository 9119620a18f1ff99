"""What two ways to a design for a new board lose, each board of NAS-Bench-201's table held out in turn.

    python -m tests.bench.bench_new_board --data ../shared/data [--seeds 1] [--json tests/bench/results/new_board.json]

Every figure is `codesign benchmark new-board`. The constants of the mixture of boards (the pull to evenness, sixteen
anchors) were chosen on these boards with other draws of designs and anchors; weights and limits were fixed before.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from codesign.commands.main import main as codesign

MOST_MEASUREMENTS = 10
MOST_REGRET = 0.05  # median, in units of (best of 100 random - optimum)
MOST_ANSWER_S = 0.010  # of the processor
KEPT = ("proxy", "learnt", "learnt_by_board", "learnt_by_weight", "boards", "designs", "table", "seeds", "kind")


def judged(table: Path, seeds: int) -> dict[str, Any]:
    """What the command writes, less single trials."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        status = codesign(["benchmark", "new-board", "--table", str(table), "--seeds", str(seeds), "--json", str(out)])
        if status != 0:
            raise SystemExit(status)
        result: dict[str, Any] = json.loads(out.read_text())
    return {key: result[key] for key in KEPT}


def verdicts(result: dict[str, Any]) -> list[tuple[str, bool]]:
    """What must be reached, and whether it was."""
    most = max(figures["measurements"]["max"] for figures in result["proxy"].values())
    regret, nearest = result["learnt"]["regret"], result["learnt"]["nearest_regret"]
    answer_s = result["learnt"]["answer_cpu_s"]["median"]
    return [
        (f"measurements on the new board {most:g}, at most {MOST_MEASUREMENTS}", most <= MOST_MEASUREMENTS),
        (f"median regret {regret['median']:.1%}, at most {MOST_REGRET:.0%}", regret["median"] <= MOST_REGRET),
        (
            f"regret against the nearest board's optimum: median {regret['median']:.1%} and {nearest['median']:.1%}, "
            f"mean {regret['mean']:.1%} and {nearest['mean']:.1%}",
            regret["median"] <= nearest["median"] and regret["mean"] < nearest["mean"],
        ),
        (
            f"an answer takes {1e3 * answer_s:.1f} ms of the processor, at most {1e3 * MOST_ANSWER_S:.0f}",
            answer_s <= MOST_ANSWER_S,
        ),
    ]


def main() -> None:
    """Print the tables, then whether each target is met; exit with 1 where one is not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds latency/nasbench201.npz")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result = judged(args.data / "latency" / "nasbench201.npz", args.seeds)
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    found = verdicts(result)
    for what, met in found:
        print(f"{what}: {'met' if met else 'MISSED'}")
    raise SystemExit(not all(met for _, met in found))


if __name__ == "__main__":
    main()
