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
# Odds and medians of boards that are unlike all known ones: so low that eleven public boards did not notice, but a
# table's sources may be of any kind, and what they say must not drown what the samples do. Assumed, not tuned.
ODDS_OF_NONE = 0.05
WHEN_NONE_LEADS: Mapping[str, float] = MappingProxyType({LAYERS: -1.0, COMBINATIONS: -1.5, ONE_HOT: -1.5, NOISE: -3.0})


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
    """All that the new board may be like.

    Known boards together lead with half of the odds, and one of them leads with the other half, each as likely as the
    others; with a single known board it leads. But for ODDS_OF_NONE: then only encodings speak, as with none known.
    """
    count = boards.alone.shape[1]
    encodings = _of_encodings(boards.basis)
    none = Hypothesis(encodings, _typical(encodings, WHEN_NONE_LEADS), np.log(ODDS_OF_NONE) if count else 0.0)
    if not count:
        return (none,)
    differences = (Group(DIFFERENCES, boards.differences),) if boards.differences.shape[1] else ()
    found = []
    half = np.log((1.0 - ODDS_OF_NONE) * (0.5 if count > 1 else 1.0))
    if count > 1:
        groups = (Group(LEADING, boards.mean), *differences, *encodings)
        found.append(Hypothesis(groups, _typical(groups, WHEN_BOARDS_AGREE), half))
    for board in range(count):
        groups = (Group(LEADING, boards.alone[:, board : board + 1]), *differences, *encodings)
        found.append(Hypothesis(groups, _typical(groups, WHEN_ONE_LEADS), half - np.log(count)))
    return (*found, none)


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
