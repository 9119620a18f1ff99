"""How much faster are two collecting workers than one: taking from a broker, and making rows.

    python -m tests.bench.bench_collect_workers [--payloads 600] [--repeats 3] [--json OUT]

Nothing else takes part while a clock runs but mosquitto: payloads of 1,000 rows are published beforehand into the
sessions of workers that are away, or lie in the inbox. Then one worker, or two at the same time, take them (each
payload on the disk before it is acknowledged), or compact them (`--compact 1/2` and `2/2`). One and two take turns.
Seconds are from a common start to the end of the last worker; processor seconds say what cores that nobody else uses
would give: the time of one over that of the busiest of two. A broker deals messages out by number: each gets half.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from codesign.collect.compact import compact
from codesign.collect.mqtt_source import MqttSource
from codesign.collect.segments import Segments
from codesign.collect.share import Share
from codesign.collect.store import Store
from runtime.contract.telemetry_address import TOPIC
from tests.broker import Broker

from .bench_collect import ROWS, payload

DEVICES = 300
STARTS_WITHIN_S = 60.0
Told = dict[str, float]


def compacting(folder: str, share: tuple[int, int], start: Any, told: Any) -> None:
    """One worker's process: make rows of its share."""
    with Store(Path(folder)) as store:
        start.wait(STARTS_WITHIN_S)
        began_s, cpu_s = time.monotonic(), time.process_time()
        done = compact(store, share=Share(*share))
        told.put((began_s, time.monotonic(), time.process_time() - cpu_s, done.rows))


def taking(folder: str, url: str, worker: str, start: Any, told: Any, arrived: Any, wanted: int) -> None:
    """One worker's process: take from the broker until all have everything."""
    segments = Segments(Path(folder), worker)
    mine = 0

    def came(payloads: int) -> None:
        nonlocal mine
        mine += payloads
        with arrived.get_lock():
            arrived.value += payloads

    start.wait(STARTS_WITHIN_S)
    began_s, cpu_s = time.monotonic(), time.process_time()
    source = MqttSource(url, worker, segments, came)
    while arrived.value < wanted:
        time.sleep(0.005)
    ended_s, cpu_s = time.monotonic(), time.process_time() - cpu_s
    source.close()
    segments.close()
    told.put((began_s, ended_s, cpu_s, mine * ROWS))


def together(workers: int, process_of: Callable[[int, Any, Any], Any]) -> Told:
    """Start them at once, and wait for all."""
    spawn = multiprocessing.get_context("spawn")
    start, told = spawn.Barrier(workers), spawn.Queue()
    processes = [process_of(k, start, told) for k in range(workers)]
    for process in processes:
        process.start()
    found = [told.get(timeout=600.0) for _ in processes]
    for process in processes:
        process.join()
    return {
        "rows": float(sum(rows for *_, rows in found)),
        "wall_s": max(end for _, end, *_ in found) - min(begin for begin, *_ in found),
        "busiest_cpu_s": max(cpu for *_, cpu, _ in found),
        "all_cpu_s": sum(cpu for *_, cpu, _ in found),
    }


def compacted(payloads: list[bytes], workers: int) -> Told:
    """Rows made of an inbox."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        with Store(Path(name)) as store:
            for part in range(4):
                segments = Segments(store.inbox, f"p{part}")
                segments.put(payloads[part::4])
                segments.close()
            if workers > 1:
                with store.compacting(Share(0, workers)):
                    """Told beforehand in how many shares."""
        return together(
            workers,
            lambda k, start, told: spawn.Process(target=compacting, args=(name, (k, workers), start, told)),
        )


def taken(payloads: list[bytes], workers: int) -> Told:
    """Payloads that a broker held for workers that were away."""
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        broker = Broker(Path(name) / "broker")
        try:
            names = [f"w{k}" for k in range(workers)]
            for worker in names:  # a session each, which outlives the connection
                segments = Segments(Path(name) / worker, worker)
                source = MqttSource(broker.url, worker, segments, lambda _: None)
                while f" as codesign-{worker}" not in (Path(name) / "broker" / "log").read_text():
                    time.sleep(0.05)
                time.sleep(1.0)
                source.close()
                segments.close()
            _publish(broker.url, payloads)
            arrived = spawn.Value("q", 0)
            return together(
                workers,
                lambda k, start, told: spawn.Process(
                    target=taking,
                    args=(str(Path(name) / names[k]), broker.url, names[k], start, told, arrived, len(payloads)),
                ),
            )
        finally:
            broker.stop()


def _publish(url: str, payloads: list[bytes]) -> None:
    import paho.mqtt.client as paho
    from paho.mqtt.enums import CallbackAPIVersion

    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv5)
    host, _, port = url.removeprefix("mqtt://").partition(":")
    client.connect(host, int(port))
    client.loop_start()
    told = [client.publish(f"{TOPIC}/d", content, qos=1) for content in payloads]
    for each in told:
        each.wait_for_publish(120.0)
    client.disconnect()
    client.loop_stop()


def compared(run: Callable[[list[bytes], int], Told], payloads: list[bytes], repeats: int) -> dict[str, Any]:
    """One and two workers in turn."""
    ones, twos = [], []
    for _ in range(repeats):
        ones.append(run(payloads, 1))
        twos.append(run(payloads, 2))
    wall = [one["wall_s"] / two["wall_s"] for one, two in zip(ones, twos, strict=True)]
    cpu = [one["busiest_cpu_s"] / two["busiest_cpu_s"] for one, two in zip(ones, twos, strict=True)]
    return {
        "one": ones,
        "two": twos,
        "speed_up_wall": {"median": float(np.median(wall)), "all": [round(each, 3) for each in wall]},
        "speed_up_by_processor_time": {"median": float(np.median(cpu)), "all": [round(each, 3) for each in cpu]},
        "rows_per_processor_second_of_one": float(np.median([one["rows"] / one["busiest_cpu_s"] for one in ones])),
    }


def main() -> None:
    """Run both and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payloads", type=int, default=600)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    payloads = [payload(n % DEVICES, n // DEVICES * ROWS, rng) for n in range(args.payloads)]
    load = os.getloadavg()[0]
    found = {
        "command": f"python -m tests.bench.bench_collect_workers --payloads {args.payloads} --repeats {args.repeats}",
        "kind": "measured",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "load_before": load,
        "compacting": compared(compacted, payloads, args.repeats),
        "taking_from_mqtt": compared(taken, payloads, args.repeats),
    }
    found["load_after"] = os.getloadavg()[0]
    print(json.dumps(found, indent=1))
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
