"""What is known of boards: costs of a few anchor designs measured on each, or specifications from a file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

NOISE = 1e-3  # of a log cost, squared: two designs closer than that tell boards apart no better than one


@dataclass(frozen=True, slots=True)
class BoardFeatures:
    """Of k boards."""

    features: FloatArray  # (k, features), about 0
    log_scale: FloatArray  # (k,): ln of the cost that counts as 1 there; NaN: not known


def features_from_anchors(costs: FloatArray) -> BoardFeatures:
    """From costs of the same anchor designs on each board, (boards, anchors): the logs less their mean.

    A board twice as fast for every design has the same features and another scale.
    """
    if costs.ndim != 2 or not ((costs > 0) & (costs < np.inf)).all():
        raise DataError(
            f"anchors need finite costs above 0, (boards, anchors), got {costs.shape}", to_do="measure every anchor"
        )
    log_costs = np.log(costs)
    log_scale = log_costs.mean(axis=1)
    return BoardFeatures(log_costs - log_scale[:, None], log_scale)


def features_from_specifications(known: FloatArray, new: FloatArray) -> tuple[BoardFeatures, BoardFeatures]:
    """From numbers such as peak operations or bytes a second, (boards, numbers): logs, standardised over known boards.

    Such features say nothing about a board's scale: its costs are predicted in units of a mean anchor only.
    """
    both = np.concatenate([known, new])
    if not ((both > 0) & (both < np.inf)).all():
        raise DataError("a specification is not above 0", to_do="give finite numbers above 0; leave others out")
    logs = np.log(known)
    spread = logs.std(axis=0)
    varies = spread > 0
    if not varies.any():
        raise DataError("the known boards have the same specifications", to_do="give numbers in which boards differ")
    first, second = (
        BoardFeatures((np.log(one)[:, varies] - logs.mean(axis=0)[varies]) / spread[varies], np.full(len(one), np.nan))
        for one in (known, new)
    )
    return first, second


def telling_designs(log_costs: FloatArray, among: IntArray, count: int, chosen: tuple[int, ...] = ()) -> list[int]:
    """Anchors that together say most about the others: greedily the one that leaves least variance over `among`.

    Args:
        log_costs: (boards, n); boards are taken as samples of a Gaussian over designs.
        among: places of the designs to choose from and to tell about.
        chosen: places that are anchors already.
    """
    centred = log_costs - log_costs.mean(axis=1, keepdims=True)
    centred = centred - centred.mean(axis=0)
    boards = len(centred)
    posterior: FloatArray = np.eye(boards) / boards  # over the boards' share in a new one
    columns = centred[:, among]
    spread = columns @ columns.T  # (boards, boards)
    for one in chosen:
        posterior = _after(posterior, centred[:, one])
    found: list[int] = []
    for _ in range(min(count, len(among))):
        said = posterior @ columns
        # Per design the squared covariances with all others, summed: said' (C C') said, never (designs, designs).
        told = (said * (spread @ said)).sum(axis=0)
        gain = told / ((columns * said).sum(axis=0) + NOISE)
        gain[np.isin(among, [*chosen, *found])] = -np.inf
        best = int(gain.argmax())
        found.append(int(among[best]))
        posterior = _after(posterior, columns[:, best])
    return found


def _after(posterior: FloatArray, column: FloatArray) -> FloatArray:
    said = posterior @ column
    after: FloatArray = posterior - np.outer(said, said) / (float(column @ said) + NOISE)
    return after
