"""Search strategies on NAS-Bench-201 with measured latencies, at equal evaluations; NSGA-II also at 3 times as many.

    python -m tests.bench.bench_search_table --data ../shared/data [--seeds 10] [--json OUT]

Every arm of STRATEGIES gets 300 evaluations on two boards, seeds 0 to 9; NSGA-II also 900. What was chosen while the
house engine was made (its covariance, how objectives are compressed) was chosen on these two boards, on random samples
of seeds 0 to 2 and on searches of seeds 100 to 102: its figures may be a little optimistic on these boards, but not by
choice of seeds. Results: results/search-nasbench201.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import numpy as np

from codesign.commands.benchmark_search import measured
from codesign.commands.benchmark_search_table import print_searches

STRATEGIES = (
    "house,random,local-search,local-search-scalarised,regularised-evolution,nsga2,ofa-evolution,mnasnet"  # at 300
)
LONGER = 3  # times the evaluations, for NSGA-II
BOARDS = ("silver_4114", "titanx_1")


def main() -> None:
    """Print tables as `codesign benchmark search` does, board after board; write after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds latency/nasbench201.npz")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--evaluations", type=int, default=300)
    parser.add_argument("--boards", nargs="+", default=list(BOARDS))
    parser.add_argument("--strategies", default=STRATEGIES)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    result: dict[str, Any] = {
        "command": "python -m tests.bench.bench_search_table " + " ".join(sys.argv[1:]),
        "hardware": f"{_cpu_model()}, {os.cpu_count()} cores, shared with other work; one thread",
        "boards": {},
    }
    for board in args.boards:
        found = _searched(args, board, args.strategies, args.evaluations)
        print_searches(found)
        longer = _searched(args, board, "nsga2", LONGER * args.evaluations)
        print_searches(longer)
        found["strategies"][f"nsga2 at {LONGER * args.evaluations}"] = longer["strategies"]["nsga2"]
        if "house" in found["strategies"]:
            ours, theirs = (
                np.array(of["hypervolume_share"])
                for of in (found["strategies"]["house"], longer["strategies"]["nsga2"])
            )
            print(
                f"{board}: house at {args.evaluations} {ours.mean():.5f} ± {ours.std(ddof=1):.5f}, NSGA-II at "
                f"{LONGER * args.evaluations} {theirs.mean():.5f} ± {theirs.std(ddof=1):.5f}; house no less on "
                f"{int((ours >= theirs).sum())} of {len(ours)} seeds"
            )
        result["boards"][board] = found
        if args.json is not None:
            args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")


def _searched(args: argparse.Namespace, board: str, strategies: str, evaluations: int) -> dict[str, Any]:
    return measured(
        argparse.Namespace(
            table=args.data / "latency" / "nasbench201.npz",
            device=board,
            objectives="accuracy,latency",
            strategy=strategies,
            evaluations=evaluations,
            seeds=args.seeds,
            batch=10,
            population=50,
            limit=None,
        )
    )


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


if __name__ == "__main__":
    main()
