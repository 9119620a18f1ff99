"""What exit policies of trained networks save and lose on new images: the product's own choice on random resplits.

    python -m tests.bench.bench_user_exits RUN [--splits 20] [--seed 0] [--score margin] --json OUT
    python -m tests.bench.bench_user_exits --logits SMALL.npz [LARGE.npz ...] --json OUT

RUN is a run folder of `codesign compile --model …`; answers are asked once and kept beside OUT. Its calibration and
test images, none of them seen in training, are pooled and split at random: half of the calibration images choose
(`select`), the other half certify, as many as are in `test` judge. With `--also-all`, a second arm chooses on both
halves and certifies nothing. Energy is multiply-accumulates, and what is saved and lost counts against the largest
network; where the run was one with `--finetune`, what is lost counts against that network as it was brought, and harm
against the fine-tuned one. Harm that a certificate allows is 1 %, with 90 % confidence.
"""

from __future__ import annotations

import argparse
import json
import platform
import shlex
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from codesign.policy.averaging import averaged_log
from codesign.policy.exit_log import ExitLog
from codesign.policy.replay import replay
from codesign.policy.requirement import Requirement
from codesign.search.chain_solver import ChainSolver
from codesign.search.choose import ChosenDesign
from codesign.search.inner_grid import InnerLimits
from codesign.search.ledger import ChainResult
from codesign.search.polish import Polisher
from codesign.space.preset import load_preset
from codesign.walk.certify_step import AIMED_SHARE, certificate_of
from codesign.walk.choose_step import DEFAULT_MODE, laxer_modes, requirement
from codesign.walk.search_step import Finalist
from codesign.walk.user_models import solve_chains
from runtime.contract.arrays import IntArray
from runtime.contract.exit_score import ENTROPY, SCORES

from .mac_pricing import mac_pricing
from .pooled_answers import PooledAnswers, answers_in, answers_of_run, checked

LOSSES = (0.0, 0.0025, 0.005, 0.0075, 0.01)
STANDARD_ERRORS = (0.0, 1.0, 2.0)
MODE_LOSS = 0.01  # what `compile` allows its default mode unless told otherwise
EPSILON, DELTA = 0.01, 0.1


@dataclass(frozen=True, slots=True)
class Judge:
    """Some designs' figures on images that chose nothing."""

    networks: Sequence[PooledAnswers]
    solver: ChainSolver
    brought: PooledAnswers | None = None  # the largest network before it was fine-tuned, where it was

    def log(self, chosen: ChosenDesign, images: IntArray) -> ExitLog:
        """What the stages of a design answer on some of the images."""
        logits = np.concatenate([self.networks[record.genome[0]].logits[:, images] for record in chosen.chain])
        reference = self.networks[-1]
        design, score = chosen.design, chosen.policy.score
        log = averaged_log(logits, reference.labels[images], design.mask, chosen.averaging, score)
        return replace(log, full=reference.logits[-1][images].argmax(axis=1))

    def figures(self, chosen: ChosenDesign | None, images: IntArray) -> dict[str, float]:
        """Saved, lost and harmed, against the largest network; all naught where nothing was chosen."""
        if chosen is None:
            return {"saved": 0.0, "lost": 0.0, "harm": 0.0, "exits": 0.0}
        reference = self.networks[-1]
        before = self.brought or reference
        reference_right = before.logits[-1][images].argmax(axis=1) == before.labels[images]
        outcome = replay(self.log(chosen, images), chosen.design.mask, chosen.policy)
        macs = np.cumsum(self.solver.pricing.exited(chosen.chain).stage_macs(chosen.design.mask))
        return {
            "saved": 1.0 - float(outcome.exit_shares @ macs) / reference.macs,
            "lost": float(reference_right.mean()) - outcome.accuracy,
            "harm": outcome.harm,
            "exits": float(chosen.policy.stages - 1),
        }


