"""An hour of everything at once, or a minute: `python -m tests.bench.bench_soak --minutes 60 --json OUT`.

`edge-runtime serve --govern` runs as a process on a model's kernel, with the real powerd beside it. Clients send 80 %
of the capacity measured at the start, and again every tenth of the time; others vanish or send nonsense. Every minute
(a sixtieth) another bundle becomes current, now and then one that must be rolled back; heat and battery go up and down;
a stage hangs for longer than --stage-s allows; powerd is killed and started again. At the end three stages hang for
good: the server must end by itself, and this script starts another, as systemd would.

Judged, exit status 1 where it does not hold: every request has an outcome, which is an answer that an exit gives or a
stated limit (429, 503, 504); resident memory grows by at most 5 MB between the second and the last tenth (medians,
while one bundle is loaded); bad bundles are rolled back; no clock ever runs outside the points that the bundle prices;
after each kill of powerd the clocks are as found, and are held again soon after. Where other work on the machine
doubles latencies, a good bundle may fail its trial, too: `trials that failed` tells.

Without --bundle, a small network is made here; with one, give --images, an NPZ of its kind, too.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from runtime.engine.machine import this_machine

from .soak_board import Board
from .soak_bundles import Bundles, images_of, listed, made_bundle, right_answers
from .soak_clients import Crowd
from .soak_server import SOON_S, Server

LOAD = 0.8
MOST_GROWTH_BYTES = 5e6
CLIENTS = 6
CAPACITY_S = 3.0
SLACK_S = 3.0  # of a crowded machine, over a stated limit
WARM_UP_SWAPS, WARM_UP_PER_S = 20, 20.0
STUCK = 3  # threads that hang for good, with which the server must end


class Soak:
    """One run; `failures` says in sentences what did not hold."""

    def __init__(self, args: argparse.Namespace, folder: Path) -> None:
        self.seconds, self.folder, self.root = args.minutes * 60.0, folder, folder / "root"
        self.stage_s, self.seed, self.most_per_s = args.stage_s, args.seed, args.most_per_s
        self.every_s = self.seconds / 60.0 if args.swap_s is None else args.swap_s
        self.board = Board(folder, self.root, self.seconds / 4)
        choices = self.board.clocks.choices()
        made = [point for point in choices if point.emc_hz == 2_133_000_000][-1::-16][:8]
        source = args.bundle or made_bundle(folder / "made", tuple(made))
        self.points = listed(source)
        self.bundles = Bundles(source, self.root, folder)
        self.bundles.install_good()
        self.board.start_powerd()
        self.options = ["--stage-s", str(self.stage_s), "--trial-s", str(0.6 * self.every_s)]
        self.options += ["--record-signals", str(folder / "signals.jsonl"), "--deadline-ms", "2000", *args.serve]
        self.server = self._server()
        images = images_of(source, args.images)
        self.crowd = Crowd(self.server.port, images, right_answers(source, images), args.seed)
        self.failures: list[str] = []
        self.done: Counter[str] = Counter()
        self._weighed = threading.Event()
        self.sizes: list[int] = []
        self.capacities_per_s: list[float] = []
        self.held_again_s: list[float] = []
        self.swapped_s: list[float] = []
        self.report: dict[str, Any] = {}

    def _server(self) -> Server:
        return Server(self.board, self.root, self.options, hang_s=1.5 * self.stage_s + 1.0)

    def run(self) -> None:
        """Everything, in its time."""
        self.crowd.start(CLIENTS)
        self.crowd.rate_per_s = WARM_UP_PER_S
        for _ in range(WARM_UP_SWAPS):  # after some twenty, holes in the heap are as many as there will be
            installed = self.bundles.install_good()
            self.wait(lambda new=installed: self.server.took_over(new))  # type: ignore[misc]
        self.measure_capacity()
        began_s = time.monotonic()
        weighing = threading.Thread(target=self.weigh, daemon=True)
        weighing.start()
        events: list[tuple[float, float, Callable[[], None]]] = [  # first time and period, in seconds, and what happens
            (0.0, 0.5, self.board.change_weather),
            (self.every_s, self.every_s, self.swap),
            (0.10 * self.seconds, 0.10 * self.seconds, self.measure_capacity),
            (0.13 * self.seconds, 0.12 * self.seconds, self.kill_powerd),
            (0.07 * self.seconds, 0.11 * self.seconds, self.hang_a_while),
        ]
        due_s = [began_s + first_s for first_s, _, _ in events]
        opened, threads = self.server.open_files(), self.server.threads()
        while time.monotonic() < began_s + self.seconds and self.server.process.poll() is None:
            for k, (_, period_s, happens) in enumerate(events):
                if time.monotonic() >= due_s[k]:
                    due_s[k] += period_s * math.ceil((time.monotonic() - due_s[k]) / period_s + 1e-9)
                    happens()
            time.sleep(0.05)
        self._weighed.set()
        weighing.join()
        if self.server.process.poll() is not None:
            self.failures.append(f"the server ended by itself with {self.server.process.poll()}")
            return
        self.crowd.rest()
        time.sleep(1.0)
        self.report["open files, first and last"] = [opened, self.server.open_files()]
        self.report["threads, first and last"] = [threads, self.server.threads()]
        self.report["metrics"] = {
            name.removeprefix("edge_runtime_"): sum(samples.values())
            for name, samples in self.server.metrics().items()
            if name.startswith("edge_runtime_") and name.endswith("_total")
        }
        self.judge_counts()
        self.judge_memory()
        self.beyond_mending()
        self.end()

    def measure_capacity(self) -> None:
        """Answers a second when every client asks again at once; the load is a share of it."""
        self.crowd.rate_per_s = None
        before, began_s = self.crowd.seen.answers[200], time.monotonic()
        time.sleep(min(CAPACITY_S, self.seconds / 30))
        capacity_per_s = (self.crowd.seen.answers[200] - before) / (time.monotonic() - began_s)
        self.capacities_per_s.append(capacity_per_s)
        self.crowd.rate_per_s = min(max(LOAD * capacity_per_s, 1.0), self.most_per_s)

    def weigh(self) -> None:
        """Resident memory again and again, in a thread of its own, while one bundle is loaded."""
        while not self._weighed.wait(min(self.seconds / 600.0, 0.5)):
            if self.server.has_one_bundle():
                self.sizes.append(self.server.resident_bytes())

    def swap(self) -> None:
        """A good bundle; every third time a bad one, of either kind in turn."""
        turn = self.done["swaps"] = self.done["swaps"] + 1
        began_s = time.monotonic()
        if turn % 3 == 2:
            bad = self.bundles.install_hasty if turn % 6 == 2 else self.bundles.put_damaged
            installed = bad()
            self.done["bad bundles"] += 1
            if self.wait(
                lambda: self.bundles.current() != installed and self.server.serves() == self.bundles.current()
            ):
                self.done["rolled back"] += 1
            else:
                self.failures.append(f"swap {turn}: {bad.__name__} was not rolled back within {SOON_S} s")
            return
        installed = self.bundles.install_good()
        if self.wait(lambda: self.server.took_over(installed)):
            self.swapped_s.append(time.monotonic() - began_s)
        else:
            self.failures.append(f"swap {turn}: {installed[:12]} is not served {SOON_S} s after it was installed")

    def kill_powerd(self) -> None:
        """And start it again; the daemon must come by the clocks by itself."""
        self.done["powerd killed"] += 1
        if not self.wait(lambda: self.board.held_by(self.server.process.pid)):
            self.failures.append("the server does not hold the clocks")
        if not self.board.kill_powerd():
            self.failures.append(f"kill {self.board.kills} of powerd: the clocks were not as found afterwards")
        began_s = time.monotonic()
        self.board.start_powerd()
        if self.wait(lambda: self.board.held_by(self.server.process.pid)):
            self.held_again_s.append(time.monotonic() - began_s)
        else:
            self.failures.append(f"kill {self.board.kills} of powerd: no clocks are held {SOON_S} s after its start")

    def hang_a_while(self) -> None:
        """Longer than a stage may."""
        self.done["hangs"] += 1
        self._judge_hang(*self.crowd.hang(), self.stage_s + SLACK_S)

    def beyond_mending(self) -> None:
        """Three hang for good: each is answered, the server ends as a failure, and another serves again."""
        for _ in range(STUCK):
            self._judge_hang(*self.crowd.hang(for_good=True), self.stage_s + SLACK_S)
        try:
            status = self.server.process.wait(SOON_S)
        except subprocess.TimeoutExpired:
            status = None
        self.report["exit status with three threads that hang"] = status
        if status != 1:
            self.failures.append(f"with {STUCK} threads that hang, the server ended with {status}, not with 1")
        self._read_what_was_said()
        self.server.close()
        self.server = self._server()
        if self.server.serves() != self.bundles.current():
            self.failures.append("a server that was started again does not serve the current bundle")

    def end(self) -> None:
        """In order, while a stage hangs and others wait behind it: whoever has asked is still answered."""
        self.crowd.stop()
        last = self.crowd.at_another(self.server.port)
        asking = [threading.Thread(target=last.hang), *(threading.Thread(target=last.once) for _ in range(CLIENTS))]
        for thread in asking:
            thread.start()
            time.sleep(0.1)
        self.server.process.send_signal(signal.SIGTERM)
        status = self.server.process.wait(SOON_S)
        for thread in asking:
            thread.join()
        if status not in (0, 1):  # 1: a thread hangs still
            self.failures.append(f"the server ended with {status} when asked to stop while a stage hung")
        if last.seen.lost or sum(last.seen.answers.values()) != CLIENTS or len(last.seen.hung) != 1:
            self.failures.append(f"when it stopped: {last.seen}")
        self.report["answers to those who had asked when it stopped"] = dict(last.seen.answers)
        self._read_what_was_said()
        self.failures += self.board.stop()
        strangers = self.board.strangers(self.points)
        self.failures += strangers[:20]

    def judge_counts(self) -> None:
        """What the clients saw."""
        seen = self.crowd.seen
        unanswered = seen.sent - sum(seen.answers.values())
        if unanswered or seen.lost:
            self.failures.append(f"{unanswered} requests without an outcome; {len(seen.lost)} lost: {seen.lost[:5]}")
        if seen.answers[200] < 0.5 * seen.sent:
            self.failures.append(f"only {seen.answers[200]} of {seen.sent} requests were answered")
        longest_s = max(2.0, self.stage_s) + 2 * SLACK_S
        if seen.slowest_s > longest_s:
            self.failures.append(f"a request had its outcome after {seen.slowest_s:.1f} s, limits allow {longest_s} s")

    def judge_memory(self) -> None:
        """The second tenth of what was seen against the last."""
        tenth = len(self.sizes) // 10
        if not tenth:
            self.failures.append(f"resident memory was seen {len(self.sizes)} times only")
            return
        tenths = [statistics.median(self.sizes[k * tenth : (k + 1) * tenth]) for k in range(10)]
        growth = tenths[9] - tenths[1]
        if growth > MOST_GROWTH_BYTES:
            self.failures.append(f"resident memory grew by {growth / 1e6:.1f} MB")
        self.report["resident bytes, medians of tenths"] = tenths
        self.report["resident bytes, growth from the second to the last"] = growth

    def result(self) -> dict[str, Any]:
        """For JSON."""
        seen = self.crowd.seen
        ms = [round(1e3 * float(q), 3) for q in np.quantile(seen.latencies_s or [0.0], [0.5, 0.9, 0.99])]
        return {
            "seconds": self.seconds,
            "capacity_per_s": [round(each, 1) for each in self.capacities_per_s],
            "load": f"{LOAD:.0%} of it, {CLIENTS} clients, Poisson",
            "requests": {"sent": seen.sent, **{str(k): v for k, v in sorted(seen.answers.items())}},
            "latency of 200s, ms (median, p90, p99)": ms,
            "slowest outcome, s": round(seen.slowest_s, 3),
            "clients that vanished": seen.vanished,
            "malformed": {str(k): v for k, v in sorted(seen.malformed.items())},
            "happened": dict(self.done),
            "swap, s (median, slowest)": _summary(self.swapped_s),
            "held again after powerd's start, s (median, slowest)": _summary(self.held_again_s),
            "requests that hung a stage (status, s)": [[status, round(s, 2)] for status, s in seen.hung],
            "stage limit, s": self.stage_s,
            "clock writes": len(self.board.tree.writes),
            "points held": len({point for _, point in self.board.tree.history()}),
            **self.report,
            "failures": self.failures,
        }

    def close(self) -> None:
        """Whatever happened."""
        self._weighed.set()
        self.crowd.stop_soon()
        self.server.close()
        self.board.close()

    def wait(self, so: Callable[[], bool]) -> bool:
        """Until it is so, or not soon."""
        until_s = time.monotonic() + SOON_S
        while not so():
            if time.monotonic() > until_s:
                return False
            time.sleep(0.05)
            self.board.change_weather()
        return True

    def _judge_hang(self, status: int, seconds: float, most_s: float) -> None:
        if status not in (503, 504, 429) or seconds > most_s:
            self.failures.append(f"a stage that hangs was answered with {status} after {seconds:.1f} s")

    def _read_what_was_said(self) -> None:
        said = "".join(self.server.said)
        bad = ("Traceback", "died", "failed its trial: an image draws")
        self.failures += [
            f"the server said: {line.strip()}" for line in self.server.said if any(b in line for b in bad)
        ]
        self.report.setdefault("trials that failed", []).extend(
            line.strip() for line in self.server.said if "failed its trial" in line
        )
        self.report.setdefault("said, by kind", Counter()).update(
            {
                kind: said.count(kind)
                for kind in ("has taken over", "failed its trial", "is not served", "rolled back", "takes its place")
            }
        )


def _summary(seconds: list[float]) -> list[float]:
    return [round(statistics.median(seconds), 2), round(max(seconds), 2)] if seconds else []


def soak(args: argparse.Namespace) -> dict[str, Any]:
    """Run it; the report."""
    with tempfile.TemporaryDirectory() as folder:
        run = Soak(args, Path(folder))
        try:
            run.run()
        finally:
            run.close()
        said = "".join(run.server.said)
    if run.failures:
        print(said[-4000:], file=sys.stderr)
    return {
        "command": " ".join(["python -m tests.bench.bench_soak", *sys.argv[1:]]),
        "kind": "measured; the board's clocks, heat and battery are a model's",
        "on": this_machine(),
        "load_average": os.getloadavg(),
        "seed": args.seed,
        **run.result(),
    }


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--bundle", type=Path, help="compiled for orin-nano-super (default: one that is made here)")
    parser.add_argument("--images", type=Path, help="NPZ whose `images` are sent (default: the golden ones)")
    parser.add_argument("--stage-s", type=float, default=3.0, help="limit of an inference (default: %(default)s)")
    parser.add_argument("--swap-s", type=float, help="between two bundles (default: a sixtieth of the time)")
    parser.add_argument("--most-per-s", type=float, default=float("inf"), help="a lighter load, where it is too heavy")
    parser.add_argument(
        "--serve", action="append", default=[], metavar="=--OPTION", help="for `edge-runtime serve`, too"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="OUT")
    return parser.parse_args(given)


def main() -> int:
    """Run, print, write; 1 where something did not hold."""
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(2))  # so that the server and powerd do not stay behind
    report = soak(args)
    text = json.dumps(report, indent=1)
    print(text)
    if args.json is not None:
        args.json.write_text(f"{text}\n", encoding="utf-8")
    return int(bool(report["failures"]))


if __name__ == "__main__":
    sys.exit(main())
