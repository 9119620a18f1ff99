"""One dial for all thresholds: at level q every exit opens as far as its own precision still reaches q."""

from __future__ import annotations

from typing import Literal

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray
from runtime.contract.errors import ConfigError

from .exit_log import ExitLog

Criterion = Literal["label", "harmless"]


def precision_levels(log: ExitLog, levels: int = 30, criterion: Criterion = "label") -> FloatArray:
    """The levels q themselves, from lenient to strict, (levels,), strictly rising to 1.0 where the log allows.

    The tolerated error 1 - q falls geometrically from that of the worst exit used on everybody, below which nothing
    changes any more, to one sample in the log; the last level tolerates none. Even steps in q would spend nearly all
    levels where no useful policy lies.

    Raises:
        ConfigError: fewer than two levels.
    """
    if levels < 2:
        raise ConfigError(f"threshold levels must be at least 2 (lenient and strict), got {levels}")
    good = _good(log, criterion)[:-1]
    most_lenient = float(good.mean(axis=1).min()) if len(good) else 0.0
    finest_error = 1.0 / log.samples
    errors = np.geomspace(max(1.0 - most_lenient, finest_error), finest_error, levels - 1)
    precisions = np.append(1.0 - errors, 1.0)
    precisions[0] = min(most_lenient, precisions[0])  # 1 - (1 - x) may exceed x by a rounding error
    return precisions


def threshold_levels(log: ExitLog, levels: int = 30, criterion: Criterion = "label") -> FloatArray:
    """Thresholds of every early candidate at every level, (levels, candidates - 1), in nats.

    At level q an exit's threshold is the largest entropy on the log at which the samples no more uncertain than that
    are good in at least a share q of cases; minus infinity, never leave, where no entropy will do. Samples of equal
    entropy leave together. Thresholds never rise from one level to the next.

    Args:
        log: of the split on which thresholds are selected.
        levels: how many.
        criterion: a sample is good at an exit where its answer is the "label"; or, "harmless", where leaving does no
            harm: the answer is the label, or the full network's answer is not either.
    Raises:
        ConfigError: fewer than two levels.
    """
    precisions = precision_levels(log, levels, criterion)
    good = _good(log, criterion)
    thresholds = np.empty((levels, log.candidates - 1))
    for exit_index in range(log.candidates - 1):
        thresholds[:, exit_index] = _thresholds_of_one_exit(log.entropy_nats[exit_index], good[exit_index], precisions)
    return thresholds


def _good(log: ExitLog, criterion: Criterion) -> BoolArray:
    right = log.correct
    return right if criterion == "label" else right | ~log.full_right


def _thresholds_of_one_exit(entropy_nats: FloatArray, good: BoolArray, precisions: FloatArray) -> FloatArray:
    comparable = ~np.isnan(entropy_nats)  # a NaN never leaves, so it counts for no precision
    order = np.argsort(entropy_nats[comparable], kind="stable")
    sorted_nats = entropy_nats[comparable][order]
    good_so_far = np.cumsum(good[comparable][order])
    last_of_tie = np.flatnonzero(np.append(sorted_nats[1:] != sorted_nats[:-1], True)[: sorted_nats.size])
    values = np.append(sorted_nats[last_of_tie].astype(np.float64), -np.inf)  # index -1: never leave
    precision = good_so_far[last_of_tie] / (last_of_tie + 1.0)
    # The best precision from each entropy upwards falls, so the largest entropy with precision >= q can be searched.
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    deepest = np.searchsorted(-best_from_here, -precisions, side="right") - 1
    thresholds: FloatArray = values[deepest]
    return thresholds
