"""How fast telemetry is collected, and how fast questions about ten million rows are answered.

    python -m tests.bench.bench_collect [--rows 10000000] [--json OUT]

Payloads of 1,000 rows, as a fleet's devices make them, are posted to a receiver on loopback by senders that keep it
busy, then compacted; both are timed. Then the fleet page's questions are asked of a set of so many rows.
"""

from __future__ import annotations

import argparse
import http.client
import json
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

from codesign.collect.compact import compact
from codesign.collect.segments import Segments
from codesign.collect.store import Store
from codesign.fleet.drift_sums import cell_sums, cost_sums, exit_sums
from codesign.fleet.questions import QUESTIONS, ask
from runtime.contract.expected_answers import ExpectedAnswers
from runtime.contract.telemetry_batch import AGGREGATE, COLUMNS, INFERENCE, TelemetryBatch, Value, encode
from runtime.contract.telemetry_bundle import bundled

COMMAND = "import sys; from codesign.commands.main import main; sys.exit(main())"
ROWS, PER_POST, SENDERS = 1000, 20, 4
DAY_US = 86_400_000_000
MODES = ("accurate", "balanced", "frugal")
EXPECTED = ExpectedAnswers(((0.01, 0.02, 0.03),) * 3, ((0.1, 0.1, 0.05, 0.05),) * 2 + ((0.1,) * 4,), 3000)


def payload(
    device: int, first_seq: int, rng: np.random.Generator, row_class: str = INFERENCE, rows: int = ROWS
) -> bytes:
    """Rows whose figures do not repeat, as real ones do not."""
    columns: dict[str, list[Value]] = {}
    for name, kind in COLUMNS[row_class].items():
        columns[name] = ["VDD_IN"] * rows if kind is str else [int(v) for v in rng.integers(1, 50_000, rows)]
    columns["at_us"] = [int(v) for v in np.sort(rng.integers(0, DAY_US, rows))]
    columns["bundle_id"] = [f"bundle-{device % 7}"] * rows
    columns["mode"] = [MODES[device % 3]] * rows
    if row_class == AGGREGATE:
        columns["exits"] = [",".join(map(str, rng.integers(0, 900, 3))) for _ in range(rows)]
    else:
        columns["exit_index"] = [int(v) for v in rng.integers(0, 3, rows)]
    day = 1_790_000_000_000_000 + (first_seq // 100_000) % 30 * DAY_US
    board = ("orin-nano", "tx2", "agx-orin")[device % 3]
    return encode(TelemetryBatch(row_class, f"device-{device}", "boot", board, first_seq, day, columns))


def received_rows_per_s(folder: Path, posts: int) -> dict[str, float]:
    """Rows per second that a receiver answers for, then compacts."""
    rng = np.random.default_rng(0)
    bodies = [bundled([payload(n % 50, (n * PER_POST + k) * ROWS, rng) for k in range(PER_POST)]) for n in range(posts)]
    arguments = ("collect", "--store", str(folder), "--listen", "127.0.0.1:0", "--no-compact", "--json")
    process = subprocess.Popen([sys.executable, "-c", COMMAND, *arguments], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    port = int(json.loads(process.stdout.readline())["listening"].rpartition(":")[2].split("/")[0])

    def send(mine: list[bytes]) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for body in mine:
            connection.request("POST", "/telemetry", body)
            if connection.getresponse().read() != b'{"accepted":%d}' % PER_POST:
                raise SystemExit("a post was not accepted")
        connection.close()

    threads = [threading.Thread(target=send, args=(bodies[k::SENDERS],)) for k in range(SENDERS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    received_s = time.perf_counter() - started
    process.terminate()
    process.wait()
    process.stdout.close()
    started = time.perf_counter()
    with Store(folder) as store:
        done = compact(store)
    compacted_s = time.perf_counter() - started
    return {
        "rows": float(done.rows),
        "received_per_s": done.rows / received_s,
        "compacted_per_s": done.rows / compacted_s,
        "both_per_s": done.rows / (received_s + compacted_s),
    }


def answered_s(folder: Path, rows: int) -> dict[str, float]:
    """Seconds of each of the fleet page's questions, the median of five."""
    rng = np.random.default_rng(1)
    with Store(folder) as store:
        segments = Segments(store.inbox, "bench")
        samples = [payload(device, 0, rng, rows=10_000) for device in range(30)]
        for start in range(0, rows, 10_000 * len(samples)):
            for device in range(len(samples)):
                segments.put([payload(device, start // len(samples), rng, rows=10_000)])
            segments.rotate()
            compact(store)
        segments.put([payload(100 + device, 0, rng, AGGREGATE, rows=10_000) for device in range(30)])
        segments.rotate()
        compact(store)
        segments.close()
        found = {"rows": float(sum(store.state().rows.values())), "files": float(store.state().files)}
        for name in QUESTIONS:
            took = []
            for _ in range(5):
                started = time.perf_counter()
                ask(store, name)
                took.append(time.perf_counter() - started)
            found[name] = float(np.median(took))
        expected = {(f"bundle-{bundle}", mode): EXPECTED for bundle in range(7) for mode in MODES}
        for name, sums in (
            ("drift: exits", lambda: exit_sums(store)),
            ("drift: costs", lambda: cost_sums(store)),
            ("drift: entropies", lambda: cell_sums(store, expected)),
        ):
            took = []
            for _ in range(3):
                started = time.perf_counter()
                sums()
                took.append(time.perf_counter() - started)
            found[name] = float(np.median(took))
    return found


def main() -> None:
    """Run both and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--posts", type=int, default=60)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        found: dict[str, Any] = {
            "kind": "measured",
            "machine": f"{platform.machine()}, Python {platform.python_version()}",
            "received": received_rows_per_s(Path(name) / "received", args.posts),
            "answered_s": answered_s(Path(name) / "asked", args.rows),
        }
    print(json.dumps(found, indent=1))
    if args.json is not None:
        args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
