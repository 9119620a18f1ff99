"""How far the house models over clocks are off on cells they did not see, on public measurements, simple models beside.

    python -m tests.bench.bench_board_model --data ../shared/data [--json tests/bench/results/board_model.json]

Every row is `codesign benchmark board-model --csv FILE --train-fraction F --seeds N`; some files are also judged at
other fractions than the required one, to show how the error falls with the number of cells. The constants of the house
models (priors, the knee of power) were chosen on these files, the splits were not.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from codesign.commands.main import main as codesign

# File, fractions to fit on (the first is the required one), what the house model must reach: quantity, figure, at most.
ROWS = (
    (
        "orin_nano_super_latency.csv",
        (0.25, 0.125, 0.5),
        (("latency", "mean_error", 0.025), ("latency", "p95_error", 0.10)),
    ),
    ("tx2_latency.csv", (0.25, 0.1, 0.05), (("latency", "mean_error", 0.04),)),
    ("loudva_power_latency.csv", (0.8, 0.5, 0.25), (("power", "mean_error", 0.06),)),
    ("orin_nano_super_power.csv", (0.75, 0.5), ()),
)
KEPT = ("latency", "power", "power_columns", "n_workloads", "seeds", "train_fraction", "kind", "simplified")


def judged(file: Path, fraction: float, seeds: int) -> dict[str, Any]:
    """What the command writes, less the figures of single workloads."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out.json"
        status = codesign(
            ["benchmark", "board-model", "--csv", str(file), "--train-fraction", str(fraction), "--seeds", str(seeds),
             "--json", str(out)]
        )  # fmt: skip
        if status != 0:
            raise SystemExit(status)
        result: dict[str, Any] = json.loads(out.read_text())
    return {key: result[key] for key in KEPT if key in result}


def main() -> None:
    """Print every table, then whether the house model reaches what it must; exit with 1 where it does not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds dvfs/*.csv")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found: dict[str, Any] = {}
    missed = 0
    for name, fractions, wanted in ROWS:
        for fraction in fractions:
            found[f"{name} at {fraction:g}"] = judged(args.data / "dvfs" / name, fraction, args.seeds)
        for quantity, figure, most in wanted:
            reached = found[f"{name} at {fractions[0]:g}"][quantity]["house"][figure]
            missed += reached > most
            verdict = "MISSED" if reached > most else "met"
            print(f"{name}: {quantity} {figure} {reached:.2%}, at most {most:.1%}: {verdict}")
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(missed > 0)


if __name__ == "__main__":
    main()
