"""What the governor saves over a day, against clocks that never move and against Linux's ondemand. Simulated.

    python -m tests.bench.bench_governor BUNDLE [BUNDLE ...] [--hours 24] [--seeds 5] [--json OUT]

BUNDLE is what `codesign compile` wrote for a Jetson. The load is a working day with bursts (assumed) whose peak keeps
the fastest clocks busy for `--peak` of the time. Air at 40 °C; once the stock heat sink of the board's profile, once a
sealed case that sheds heat worse (assumed). All policies see the same requests; the fixed points are some of those that
the bundle offers. Deadline: `--deadline-factor` times the worst latency at the fastest clocks.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from runtime.boards.profile import profile
from runtime.contract.bundle_files import bundle_folder, read_modes, read_promises
from runtime.contract.manifest import read_manifest
from runtime.governor.offers import Offers
from runtime.governor.rules import Rules
from runtime.governor.rules_of import rules_of

from .served_day import DAY_S, Day, Heat, Policy, daily_rates, fixed, governed, live_a_day, ondemand

AMBIENT_C, SEALED = 40.0, 3.5  # times the resistance of the stock heat sink


def bench(bundle: Path, hours: float, seeds: int, peak: float, deadline_factor: float, sealed: bool) -> dict[str, Any]:
    """Every policy on the same days; figures as lists over seeds."""
    folder = bundle_folder(bundle)
    manifest = read_manifest(folder)
    modes = read_modes(folder, manifest)
    promises = read_promises(folder, manifest, modes)
    board = profile(manifest.board)
    offers = Offers(modes, promises)
    prices = offers.prices({})
    normal = np.flatnonzero(offers.of_mode(manifest.default_mode))
    fastest = int(normal[np.argmin(prices.prefix_s[normal, -1])])
    deadline_s = deadline_factor * float(prices.prefix_s[fastest, -1])
    rules = rules_of(modes, manifest.default_mode, board, deadline_s)
    thermal = {parameter.name: parameter.values[0] for parameter in board.thermal}
    heat = Heat(
        AMBIENT_C,
        thermal["kelvin_per_w"] * (SEALED if sealed else 1.0),
        thermal["time_constant_s"],
        thermal["throttle_c"],
    )
    slowest_first = [int(k) for k in normal[np.argsort(-prices.latency_s[normal])]]
    peak_per_s = peak / float(prices.latency_s[fastest])
    found: dict[str, list[Day]] = {}
    for seed in range(seeds):
        rates = daily_rates(peak_per_s, hours / 24.0 * DAY_S, np.random.default_rng([seed, 1]))
        for name, policy in _policies(rules, offers, fastest, slowest_first).items():
            found.setdefault(name, []).append(live_a_day(rates, policy, offers, modes, rules, heat, seed))
    return {
        "bundle": manifest.bundle_id,
        "board": manifest.board,
        "device": manifest.device,
        "kind": "simulated",
        "deadline_s": deadline_s,
        "peak_requests_per_s": peak_per_s,
        "heat": asdict(heat),
        "policies": {name: _columns(days) for name, days in found.items()},
        "saving_over_fastest": [
            1.0 - ours.energy_j / theirs.energy_j
            for ours, theirs in zip(found["governor"], found["fixed: fastest"], strict=True)
        ],
    }


def _policies(rules: Rules, offers: Offers, fastest: int, slowest_first: list[int]) -> dict[str, Policy]:
    points = {f"fixed: {offers.offers[k].operating_point}": fixed(k) for k in slowest_first[1::2] if k != fastest}
    return {
        "governor": governed(rules, offers),
        "governor, never parking": governed(replace(rules, park=False), offers),
        "ondemand": ondemand(slowest_first),
        "fixed: fastest": fixed(fastest),
        **points,
    }


def _columns(days: list[Day]) -> dict[str, list[float]]:
    return {name: [asdict(day)[name] for day in days] for name in asdict(days[0])}


def main() -> None:
    """Print a table per bundle and heat sink."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundles", nargs="+", type=Path, metavar="BUNDLE")
    parser.add_argument("--hours", type=float, default=24.0, help="of the day, which is compressed to them")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--peak", type=float, default=0.6, help="busy share of the fastest clocks at the peak rate")
    parser.add_argument("--deadline-factor", type=float, default=6.0)
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    results = []
    for bundle in args.bundles:
        for sealed in (False, True):
            started = time.perf_counter()
            result = bench(bundle, args.hours, args.seeds, args.peak, args.deadline_factor, sealed)
            results.append(result)
            _print(result, sealed, time.perf_counter() - started)
            if args.json is not None:
                args.json.write_text(
                    json.dumps({"options": vars(args) | _plain(args), "results": results}, indent=1) + "\n"
                )


def _plain(args: argparse.Namespace) -> dict[str, Any]:
    return {"bundles": [str(path) for path in args.bundles], "json": None}


def _print(result: dict[str, Any], sealed: bool, took_s: float) -> None:
    case = "sealed case" if sealed else "stock heat sink"
    print(
        f"\n{result['board']} ({result['device']}), {case}, 40 °C: deadline {result['deadline_s'] * 1e3:.1f} ms, peak"
        f" {result['peak_requests_per_s']:.0f}/s, throttles at {result['heat']['throttle_c']:.0f} °C;"
        f" took {took_s:.0f} s"
    )
    print(f"{'policy':52}{'kJ':>9}{'late':>9}{'p99 ms':>9}{'°C':>7}{'switches':>10}{'parked':>8}{'shed':>8}")
    for name, day in result["policies"].items():
        print(
            f"{name:52}{np.mean(day['energy_j']) / 1e3:9.1f}{np.mean(day['late_share']):9.3%}"
            f"{np.mean(day['p99_s']) * 1e3:9.2f}{np.max(day['hottest_c']):7.1f}{np.mean(day['switches']):10.0f}"
            f"{np.mean(day['parked_share']):8.1%}{np.mean(day['shed_share']):8.2%}"
        )
    saving = result["saving_over_fastest"]
    print(f"saved over the fastest clocks: {np.mean(saving):.1%} ± {np.std(saving):.1%}")


if __name__ == "__main__":
    main()
