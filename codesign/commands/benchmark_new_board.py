"""Take each board of a cost table in turn as new, and judge two ways to a design for it without a predictor of its own.

Proxy: the most accurate design under a latency limit, by bisection on a weighted sum of accuracy and another board's
latencies, with at most ten measurements on the new board (Lu et al., Algorithm 1); judged by the accuracy lost against
the best design in the table. `random proxy` has one other board, drawn at random, `matched proxy` all of them;
`Algorithm 1` spends nothing on designs that no weighted sum selects.
Learnt: networks trained on the other boards answer argmin -accuracy + λ latency / scale, the scale being the
geometric mean of sixteen anchor designs measured on the new board (Algorithm 2); judged by regret in units of what the
best of 100 random designs has, beside taking the optimum of the training board with the most similar anchors.

The table needs accuracies, which are taken as known for all designs, and three boards or more.
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codesign.commands.benchmark_new_board_table import print_table
from codesign.commands.output_files import check_output_files
from codesign.walk.progress import Steps
from runtime.contract.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codesign.predict.new_board.learnt_trials import LearntTrial
    from codesign.predict.new_board.proxy_trials import ProxyTrial


def add_arguments(parser: ArgumentParser) -> None:
    """What the benchmark takes."""
    parser.add_argument("--table", required=True, type=Path, metavar="T.npz", help="cost table with accuracies")
    parser.add_argument("--target", metavar="DEVICE", help="the board to hold out (default: each in turn)")
    parser.add_argument("--seeds", type=int, default=1, metavar="K", help="repeats with other draws (default: 1)")
    parser.add_argument(
        "--method", choices=("proxy", "learnt", "both"), default="both", help="which way to judge (default: both)"
    )
    parser.add_argument(
        "--initial", type=int, default=2000, metavar="N", help="designs labelled before exploration (default: 2000)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the result there")


def run(args: Namespace) -> int:
    """Judge, print; 0 when done."""
    if args.seeds < 1:
        raise ConfigError(f"{args.seeds} repeats say nothing", where="--seeds", to_do="give 1 or more")
    if args.initial < 50:
        raise ConfigError(f"{args.initial} designs teach nothing", where="--initial", to_do="give 50 or more")
    check_output_files(args.json)
    # Imported here, since these bring scipy, for which `--help` need not wait.
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from codesign.predict.costs.cost_table import read_cost_table
    from codesign.predict.new_board.judged_table import usable_designs
    from codesign.predict.new_board.learnt_trials import learnt_trials
    from codesign.predict.new_board.proxy_trials import proxy_trials

    whole = read_cost_table(args.table)
    table = usable_designs(whole)
    boards = range(len(table.device_names)) if args.target is None else [whole.device(args.target)]
    turns = [(board, seed) for seed in range(args.seeds) for board in boards]
    steps = Steps()
    by_proxy: list[ProxyTrial] = []
    learnt: list[LearntTrial] = []
    # One thread: the matrices are small, and threads that wait for a busy core make this far slower.
    with threadpool_limits(1):
        if args.method != "learnt":
            with steps.step("proxy", "proxy and bisection") as tick:
                for done, (board, seed) in enumerate(turns):
                    tick(done, len(turns), table.device_names[board])
                    by_proxy += proxy_trials(table, board, seed)
        if args.method != "proxy":
            with steps.step("learnt", "learning to optimise") as tick:
                for done, (board, seed) in enumerate(turns):
                    tick(done, len(turns), table.device_names[board])
                    learnt += learnt_trials(table, board, seed, initial=args.initial)
    result = as_json(by_proxy, learnt) | {
        "table": args.table.name,
        "boards": [table.device_names[board] for board in boards],
        "designs": len(table.designs),
        "seeds": args.seeds,
        "kind": "chosen by predictions from other boards, judged on the costs in the table",
    }
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print_table(result)
    return 0


def as_json(by_proxy: Sequence[ProxyTrial], learnt: Sequence[LearntTrial]) -> dict[str, Any]:
    """Summaries over all trials, over each board, and every trial."""
    from dataclasses import asdict

    result: dict[str, Any] = {}
    if by_proxy:
        variants = list(dict.fromkeys(one.variant for one in by_proxy))
        result["proxy"] = {
            variant: _of_proxy([one for one in by_proxy if one.variant == variant]) for variant in variants
        }
        result["proxy_trials"] = [asdict(one) for one in by_proxy]
    if learnt:
        result["learnt"] = _of_learnt(learnt)
        for key, attribute in (("learnt_by_board", "board"), ("learnt_by_weight", "weight")):
            groups = dict.fromkeys(getattr(one, attribute) for one in learnt)
            result[key] = {
                str(group): _of_learnt([one for one in learnt if getattr(one, attribute) == group]) for group in groups
            }
        result["learnt_trials"] = [asdict(one) for one in learnt]
    return result


def _of_proxy(trials: Sequence[ProxyTrial]) -> dict[str, Any]:
    lost = [one.accuracy_lost for one in trials if one.accuracy_lost is not None]
    measurements = [one.measurements for one in trials if one.measurements is not None]
    return {
        "accuracy_lost": _spread(lost),
        "measurements": _spread([float(count) for count in measurements]),
        "warned": sum(one.warned for one in trials) / len(trials),
        "own_predictor": sum(one.own_predictor for one in trials) / len(trials),
        "infeasible": len(trials) - len(lost),
        "trials": len(trials),
    }


def _of_learnt(trials: Sequence[LearntTrial]) -> dict[str, Any]:
    return {
        "regret": _spread([one.regret for one in trials]),
        "nearest_regret": _spread([one.nearest_regret for one in trials]),
        "answer_s": _spread([one.answer_s for one in trials]),
        "answer_cpu_s": _spread([one.answer_cpu_s for one in trials]),
        "learn_s": _spread([one.learn_s for one in trials]),
        "trials": len(trials),
    }


def _spread(values: Sequence[float]) -> dict[str, float | None]:
    import numpy as np

    if not values:
        return {"median": None, "mean": None, "std": None, "p90": None, "max": None}
    return {
        "median": float(np.median(values)),
        "mean": float(np.mean(values)),
        "std": float(np.std(values)),
        "p90": float(np.quantile(values, 0.9)),
        "max": float(np.max(values)),
    }