def one_split(
    networks: Sequence[PooledAnswers],
    solver: ChainSolver,
    select: IntArray,
    certify: IntArray | None,
    judged: IntArray,
    brought: PooledAnswers | None = None,
    score: str = ENTROPY,
) -> dict[str, dict[str, float]]:
    """Every rule's figures on one split, by its name; certified only where there are images for it."""
    records = [network.record(number, select, score) for number, network in enumerate(networks)]
    logits = [network.logits[:, select] for network in networks]
    no_graph = cast(Any, None)  # everything was asked beforehand
    results = solve_chains([Finalist(r, no_graph, told) for r, told in zip(records, logits, strict=True)], solver)
    polisher = Polisher(solver, lambda record: logits[record.genome[0]], reference=records[-1])
    judge = Judge(networks, solver, brought)
    reference_right = records[-1].log.correct[-1]
    rows = {}
    for loss in LOSSES:
        for errors in STANDARD_ERRORS:
            chosen = polisher.best(results, [Requirement(reference_right, loss, errors)])
            rows[f"loss {100 * loss:g} points, {errors:g} standard errors"] = judge.figures(chosen, judged)
    # As `compile` asks for its default mode: the margin that knows small samples, and what laxer modes ask.
    wanted = [requirement(reference_right, MODE_LOSS, mode) for mode in laxer_modes(DEFAULT_MODE)]
    rows[DEFAULT_MODE] = judge.figures(polisher.best(results, wanted), judged)
    if certify is not None:
        rows["certified"] = judge.figures(_certified(polisher, results, judge, certify), judged)
    return rows


def _certified(
    polisher: Polisher, results: Sequence[ChainResult], judge: Judge, certify: IntArray
) -> ChosenDesign | None:
    reference_right = results[-1].chain[-1].log.correct[-1]
    start = polisher.least_harmful(results, reference_right, AIMED_SHARE * EPSILON)
    if start is None or start.policy.stages == 1:
        return None
    classes = judge.networks[-1].logits.shape[2]
    return replace(start, policy=certificate_of(start, judge.log(start, certify), classes, EPSILON, DELTA).policy)


def summary_of(rows: Sequence[dict[str, float]], allowed: float | None) -> dict[str, dict[str, float]]:
    """Mean and spread of every figure over the splits; with `allowed`, the share of splits that lost more."""
    found = {}
    for name in rows[0]:
        values = np.asarray([row[name] for row in rows])
        found[name] = {"mean": float(values.mean()), "std": float(values.std(ddof=1)) if len(values) > 1 else 0.0}
    if allowed is not None:
        over = np.asarray([row["lost"] > allowed for row in rows])
        found["over"] = {"mean": float(over.mean()), "std": float(over.std())}
    return found


def frontier(table: dict[str, dict[str, dict[str, float]]]) -> dict[str, float]:
    """The most that any rule saves while it loses, in the mean over splits, at most so many points."""
    tuned = [found for name, found in table.items() if name != "certified"]
    best = {}
    for points in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0):
        saved = [found["saved"]["mean"] for found in tuned if found["lost"]["mean"] <= points / 100 + 1e-12]
        best[f"{points:g}"] = max(saved, default=0.0)
    return best


def measured(
    networks: Sequence[PooledAnswers],
    solver: ChainSolver,
    splits: int,
    seed: int,
    judged: int,
    *,
    whole: bool,
    brought: PooledAnswers | None = None,
    score: str = ENTROPY,
) -> dict[str, Any]:
    """One arm: rules on `splits` resplits; chosen on half of what is not judged, or, with `whole`, on all of it."""
    samples = networks[-1].labels.size
    half = (samples - judged) // 2
    rows = []
    for number in range(splits):
        order = np.random.default_rng([seed, number]).permutation(samples)
        rest = order[: samples - judged]
        select, certify = (rest, None) if whole else (rest[:half], rest[half:])
        rows.append(one_split(networks, solver, select, certify, order[samples - judged :], brought, score))
    allowed = {
        f"loss {100 * loss:g} points, {errors:g} standard errors": loss for loss in LOSSES for errors in STANDARD_ERRORS
    } | {DEFAULT_MODE: MODE_LOSS}
    table = {name: summary_of([row[name] for row in rows], allowed.get(name)) for name in rows[0]}
    if "certified" in table:
        violated = np.asarray([row["certified"]["harm"] > EPSILON for row in rows])
        table["certified"]["violated"] = {"mean": float(violated.mean()), "std": float(violated.std())}
    return {"select": int(rest.size if whole else half), "judged": judged, "rules": table, "frontier": frontier(table)}


