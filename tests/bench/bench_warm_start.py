"""What a second board costs after a first one: `codesign compile --from`, against the same search from scratch.

    python -m tests.bench.bench_warm_start --work FOLDER --cache FOLDER --json OUT.json [--seeds 3]

For each seed the walk to the choice of modes runs three times on one supernet: the first board from scratch, the second
from scratch, and the second taking over what the first one's run holds. Told are the seconds of everything after the
supernet (heads, search, finalists, modes) and the hypervolume of the search, as a share of the same window. A warm
search starts from the first board's front, so its designs may differ; its hypervolume should be no less.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import platform
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from codesign.walk.compile import walk_to_modes
from codesign.walk.progress import Steps
from codesign.walk.run_folder import RunFolder
from codesign.walk.settings import Settings
from runtime.contract.errors import EdgeCodesignError

AFTER_SUPERNET = ("exits", "search", "finalists", "modes", "certificate")


def walked(settings: Settings, out: Path, cache: Path) -> dict[str, Any]:
    """Seconds and hypervolume of one walk; the number of backbones that lie in its folder."""
    steps = Steps(Console(file=io.StringIO()))
    found = walk_to_modes(settings, out, cache, resume=out.exists(), steps=steps)
    last = found.searched.history[-1]
    return {
        "seconds": sum(steps.seconds.get(name, 0.0) for name in AFTER_SUPERNET),
        "steps": {name: round(steps.seconds.get(name, 0.0), 2) for name in AFTER_SUPERNET},
        "hypervolume": last.hypervolume,
        "backbones": last.backbones,
        "balanced_j": found.modes.balanced.design.energy_j,
    }


def one_seed(settings: Settings, boards: tuple[str, str], work: Path, cache: Path) -> dict[str, Any]:
    """First board, second from scratch, second from the first."""
    work = work / f"seed{settings.seed}"
    first, second = (replace(settings, board=board) for board in boards)
    found = {"seed": settings.seed, "first": walked(first, work / "first", cache)}
    found["scratch"] = walked(second, work / "scratch", cache)
    known = {file.name for file in RunFolder(work / "first").backbones.iterdir()}
    met = {file.name for file in RunFolder(work / "scratch").backbones.iterdir()}
    found["shared_with_scratch"] = len(known & met)
    found["warm"] = walked(replace(second, warm_start=str(work / "first")), work / "warm", cache)
    found["time_share"] = found["warm"]["seconds"] / found["scratch"]["seconds"]
    found["hypervolume_ratio"] = found["warm"]["hypervolume"] / found["scratch"]["hypervolume"]
    return found


def processor() -> str:
    """Its name, where Linux says it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def main() -> int:
    """Run all seeds; results so far are written after each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", default="digits")
    parser.add_argument("--boards", default="orin-nano-super,tx2")
    parser.add_argument("--device", default="gpu", choices=("gpu", "cpu"))
    parser.add_argument("--epochs", type=int, default=7)
    parser.add_argument("--generations", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    a, b = args.boards.split(",")
    rows: list[dict[str, Any]] = []
    for seed in range(args.seeds):
        settings = Settings(
            args.data, a, device=args.device, epochs=args.epochs, generations=args.generations, seed=seed
        )
        try:
            rows.append(one_seed(settings, (a, b), args.work, args.cache))
        except EdgeCodesignError as error:
            print(error, file=sys.stderr)
            return 2
        shares = np.asarray([row["time_share"] for row in rows])
        ratios = np.asarray([row["hypervolume_ratio"] for row in rows])
        table = {
            "command": " ".join(["python -m tests.bench.bench_warm_start", *sys.argv[1:]]),
            "hardware": f"{processor()}, {os.cpu_count()} cores, one thread",
            "boards": [a, b],
            "kind": "seconds measured here, on a machine with other work; energies simulated",
            "time_share": {"mean": shares.mean(), "min": shares.min(), "max": shares.max()},
            "hypervolume_ratio": {"mean": ratios.mean(), "min": ratios.min(), "max": ratios.max()},
            "rows": rows,
        }
        args.json.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
        print(f"seed {seed}: warm takes {shares[-1]:.0%} of scratch, hypervolume ×{ratios[-1]:.4f}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
