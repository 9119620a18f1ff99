"""How often a certificate's promise is broken on other images, and how much of what it allows is used.

    python -m tests.bench.bench_certificate RUN [--splits 500] [--seed 0] --json OUT
    python -m tests.bench.bench_certificate --logits SMALL.npz [LARGE.npz ...] --json OUT

RUN and the NPZ files are those of `bench_user_exits`. Two walks: `shared`, one entropy for all exits of the largest
network, which looks at no data; and `scaled`, the product's own: a design chosen on 1,500 images, its thresholds shrunk
and stretched together (chosen anew on 20 draws of those images, multiply-accumulates as energy). Each is certified on
1,000 random images of the rest. A violation is harm above epsilon: on all of the rest, which stands for the world the
images are drawn from; and, noisier, on those of the rest that certified nothing.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, cast

import numpy as np

from codesign.policy.certificate import certify
from codesign.policy.exit_log import ExitLog
from codesign.policy.replay import replay
from codesign.policy.threshold_path import scaled_path, shared_path
from codesign.search.chain_solver import ChainSolver
from codesign.search.inner_grid import InnerLimits
from codesign.search.polish import Polisher
from codesign.space.preset import load_preset
from codesign.walk.certify_step import AIMED_SHARE
from codesign.walk.search_step import Finalist
from codesign.walk.user_models import solve_chains
from runtime.contract.arrays import IntArray
from runtime.contract.exit_policy import ExitPolicy

from .bench_user_exits import Judge
from .mac_pricing import mac_pricing
from .pooled_answers import PooledAnswers, answers_in, answers_of_run, checked

DELTAS, EPSILONS = (0.05, 0.1, 0.2), (0.005, 0.01, 0.02)
SELECTED, CERTIFIED, DRAWS = 1500, 1000, 20


@dataclass(frozen=True, slots=True)
class Walk:
    """Policies to be tested in order, and what the stages answer on the images that chose none of them."""

    log: ExitLog
    mask: int
    policies: tuple[ExitPolicy, ...]


def walks(networks: Sequence[PooledAnswers], epsilon: float, seed: int) -> Iterator[dict[str, Walk]]:
    """One of each kind per draw of the images that designs are chosen on."""
    budget = load_preset("tiny").search
    solver = ChainSolver(mac_pricing(), InnerLimits(budget.max_exits), budget.threshold_levels)
    classes = networks[-1].logits.shape[2]
    judge = Judge(networks, solver)
    for draw in range(DRAWS):
        order = np.random.default_rng([seed, draw]).permutation(networks[-1].labels.size)
        select, rest = order[:SELECTED], order[SELECTED:]
        records = [network.record(number, select) for number, network in enumerate(networks)]
        logits = [network.logits[:, select] for network in networks]
        no_graph = cast(Any, None)  # everything was asked beforehand
        results = solve_chains([Finalist(r, no_graph, told) for r, told in zip(records, logits, strict=True)], solver)
        polisher = Polisher(solver, lambda record, told=logits: told[record.genome[0]], reference=records[-1])  # type: ignore[misc]
        right = records[-1].log.correct[-1]
        start = polisher.least_harmful(results, right, AIMED_SHARE * epsilon)
        alone = networks[-1].record(len(networks) - 1, rest)
        found = {
            "shared": Walk(
                alone.log,
                (1 << (alone.log.candidates - 1)) - 1,
                shared_path(alone.log.candidates, classes),
            )
        }
        if start is not None and start.policy.stages > 1:
            found["scaled"] = Walk(judge.log(start, rest), start.design.mask, scaled_path(start.policy, classes))
        yield found


def one_certificate(walk: Walk, images: IntArray, epsilon: float, delta: float) -> tuple[float, float, bool]:
    """Harm of what is certified on some images: on all, on the others; and whether anything passed."""
    found = certify(walk.log.of_samples(images), walk.mask, walk.policies, epsilon, delta)
    others = np.ones(walk.log.samples, dtype=np.bool_)
    others[images] = False
    everywhere = replay(walk.log, walk.mask, found.policy).harm
    return everywhere, replay(walk.log.of_samples(others), walk.mask, found.policy).harm, found.passed


def measured(networks: Sequence[PooledAnswers], splits: int, seed: int) -> list[dict[str, Any]]:
    """A row per walk, epsilon and delta."""
    harms: dict[tuple[str, float, float], list[tuple[float, float, bool]]] = {}
    rng = np.random.default_rng([seed, 1])
    for epsilon in EPSILONS:
        for pair in walks(networks, epsilon, seed):
            for _ in range(-(-splits // DRAWS)):
                images = rng.permutation(networks[-1].labels.size - SELECTED)[:CERTIFIED]
                for (name, walk), delta in product(pair.items(), DELTAS):
                    found = one_certificate(walk, images, epsilon, delta)
                    harms.setdefault((name, epsilon, delta), []).append(found)
    return [row_of(*key, found) for key, found in harms.items()]


def row_of(name: str, epsilon: float, delta: float, found: Sequence[tuple[float, float, bool]]) -> dict[str, Any]:
    """What came of the splits, beside what was promised."""
    everywhere, others, passed = (np.asarray(column) for column in zip(*found, strict=True))
    return {
        "walk": name,
        "epsilon": epsilon,
        "delta": delta,
        "splits": len(found),
        "passed": float(passed.mean()),
        "violated": float((everywhere > epsilon).mean()),
        "violated_on_others": float((others > epsilon).mean()),
        "allowed": delta + 2 * float(np.sqrt(delta * (1 - delta) / len(found))),
        "mean_harm": float(everywhere.mean()),
        "mean_harm_on_others": float(others.mean()),
    }


def main() -> None:
    """Print and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path, nargs="?")
    parser.add_argument("--logits", type=Path, nargs="+")
    parser.add_argument("--splits", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, required=True)
    args = parser.parse_args()
    if (args.run is None) == (args.logits is None):
        parser.error("give either a run folder or --logits")
    found = answers_of_run(args.run, args.json.parent) if args.run else [answers_in(file) for file in args.logits]
    networks = checked(found)
    rows = measured(networks, args.splits, args.seed)
    for row in rows:
        print(
            f"{row['walk']:6}  epsilon {row['epsilon']:.3f}  delta {row['delta']:.2f}  violated {row['violated']:.3f} "
            f"(others {row['violated_on_others']:.3f}, allowed {row['allowed']:.3f})  mean harm "
            f"{row['mean_harm']:.4f} = {row['mean_harm'] / row['epsilon']:.2f} epsilon  passed {row['passed']:.2f}"
        )
    summary = {
        "networks": [network.name for network in networks],
        "images": {"select": SELECTED, "certify": CERTIFIED, "all": int(networks[-1].labels.size)},
        "kind": "measured",
        "machine": f"{platform.system()} {platform.machine()}",
        "rows": rows,
    }
    args.json.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
