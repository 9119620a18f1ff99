"""What recording costs on the board: the serving thread's time, the spool's throughput, and what flash is written.

    python -m tests.bench.bench_telemetry [--folder DIR] [--json OUT]

DIR should lie on a disk, not in memory: writes are counted by the kernel (/proc/self/io, write_bytes), which charges
dirtied pages to this process, journal and checkpoints included. An hour at 30 inferences per second is recorded with a
clock that runs fast; everything else is as in a daemon with default settings.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from runtime.contract.operating_point import OperatingPoint
from runtime.contract.telemetry_batch import COLUMNS, INFERENCE, Value
from runtime.telemetry.inference import Circumstances, Inference, Recording, ServedAs
from runtime.telemetry.recorder import TelemetryRecorder
from runtime.telemetry.spool import Spool

SERVED = ServedAs(
    "b" * 64, "balanced", (0.001, 0.002, 0.004), (0.01, 0.02, 0.04), "VDD_IN", "sampled", 0.04, "measured"
)
POINT = OperatingPoint(1_728_000_000, 1_020_000_000, 2_133_000_000)
RATE = 30.0


class FastClock:
    """Time that a benchmark moves, and a board that drifts with it."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s

    def circumstances(self) -> Circumstances:
        return Circumstances(POINT, POINT, 55.0 + self.now_s % 7, 0, self.now_s * 6.1)


def inference_of(rng: np.random.Generator, at_s: float) -> Inference:
    """One with figures that do not repeat, as real ones do not."""
    run_s = float(rng.gamma(9.0, 3e-4))
    return Inference(
        at_s, SERVED, int(rng.integers(3)), float(rng.random()), run_s * 1.2, run_s, float(rng.gamma(5, 3e-3))
    )


def note_costs_s(folder: Path, count: int) -> dict[str, float]:
    """Seconds of one `note` on the serving thread, the other thread running beside it."""
    rng = np.random.default_rng(0)
    inferences = [inference_of(rng, 0.0) for _ in range(1000)]
    with Spool(folder / "note", "d", "b") as spool:
        recorder = TelemetryRecorder(spool, Circumstances, Recording(commit_s=1.0))
        recorder.start()
        took = []
        for _ in range(count // 1000):
            started = time.perf_counter()
            for one in inferences:
                recorder.note(one)
            took.append((time.perf_counter() - started) / 1000)
            time.sleep(0.002)
        recorder.close()
    quantiles = np.quantile(took, (0.5, 0.99))
    return {"median_s": float(quantiles[0]), "p99_of_thousands_s": float(quantiles[1])}


def spool_rows_per_s(folder: Path, batches: int, rows: int) -> list[float]:
    """Rows per second committed, per batch, every one on the disk when it counts."""
    rng = np.random.default_rng(1)
    columns: dict[str, list[Value]] = {}
    for name, kind in COLUMNS[INFERENCE].items():
        columns[name] = ["alike"] * rows if kind is str else [int(v) for v in rng.integers(0, 50_000, rows)]
    found = []
    with Spool(folder / "rows", "d", "b") as spool:
        for _ in range(batches):
            started = time.perf_counter()
            spool.append(INFERENCE, columns, 0)
            found.append(rows / (time.perf_counter() - started))
    return found


def hour_of_writes(folder: Path, recording: Recording) -> dict[str, float]:
    """Bytes that one hour at 30 inferences per second has the kernel write, and what waits in the spool after it."""
    clock, rng = FastClock(), np.random.default_rng(2)
    with Spool(folder / f"hour-{recording.keep_one_in}", "d" * 32, "b" * 36) as spool:
        before = _written_bytes()
        recorder = TelemetryRecorder(spool, clock.circumstances, recording, now_s=clock, wall_s=clock)
        for second in range(3600):
            for k in range(int(RATE)):
                recorder.note(inference_of(rng, clock.now_s + k / RATE))
            clock.now_s += 1.0
            recorder.tick()
            if second % 60 == 59:  # an uplink that keeps up
                spool.acknowledge([item.id for item in spool.waiting(1 << 30)])
        recorder.close()
        state = spool.state()
    return {
        "written_bytes": float(_written_bytes() - before),
        "waiting_bytes": float(sum(state.bytes.values())),
        "waiting_rows": float(sum(state.rows.values())),
    }


def _written_bytes() -> int:
    os.sync()
    table = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(table["write_bytes"])


def main() -> None:
    """Run all three and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        folder = Path(name)
        found: dict[str, Any] = {
            "command": "python -m tests.bench.bench_telemetry --folder DIR --json OUT",
            "load_before": os.getloadavg()[0],  # processes that want a core: spool throughput suffers from others
            "machine": f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}",
            "kind": "measured",
            "note": note_costs_s(folder, 300_000),
            "spool_rows_per_s": spool_rows_per_s(folder, 20, 20_000),
            "hour_by_default": hour_of_writes(folder, Recording()),
            "hour_keeping_all": hour_of_writes(folder, Recording(keep_one_in=1)),
        }
    rates = found["spool_rows_per_s"]
    print(f"one note on the serving thread: {found['note']['median_s'] * 1e6:.2f} µs (limit 10 µs)")
    print(
        f"into the spool: {np.median(rates):,.0f} rows/s, quartiles {np.quantile(rates, 0.25):,.0f} to"
        f" {np.quantile(rates, 0.75):,.0f} (target 100,000)"
    )
    for name in ("hour_by_default", "hour_keeping_all"):
        print(f"{name.replace('_', ' ')}: {found[name]['written_bytes'] / 1e6:.2f} MB written (limit 5 MB by default)")
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
