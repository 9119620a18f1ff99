"""Kill the device, the collectors and the broker again and again under load: is every row there once?

    python -m tests.bench.bench_telemetry_kill [--devices 100] [--collectors 100] [--brokers 20] [--json OUT]

A device notes 500 inferences a second and ships them over a real mosquitto on loopback to two collecting workers of one
group, which compact half of the devices each. At random moments one of them is killed (SIGKILL; the broker is restarted
as its service would be) and started again. In the end all is let run empty. Then every number that the spool gave must
be in the set exactly once, and per kill of the device at most its commit window may be missing from what it noted,
which is lost before it has a number.
"""

from __future__ import annotations

import argparse
import json
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from codesign.collect.compact import compact
from codesign.collect.intervals import Intervals
from codesign.collect.store import Store
from runtime.contract.telemetry_batch import CLASSES
from runtime.telemetry.spool import Spool
from tests.broker import Broker

RATE = 500.0
COLLECT = "import sys; from codesign.commands.main import main; sys.exit(main())"


class Program:
    """A process that is killed and started again."""

    def __init__(self, *command: str) -> None:
        self._command = command
        self.kills = 0
        self.start()

    def start(self) -> None:
        """Start it."""
        self._process = subprocess.Popen(
            [sys.executable, *self._command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        """SIGKILL, then start again."""
        self._process.kill()
        self._process.wait()
        self.kills += 1
        self.start()

    def stop(self) -> None:
        """SIGTERM."""
        self._process.send_signal(signal.SIGTERM)
        self._process.wait()

    def alive(self) -> bool:
        """Whether it still runs."""
        return self._process.poll() is None


def bench(folder: Path, devices: int, collectors: int, brokers: int, seed: int) -> dict[str, Any]:
    """Kill so many of each, in random order, then count."""
    rng = random.Random(seed)  # noqa: S311 (chooses victims)
    broker = Broker(folder / "broker")
    store = folder / "store"
    spool_path = folder / "spool"
    workers = [
        Program(
            "-c",
            COLLECT,
            "collect",
            "--store",
            str(store),
            "--mqtt",
            broker.url,
            "--worker",
            name,
            "--every",
            "2",
            *more,
        )
        for name, more in (("a", ("--compact", "1/2")), ("b", ("--compact", "2/2")))
    ]
    _wait_for_sessions(broker, len(workers))
    device = Program("-m", "tests.bench.telemetry_device", str(spool_path), broker.url, str(RATE))
    victims = ["device"] * devices + ["collector"] * collectors + ["broker"] * brokers
    rng.shuffle(victims)
    for victim in victims:
        time.sleep(rng.uniform(0.3, 1.5))
        if victim == "device":
            device.kill()
        elif victim == "collector":
            rng.choice(workers).kill()
        else:
            broker.stop()
            time.sleep(rng.uniform(0.0, 0.5))
            broker.start()
    died = [program for program in (device, *workers) if not program.alive()]
    time.sleep(5.0)
    device.stop()
    _run_empty(spool_path, broker)
    _settle(store)
    for worker in workers:
        worker.stop()
    broker.stop()
    with Spool(spool_path, "device", "boot") as spool:
        (numbered,) = spool._base.execute("SELECT next_seq FROM boot").fetchone()
        dropped = spool.state().dropped
    with Store(store) as opened:
        compact(opened)
        numbers: list[int] = []
        for row_class in CLASSES:
            for path in opened.files(row_class):
                numbers += pq.ParquetFile(path).read(["seq"]).column("seq").to_pylist()
        state = opened.state()
    return {
        "kills": {"device": devices, "collectors": collectors, "broker restarts": brokers},
        "numbered": int(numbered),
        "in_the_set": len(numbers),
        "distinct": len(set(numbers)),
        "missing": len(set(range(int(numbered))) - set(numbers)),
        "missing_ranges": Intervals((n, n + 1) for n in numbers).missing(0, int(numbered))[:20],
        "dropped_by_the_spool": dropped,
        "duplicates_left_out": state.duplicates,
        "payloads_rejected": state.rejected,
        "ended_by_themselves": len(died),
    }


def _wait_for_sessions(broker: Broker, workers: int) -> None:
    """Until as many subscriptions are there: brokers drop what nobody has subscribed to."""
    log = broker.folder / "log"
    while sum(" as codesign-" in line for line in log.read_text().splitlines()) < workers:
        time.sleep(0.2)
    time.sleep(1.0)


def _settle(store: Path, quiet_s: float = 20.0) -> None:
    """Until the set has not grown for so long: what a broker held for a worker comes when that is back."""
    rows, since_s = -1, time.monotonic()
    while time.monotonic() - since_s < quiet_s:
        with Store(store) as opened:
            now = sum(opened.state().rows.values())
        if now != rows:
            rows, since_s = now, time.monotonic()
        time.sleep(1.0)


def _run_empty(spool_path: Path, broker: Broker) -> None:
    """Ship what waits, as the device would."""
    from runtime.telemetry.mqtt_uplink import MqttUplink
    from runtime.telemetry.uplink import Shipper, Shipping

    with Spool(spool_path, "device", "boot", "orin-nano") as spool:
        shipper = Shipper(spool, MqttUplink(broker.url, "device"), Shipping(every_s=0.1, first_wait_s=0.1))
        while spool.waiting(1):
            time.sleep(min(shipper.step(), 0.5))
        shipper.close()


def main() -> None:
    """Run it and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=100)
    parser.add_argument("--collectors", type=int, default=100)
    parser.add_argument("--brokers", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found = bench(Path(name), args.devices, args.collectors, args.brokers, args.seed)
    found |= {
        "kind": "measured",
        "machine": f"{platform.machine()}, Python {platform.python_version()}, mosquitto on loopback",
    }
    print(json.dumps(found, indent=1))
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    sys.exit(found["missing"] or found["in_the_set"] != found["distinct"])


if __name__ == "__main__":
    main()
