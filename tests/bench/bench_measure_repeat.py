"""Whether measuring twice gives the same: run `python -m tests.bench.bench_measure_repeat`.

Twenty networks of about 0.2 to 10 ms, half of them with early exits, are measured by `edge-runtime measure` in two
sessions, each a process of its own that takes them in another order. Prints JSON: each network's two medians and how
far they lie apart, how many agree within 3 %, and what the sessions themselves had called noisy; a network that does
not agree is reported as noisy here whatever the sessions said of it. Exits with 1 where fewer than 15 agree.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.measurement import Measurement
from runtime.contract.tensor_spec import TensorSpec
from runtime.measure.plan import Plan, Quality, Subject, WarmUp
from runtime.measure.records_file import Records, read_records
from runtime.measure.statistics import relative_difference
from tests.tiny_cascade import fresh_stage, trunk_stages

NETWORKS, GOAL, AGREE = 20, 15, 0.03
WIDTHS, SIDES = (8, 16, 24, 32, 48), (24, 40)  # of the networks: channels, and pixels of their square images


def write_networks(folder: Path) -> tuple[Subject, ...]:
    """Every width on every image size, with early exits and without."""
    subjects = []
    for width in WIDTHS:
        for side in SIDES:
            spec = TensorSpec(height=side, width=side)
            several = [model for seed in (0, 3) for model in trunk_stages(seed=seed, width=width)]
            for kind, models in (("chain", several), ("lone", [fresh_stage(width=2 * width)])):
                name = f"{kind}-{width}-{side}"
                stages = tuple(f"{name}-{k}.onnx" for k in range(len(models)))
                for stage, model in zip(stages, models, strict=True):
                    (folder / stage).write_bytes(model)
                subjects.append(Subject(name, stages, spec))
    return tuple(subjects)


def session(folder: Path, plan: Plan, number: int) -> Records:
    """One session of the command itself."""
    path, out = folder / f"plan{number}.json", folder / f"measurements{number}.jsonl"
    path.write_text(json.dumps(replace(plan, seed=plan.seed + number).to_json()), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "runtime", "measure", str(path), "--out", str(out)], check=True, stdout=2)
    return read_records(out)


def report(sessions: list[Records]) -> dict[str, Any]:
    """Each network's two medians, and what they amount to."""
    by_name: list[dict[str, Measurement]] = [{r.subject: r for r in records.measurements} for records in sessions]
    rows = []
    for name in sorted(by_name[0], key=lambda name: by_name[0][name].latency_s):
        first, second = by_name[0][name], by_name[1][name]
        apart = relative_difference(first.latency_s, second.latency_s)
        rows.append(
            {
                "network": name,
                "median_s": [first.latency_s, second.latency_s],
                "apart": apart,
                "agrees": apart <= AGREE,
                "noisy": apart > AGREE or first.noisy or second.noisy,
                "session_said_noisy": [list(first.why_noisy), list(second.why_noisy)],
                "attempts": [first.attempts, second.attempts],
            }
        )
    apart_all = np.array([row["apart"] for row in rows])
    return {
        "networks": len(rows),
        "agree_within_3_percent": int((apart_all <= AGREE).sum()),
        "goal": GOAL,
        "apart": {
            "median": float(np.median(apart_all)),
            "p90": float(np.quantile(apart_all, 0.9)),
            "max": float(apart_all.max()),
        },
        "disagree_though_no_session_called_them_noisy": [
            row["network"] for row in rows if not row["agrees"] and not any(row["session_said_noisy"])
        ],
        "rows": rows,
        "reference_s": [records.references_s for records in sessions],
        "kind": "measured",
        "on": f"{sessions[0].header.on}, 1 thread; load average {os.getloadavg()[0]:.1f}",
        "command": shlex.join(["python", "-m", "tests.bench.bench_measure_repeat", *sys.argv[1:]]),
    }


def main() -> int:
    """Measure twice, print, and compare with the goal."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=150)
    parser.add_argument("--attempts", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the result there too")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subjects = write_networks(folder)
        plan = Plan(
            subjects,
            reference="chain-24-40",
            runs=args.runs,
            seed=args.seed,
            warm_up=WarmUp(window_s=0.2, max_s=10.0),
            quality=Quality(every=5, attempts=args.attempts),
        )
        result = report([session(folder, plan, number) for number in range(2)])
    text = json.dumps(result, indent=1)
    print(text)
    if args.json is not None:
        args.json.write_text(text + "\n", encoding="utf-8")
    return 0 if result["agree_within_3_percent"] >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
