"""What sampling power in the background costs: CPU time of the whole process as a share of one core.

    python -m tests.bench.bench_sampler [--seconds 20] [--rate-hz 100]

Sensors are read from folders of files on this machine's disk, as many files as on the board named; the kernel's own
work behind a board's files, and the wait for a conversion, are not in it. `idle` is a thread that reads nothing.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
from pathlib import Path

from runtime.boards.power_sensor import PowerReading, PowerSensor
from runtime.boards.profile import profile
from runtime.boards.sensors import find_sensors
from runtime.boards.sysfs.tree import TreeIO
from runtime.energy.sampler import Sampler
from tests.runtime.boards.sysfs.sensor_trees import ina3221

LIMIT_SHARE = 0.02  # of one core, at 100 Hz
BOARDS = {
    "orin-nano-super": (("1-0040", 2, ("VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC")),),
    "agx-xavier": (("1-0040", 2, ("GPU", "CPU", "SOC")), ("1-0041", 3, ("CV", "VDDRQ", "SYS5V"))),
}


class Nothing:
    """A sensor that does not look."""

    def read(self) -> PowerReading | None:
        return None


def on_disk(board: str, folder: Path) -> PowerSensor:
    """The board's total rail, over files."""
    for address, hwmon, rails in BOARDS[board]:
        for path, text in ina3221(address, hwmon, rails).items():
            if isinstance(text, str):
                file = folder / path.lstrip("/")
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
    found = find_sensors(TreeIO(folder), profile(board)).power
    if found is None:
        sys.exit(f"no total rail in the folder for {board}")
    return found


def cost(sensor: PowerSensor, rate_hz: float, seconds: float) -> dict[str, float]:
    """CPU seconds of all threads over seconds of the clock, and how well the rate was held."""
    with Sampler(sensor, rate_hz) as sampler:
        time.sleep(0.2)
        begun_s, used_s, before = time.monotonic(), time.process_time(), sampler.counts()
        time.sleep(seconds)
        used_s, took_s, after = time.process_time() - used_s, time.monotonic() - begun_s, sampler.counts()
    return {
        "share_of_a_core": round(used_s / took_s, 5),
        "reads_hz": round((after.reads - before.reads) / took_s, 2),
        "late": after.late - before.late,
        "skipped": after.skipped - before.skipped,
    }


def main() -> int:
    """Print JSON; 1 if a board's total rail costs more than the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--rate-hz", type=float, default=100.0)
    args = parser.parse_args()
    costs = {"idle": cost(Nothing(), args.rate_hz, args.seconds)}
    for board in BOARDS:
        with tempfile.TemporaryDirectory() as folder:
            costs[board] = cost(on_disk(board, Path(folder)), args.rate_hz, args.seconds)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    report = {"kind": "measured", "hardware": machine, "rate_hz": args.rate_hz, "seconds": args.seconds, "costs": costs}
    print(json.dumps(report))
    return int(any(costs[board]["share_of_a_core"] > LIMIT_SHARE for board in BOARDS))


if __name__ == "__main__":
    sys.exit(main())
