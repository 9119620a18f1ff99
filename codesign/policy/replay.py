"""Replay a policy on cached answers, sample by sample: who leaves where, and who is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ShapeError
from runtime.contract.exit_policy import ExitPolicy

from .exit_log import ExitLog
from .selection import selected_candidates


@dataclass(frozen=True, slots=True)
class Replay:
    """What became of the samples of one log under one policy. Stages are the kept candidates in order."""

    exits_taken: IntArray  # (samples,), index of the stage at which each sample left
    exit_shares: FloatArray  # (stages,), sums to one
    leaver_accuracy: FloatArray  # (stages,), of those who left there; NaN where nobody did
    accuracy: float
    harm: float  # share of samples that the full network gets right and this policy wrong
    is_oracle: bool  # the labels chose the exits: an upper bound, reachable by no rule


def replay(log: ExitLog, mask: int, policy: ExitPolicy) -> Replay:
    """Apply the deployed rule to every sample.

    Args:
        log: all candidates.
        mask: the kept early candidates.
        policy: one threshold per kept early candidate.
    Raises:
        ShapeError: the policy has another number of stages than the mask, or goes by another score than the log.
        ConfigError: the mask names a candidate that the log does not have.
    """
    kept = selected_candidates(mask, log.candidates)
    if policy.score != log.score:
        raise ShapeError(f"a policy on {policy.score!r} cannot be replayed on a log of {log.score!r}")
    if policy.stages != kept.size:
        raise ShapeError(f"mask {mask:#b} makes {kept.size} stages, the policy speaks of {policy.stages}")
    return _outcome(log, kept, policy.exits_taken(log.entropy_nats[kept]), is_oracle=False)


def oracle_replay(log: ExitLog, mask: int) -> Replay:
    """Every sample leaves at the first kept exit that happens to be right, else at the last: an upper bound only.

    This is how HADAS (Table III) counts accuracy "with early exits"; it looks at the label, so no device can do it.

    Raises:
        ConfigError: the mask names a candidate that the log does not have.
    """
    kept = selected_candidates(mask, log.candidates)
    right = log.correct[kept]
    right[-1] = True  # whoever nobody gets right still ends at the last exit
    taken: IntArray = right.argmax(axis=0)
    return _outcome(log, kept, taken, is_oracle=True)


def _outcome(log: ExitLog, kept: IntArray, taken: IntArray, *, is_oracle: bool) -> Replay:
    right = log.correct[kept[taken], np.arange(log.samples)]
    leavers = np.bincount(taken, minlength=kept.size)
    right_leavers = np.bincount(taken[right], minlength=kept.size)
    leaver_accuracy = np.full(kept.size, np.nan)
    np.divide(right_leavers, leavers, out=leaver_accuracy, where=leavers > 0)
    return Replay(
        exits_taken=taken,
        exit_shares=leavers / log.samples,
        leaver_accuracy=leaver_accuracy,
        accuracy=int(right.sum()) / log.samples,
        harm=int((log.full_right & ~right).sum()) / log.samples,
        is_oracle=is_oracle,
    )
