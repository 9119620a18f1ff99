"""The README's table from finished run folders, and the small results files behind it.

    python -m tests.bench.walk_table [--keep FOLDER] NAME=RUN [NAME=RUN ...]

RUN is a run folder of `codesign compile`; `resplits.json` in it (from `bench_resplits --json`) adds the spread.
`--keep` writes one small JSON per run, without the fronts, which is what lies in tests/bench/results.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

KEPT = ("created", "command", "tool_version", "machine", "board", "settings", "full_network", "bars", "oracle")
KEPT_TOO = ("static_by_test_alone", "macs", "gains", "timing_s", "peak_memory_bytes", "verification")
NAMES = {
    "static_default_mode": "static, board's default mode",
    "static_max_clocks": "static, maximum clocks",
    "static_best_clocks": "static, its best clocks",
    "exits_max_clocks": "exits, maximum clocks",
    "sequential": "sequential: network first, exits and clocks after",
    "exits_best_clocks": "**joint: exits and clocks together**",
}


def small(results: dict[str, Any], resplits: dict[str, Any] | None) -> dict[str, Any]:
    """What is worth keeping of a run."""
    return {key: results[key] for key in (*KEPT, *KEPT_TOO)} | {"resplits": resplits}


def table(kept: dict[str, dict[str, Any]]) -> str:
    """Markdown: one row per bar, one column group per run."""
    bars = {name: {bar["name"]: bar for bar in run["bars"]} for name, run in kept.items()}
    lines = ["| " + " | ".join(["", *kept]) + " |", "|---" * (len(kept) + 1) + "|"]

    def row(label: str, cells: list[str]) -> None:
        lines.append("| " + " | ".join([label, *cells]) + " |")

    for key, label in NAMES.items():
        row(label, [cell(bars[name][key], bars[name]["static_max_clocks"]) for name in kept])
    row(
        "static picked by test labels alone, maximum clocks",
        [cell(run["static_by_test_alone"], bars[name]["static_max_clocks"]) for name, run in kept.items()],
    )
    row("oracle (not reachable)", [cell(run["oracle"], bars[name]["static_max_clocks"]) for name, run in kept.items()])
    row(
        "multiply-accumulates saved",
        [f"{1 - run['macs']['exits'] / run['macs']['static']:.0%}" for run in kept.values()],
    )
    row("one backbone / chain, saving", [families(run) for run in kept.values()])
    row("full network's accuracy", [f"{run['full_network']['accuracy']:.1%}" for run in kept.values()])
    row(
        "resplits: saving at max / best clocks",
        [spread(run, "saving_at_max_clocks", "saving_at_best_clocks") for run in kept.values()],
    )
    row("resplits: accuracy lost against the full network", [spread(run, "loss_against_full") for run in kept.values()])
    row("resplits: saving over sequential", [spread(run, "saving_over_sequential") for run in kept.values()])
    row(
        "wall time, peak memory",
        [
            f"{sum(run['timing_s'].values()) / 60:.1f} min, {run['peak_memory_bytes'] / 1e9:.2f} GB"
            for run in kept.values()
        ],
    )
    return "\n".join(lines)


def cell(bar: dict[str, Any], base: dict[str, Any]) -> str:
    """Energy, change against the static network at maximum clocks, served energy, accuracy."""
    change = bar["energy_j"] / base["energy_j"] - 1.0
    served = "–" if bar["served_energy_j"] is None else f"{bar['served_energy_j'] * 1e3:.0f}"
    return f"{bar['energy_j'] * 1e3:.2f} mJ ({change:+.0%}), served {served} mJ, {bar['accuracy']:.1%}"


def families(run: dict[str, Any]) -> str:
    """Saving of the best one-backbone design and of the best chain."""
    parts = [run["gains"][name] for name in ("single", "chain")]
    return " / ".join(
        "none" if part is None else f"{part['saving_vs_static']:.0%} at {part['accuracy']:.1%}" for part in parts
    )


def spread(run: dict[str, Any], *keys: str) -> str:
    """Mean ± standard deviation over resplits."""
    found = run["resplits"]
    if found is None:
        return "not run"
    return " / ".join(f"{found[key]['mean']:.1%} ± {found[key]['std']:.1%}" for key in keys if key in found)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="NAME=RUN")
    parser.add_argument("--keep", type=Path)
    args = parser.parse_args()
    kept: dict[str, dict[str, Any]] = {}
    for item in args.runs:
        name, _, folder = item.partition("=")
        resplits = Path(folder) / "resplits.json"
        found = json.loads(resplits.read_text(encoding="utf-8")) if resplits.is_file() else None
        kept[name] = small(json.loads((Path(folder) / "results.json").read_text(encoding="utf-8")), found)
        if args.keep is not None:
            args.keep.mkdir(parents=True, exist_ok=True)
            file = args.keep / f"{name.replace(' ', '-').replace(',', '')}.json"
            file.write_text(json.dumps(kept[name], indent=1) + "\n", encoding="utf-8")
    print(table(kept))


if __name__ == "__main__":
    main()
