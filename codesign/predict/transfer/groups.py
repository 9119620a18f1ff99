"""The groups of features that a new board's ln cost may follow, each with how far it is expected to.

These are: what known boards agree on, how they differ, the shapes of layers, counts of blocks per stage, and
single genes. A group is a linear kernel: its columns' weights are independent and of one variance, in units of the
variance of the target's own ln costs, and each group has mean square 1 over the reference designs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from runtime.contract.arrays import FloatArray

from .basis import COMBINATIONS, CONSTANT, LAYERS, ONE_HOT, Basis
from .known_boards import KnownBoards

LEADING, DIFFERENCES, NOISE = "leading", "differences", "noise"
OF_ENCODINGS = (LAYERS, COMBINATIONS, ONE_HOT)

# Assumed, as medians: ln of a group's variance in the target's ln cost. Chosen on about half of the boards of three
# public tables (see tests/bench/bench_transfer.py), where changes by 1 moved mean rank correlations by under 0.001.
WHEN_BOARDS_AGREE: Mapping[str, float] = MappingProxyType(
    {LEADING: 0.5, DIFFERENCES: -2.0, LAYERS: -2.8, COMBINATIONS: -4.5, ONE_HOT: -5.5, NOISE: -3.0}
)
WHEN_ONE_LEADS: Mapping[str, float] = MappingProxyType(
    {LEADING: 0.5, DIFFERENCES: -4.5, LAYERS: -4.5, COMBINATIONS: -6.5, ONE_HOT: -7.5, NOISE: -3.0}
)


@dataclass(frozen=True, slots=True, eq=False)  # hypotheses share groups: the same one has the same kernel
class Group:
    """A linear kernel: designs with coordinates a and b have covariance a · b, times the group's variance."""

    name: str
    loadings: FloatArray  # (columns of the basis, coordinates)


@dataclass(frozen=True, slots=True, eq=False)
class Hypothesis:
    """What the new board may be like: the groups in play, and what is expected of each before anything is measured."""

    groups: tuple[Group, ...]
    typical: FloatArray  # (groups + 1,): ln variance of each, the noise last
    log_odds: float


def hypotheses(boards: KnownBoards) -> tuple[Hypothesis, ...]:
    """Half of the odds: known boards together lead; the other half: one of them does, each as likely as the others.

    With one known board it leads; with none, only encodings speak.
    """
    count = boards.alone.shape[1]
    encodings = _of_encodings(boards.basis)
    differences = (Group(DIFFERENCES, boards.differences),) if boards.differences.shape[1] else ()
    found = []
    if count != 1:
        together = (Group(LEADING, boards.mean),) if count else ()
        groups = (*together, *differences, *encodings)
        found.append(Hypothesis(groups, _typical(groups, WHEN_BOARDS_AGREE), np.log(0.5) if count else 0.0))
    for board in range(count):
        groups = (Group(LEADING, boards.alone[:, board : board + 1]), *differences, *encodings)
        log_odds = -np.log(count) + (np.log(0.5) if count > 1 else 0.0)
        found.append(Hypothesis(groups, _typical(groups, WHEN_ONE_LEADS), log_odds))
    return tuple(found)


def constant_loading(basis: Basis) -> FloatArray:
    """(columns, 1): the level of all costs."""
    loading = np.zeros((len(basis.scale), 1))
    loading[basis.parts[CONSTANT]] = 1.0
    return loading


def _of_encodings(basis: Basis) -> tuple[Group, ...]:
    found = []
    for name in OF_ENCODINGS:
        if name in basis.parts:
            columns = np.arange(len(basis.scale))[basis.parts[name]]
            columns = columns[basis.scale[columns] > 0]
            loadings = np.zeros((len(basis.scale), len(columns)))
            loadings[columns, np.arange(len(columns))] = 1.0 / np.sqrt(len(columns))
            found.append(Group(name, loadings))
    return tuple(found)


def _typical(groups: tuple[Group, ...], medians: Mapping[str, float]) -> FloatArray:
    return np.array([medians[group.name] for group in groups] + [medians[NOISE]])