def shown(title: str, arm: dict[str, Any]) -> str:
    """An arm as lines for people, in per cent and points."""
    lines = [f"{title}: chosen on {arm['select']:,}, judged on {arm['judged']:,}"]
    for name, found in arm["rules"].items():
        spread = {key: f"{100 * v['mean']:6.2f} ± {100 * v['std']:4.2f}" for key, v in found.items()}
        last = {key: f", {key} {100 * found[key]['mean']:.0f} %" for key in ("over", "violated") if key in found}
        lines.append(
            f"  {name:38} saved {spread['saved']} %  lost {spread['lost']}  harm {spread['harm']}"
            f"  exits {found['exits']['mean']:.1f}{''.join(last.values())}"
        )
    best = ", ".join(f"{100 * saved:.1f} % at ≤ {points}" for points, saved in arm["frontier"].items())
    return "\n".join([*lines, f"  frontier, points lost in the mean: {best}"])


def main() -> None:
    """Print the tables of every arm, and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--logits", type=Path, nargs="+")
    parser.add_argument("--brought", type=Path, help="with --logits: the largest network before it was fine-tuned")
    parser.add_argument("--splits", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--judged", type=int, default=3000)
    parser.add_argument("--score", default=ENTROPY, choices=tuple(SCORES))
    parser.add_argument("--also-all", action="store_true", help="a second arm chooses on all calibration images")
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    if (args.run is None) == (args.logits is None):
        parser.error("give either a run folder or --logits")
    if args.run:
        found, brought = answers_of_run(args.run, args.json.parent)
    else:
        found = [answers_in(file) for file in args.logits]
        brought = answers_in(args.brought) if args.brought else None
    networks = checked(found)
    checked([networks[-1], brought or networks[-1]])
    budget = load_preset("tiny").search
    whole_networks = [network.without_exits() for network in networks]
    designs = {"with exits": networks} | ({"whole networks": whole_networks} if len(networks) > 1 else {})
    arms = {}
    started = time.monotonic()
    for design, pool in designs.items():
        # Prices are kept by a network's number, and without its exits it has others.
        solver = ChainSolver(mac_pricing(), InnerLimits(budget.max_exits), budget.threshold_levels)
        for whole in (False, True)[: 1 + args.also_all]:
            name = f"{design}, {'all calibration images' if whole else 'half for the certificate'}"
            arms[name] = measured(
                pool, solver, args.splits, args.seed, args.judged, whole=whole, brought=brought, score=args.score
            )
            print(shown(name, arms[name]), flush=True)
    summary = {
        "networks": {network.name: {"macs": network.macs, "exits": len(network.head_macs)} for network in networks},
        "full_accuracy": networks[-1].full_accuracy,
        "full_accuracy_before": (brought or networks[-1]).full_accuracy,
        "splits": args.splits,
        "seed": args.seed,
        "score": args.score,
        "command": shlex.join(["python", "-m", "tests.bench.bench_user_exits", *sys.argv[1:]]),
        "epsilon": EPSILON,
        "delta": DELTA,
        "kind": "measured",
        "energy": "multiply-accumulates",
        "machine": f"{platform.system()} {platform.machine()}",
        "took_s": round(time.monotonic() - started),
        "arms": arms,
    }
    args.json.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
