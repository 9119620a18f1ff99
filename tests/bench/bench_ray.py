"""How much faster four Ray workers are than one, and what sending work away costs.

    python -m tests.bench.bench_ray [--items 24] [--repeats 5] [--seconds 1.0] --json OUT

Each evaluation is simulated by a wait, so that the cores of this machine do not decide: it takes what is given as a
backbone's evaluation does (images, in the object store), waits, and returns as many bytes as a record has. Clusters are
local ones of one and of four workers, both started before anything is timed. Overhead is what a piece of work costs
beyond its wait, one after the other on one worker.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from codesign.commands.cluster import prepare_ray
from codesign.scale.in_process import InProcess
from codesign.scale.ray_cluster import installed_ray, ray_cluster
from codesign.scale.workplace import Workplace, unheard
from runtime.contract.arrays import FloatArray, UInt8Array
from runtime.engine.machine import this_machine

IMAGE_BYTES = 12_000 * 32 * 32 * 3  # what CIFAR-10's 12,000 training images take
RECORD_VALUES = 10 * 1_500  # ten exits on 1,500 images


def evaluation(images: UInt8Array, seconds: float) -> FloatArray:
    """A wait, and a result of a record's size that depends on what was given."""
    time.sleep(seconds)
    return np.full(RECORD_VALUES, float(images[0]))


def timed(workplace: Workplace, images: UInt8Array, waits: list[float]) -> float:
    """Seconds that it takes until all results are here."""
    started = time.perf_counter()
    workplace.run(evaluation, images, waits, unheard)
    return time.perf_counter() - started


def spread(values: list[float]) -> dict[str, float]:
    """Mean, standard deviation and extremes."""
    array = np.asarray(values)
    deviation = float(array.std(ddof=1)) if array.size > 1 else 0.0
    return {"mean": float(array.mean()), "std": deviation, "min": float(array.min()), "max": float(array.max())}


def on_workers(count: int, waits: list[float], repeats: int) -> dict[str, Any]:
    """A local cluster of so many workers, timed."""
    ray = installed_ray()
    started = time.perf_counter()
    ray.init(address="local", num_cpus=count, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    with ray_cluster("local") as workplace:
        start_s = time.perf_counter() - started
        images = np.zeros(IMAGE_BYTES, dtype=np.uint8)
        first_s = timed(workplace, images, [0.0] * 4 * count)  # workers start, and the images go out
        seconds = [timed(workplace, images, waits) for _ in range(repeats)]
        idle = [timed(workplace, images, [0.0] * 50) / 50 for _ in range(repeats)]
    ray.shutdown()
    return {
        "workers": count,
        "start_s": start_s,
        "first_use_s": first_s,
        "seconds": spread(seconds),
        "overhead_of_a_piece_s": spread(idle),
    }


def main() -> None:
    """Print the figures and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--items", type=int, default=24)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="that each evaluation waits")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    prepare_ray("local")
    waits = [args.seconds] * args.items
    here_s = timed(InProcess(), np.zeros(IMAGE_BYTES, dtype=np.uint8), waits)
    one, four = on_workers(1, waits, args.repeats), on_workers(4, waits, args.repeats)
    summary = {
        "items": args.items,
        "seconds_each": args.seconds,
        "repeats": args.repeats,
        "kind": "measured; evaluations are simulated by waiting",
        "command": shlex.join(["python", "-m", "tests.bench.bench_ray", *sys.argv[1:]]),
        "machine": this_machine(),
        "ray": installed_ray().__version__,
        "in_process_s": here_s,
        "clusters": [one, four],
        "speed_up_of_four_over_one": one["seconds"]["mean"] / four["seconds"]["mean"],
        "speed_up_at_worst": one["seconds"]["min"] / four["seconds"]["max"],
    }
    text = json.dumps(summary, indent=1)
    print(text)
    args.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
