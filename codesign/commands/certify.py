"""Certify exit thresholds on anybody's logits: with confidence 1 - delta, at most a share epsilon of images is harmed.

Harmed: the full network (the last exit) gets the image right, the exit taken does not. Needs logits of images that
neither weights nor thresholds were fitted on. Without --select all exits share one threshold; with it, each has
its own, drawn on those other images. When nothing passes, the answer is full depth, and the exit status is 1.
"""

from __future__ import annotations

import json
import math
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

import numpy as np

from codesign.data.logits_file import ExitLogits, read_logits
from codesign.policy.certificate import DEFAULT_DELTA, DEFAULT_EPSILON, MIN_SAMPLES, Certificate, certify
from codesign.policy.exit_log import ExitLog
from codesign.policy.threshold_path import selected_path, shared_path
from runtime.contract.errors import DataError
from runtime.contract.exit_score import ENTROPY, SCORES, uncertainty_nats

NOTHING_PASSED = 1


def add_arguments(parser: ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument(
        "--logits",
        required=True,
        type=Path,
        metavar="FILE",
        help="NPZ: logits (exits, samples, classes), labels (samples,), optional cost (exits,)",
    )
    parser.add_argument(
        "--select", type=Path, metavar="FILE", help="such a file of other images: thresholds per exit are drawn on it"
    )
    parser.add_argument(
        "--epsilon", type=float, default=DEFAULT_EPSILON, metavar="E", help="share that may be harmed (default: 0.01)"
    )
    parser.add_argument("--delta", type=float, default=DEFAULT_DELTA, metavar="D", help="1 - confidence (default: 0.1)")
    parser.add_argument(
        "--score", default=ENTROPY, choices=tuple(SCORES), help="how unsure an exit is goes by this (default: entropy)"
    )
    parser.add_argument("--json", type=Path, metavar="OUT", help="write the result there")


def run(args: Namespace) -> int:
    """Certify; 0 where a policy that leaves early passed, 1 where only full depth is promised."""
    given = read_logits(args.logits)
    stages, samples, classes = given.logits.shape
    if stages < 2:
        raise DataError("one exit is no policy", where=str(args.logits), to_do="give the logits of every exit")
    log, mask = exit_log(given, args.score), (1 << (stages - 1)) - 1
    if args.select is None:
        policies = shared_path(stages, classes, score=args.score)
    else:
        other = read_logits(args.select)
        if (other.logits.shape[0], other.logits.shape[2]) != (stages, classes):
            raise DataError(
                f"{other.logits.shape[0]} exits and {other.logits.shape[2]} classes, but {stages} and {classes} in "
                f"{args.logits}",
                where=str(args.select),
                to_do="give logits of the same network",
            )
        policies = selected_path(exit_log(other, args.score), mask)
    found = certify(log, mask, policies, args.epsilon, args.delta)
    if samples < MIN_SAMPLES:
        print(f"codesign: only {samples} images; fewer than {MIN_SAMPLES} certify hardly anything", file=sys.stderr)
    result = as_json(found, given)
    if args.json is not None:
        args.json.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    print(found.sentence)
    print(f"accuracy {result['accuracy']:.2%} measured, full network {result['full_accuracy']:.2%}; ", end="")
    shares = " ".join(f"{share:.0%}" for share in found.replay.exit_shares)
    print(f"harm {found.replay.harm:.2%}; leave at each exit: {shares}")
    if result["cost"] is not None:
        print(f"cost {result['cost']:.4g} per image, full depth {result['full_cost']:.4g}")
    return 0 if found.passed else NOTHING_PASSED


def as_json(found: Certificate, given: ExitLogits) -> dict[str, Any]:
    """The result as documented: a threshold of null means that nobody leaves there."""
    cost = given.cost
    return {
        **found.to_json(),
        "score": found.policy.score,
        "thresholds": [None if math.isinf(t) and t < 0 else t for t in found.policy.thresholds_nats],
        "accuracy": found.replay.accuracy,
        "full_accuracy": float((given.logits[-1].argmax(axis=1) == given.labels).mean()),
        "exit_shares": found.replay.exit_shares.tolist(),
        "cost": None if cost is None else float(found.replay.exit_shares @ cost),
        "full_cost": None if cost is None else float(cost[-1]),
        "kind": "measured",
    }


def exit_log(given: ExitLogits, score: str = ENTROPY) -> ExitLog:
    """What the policy looks at: how unsure every exit is, and its answers."""
    unsure = np.stack([uncertainty_nats(score, exit_logits) for exit_logits in given.logits])
    return ExitLog(unsure, given.logits.argmax(axis=2), given.labels, score=score)
