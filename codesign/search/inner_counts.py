"""How many samples get past any set of exits, for all sets at once: pattern counts and subset-sum transforms.

With thresholds fixed, a sample is an m-bit pattern: bit i says that it would leave at exit i. The samples that no exit
of a set S takes are those whose pattern lies in the complement of S; counting patterns and summing over subsets (the
zeta transform) gives that number U[S] for all 2^m sets in m · 2^m additions. One more transform per exit, over the
exits before it, counts who would leave there *and is right*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from codesign.policy.exit_log import ExitLog
from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ShapeError

from .exit_sets import ExitSets, FewExitSets, exit_sets
from .inner_bitsets import few_exit_counts

TABLE_ENTRIES = 1 << 22  # levels are taken together up to tables of this size


@dataclass(frozen=True, slots=True)
class LevelCounts:
    """Counts of one threshold level, for the masks asked for."""

    level: int
    changed: int  # bit i: exit i takes other samples than at the level before; at level 0 all bits
    passing: IntArray  # (sets,): samples that no exit of the set takes
    right: IntArray  # (masks,): samples that get a right answer under each mask


def masks_up_to(early: int, max_exits: int | None) -> IntArray:
    """The declared grid: every mask over `early` candidates with at most `max_exits` exits, rising, (masks,).

    Raises:
        ConfigError: more such sets than the solver can hold, or a negative number of exits.
    """
    if isinstance(sets := exit_sets(early, max_exits), FewExitSets):
        return sets.masks
    masks = np.arange(sets.size, dtype=np.int64)
    if max_exits is None or max_exits >= early:
        return masks
    exits = np.zeros(masks.size, dtype=np.int64)
    for bit in range(early):
        exits += masks >> bit & 1
    return masks[exits <= max_exits]


def level_counts(
    log: ExitLog, thresholds_nats: FloatArray, masks: IntArray, sets: ExitSets | None = None
) -> Iterator[LevelCounts]:
    """Counts for each level in turn.

    Args:
        log: (c, n) answers.
        thresholds_nats: (levels, c - 1).
        masks: (masks,), from `masks_up_to`.
        sets: what the tables of passing samples hold, the layout's; all sets unless given.
    Raises:
        ShapeError: thresholds of another number of exits than the log's, no level at all, or a threshold that is NaN.
    """
    early = log.candidates - 1
    if thresholds_nats.ndim != 2 or thresholds_nats.shape[1] != early or len(thresholds_nats) == 0:
        raise ShapeError(f"thresholds must be (levels, {early} early candidates), got shape {thresholds_nats.shape}")
    if np.isnan(thresholds_nats).any():
        raise ShapeError("a threshold is not a number", to_do="write -inf for an exit that nobody may take")
    correct = log.correct
    if isinstance(sets, FewExitSets):
        yield from _few_exit_levels(log.entropy_nats[:-1], correct, thresholds_nats, masks, sets)
        return
    before = [masks & ((1 << exit_index) - 1) for exit_index in range(early)]
    chosen = [np.flatnonzero(masks >> exit_index & 1) for exit_index in range(early)]
    together = max(1, TABLE_ENTRIES >> early)
    takes_before = np.full(early, -1)
    for start in range(0, len(thresholds_nats), together):
        some_nats = thresholds_nats[start : start + together]
        confident = log.entropy_nats[None, :-1] <= some_nats[:, :, None]  # (levels, early, samples)
        patterns = np.zeros((len(some_nats), log.samples), dtype=np.int64)
        right = np.zeros((len(some_nats), masks.size), dtype=np.int32)
        for exit_index in range(early):
            leaves_and_is_right = confident[:, exit_index] & correct[exit_index]
            table = _disjoint_counts(patterns, leaves_and_is_right, exit_index)
            right[:, chosen[exit_index]] += table[:, before[exit_index][chosen[exit_index]]]
            patterns |= confident[:, exit_index].astype(np.int64) << exit_index
        right += _disjoint_counts(patterns, np.broadcast_to(correct[-1], patterns.shape), early)[:, masks]
        passing = _disjoint_counts(patterns, np.ones(patterns.shape, dtype=np.bool_), early)
        for offset in range(len(some_nats)):
            takes = confident[offset].sum(axis=1)
            changed, takes_before = _changed(takes, takes_before), takes
            yield LevelCounts(start + offset, changed, passing[offset], right[offset])


def _few_exit_levels(
    entropy_nats: FloatArray, correct: BoolArray, thresholds_nats: FloatArray, masks: IntArray, sets: FewExitSets
) -> Iterator[LevelCounts]:
    *_, place = sets.places(masks)
    takes_before = np.full(len(entropy_nats), -1)
    for level, row_nats in enumerate(thresholds_nats):
        takes = entropy_nats <= row_nats[:, None]
        passing, right = few_exit_counts(sets, takes, correct)
        changed, takes_before = _changed(takes.sum(axis=1), takes_before), takes.sum(axis=1)
        yield LevelCounts(level, changed, passing, right[place])


def _changed(takes: IntArray, takes_before: IntArray) -> int:
    """Bits of the exits that take others than before: samples nest, so equal numbers are equal sets."""
    return sum(1 << int(exit_index) for exit_index in np.flatnonzero(takes != takes_before))


def _disjoint_counts(patterns: IntArray, counted: IntArray, bits: int) -> IntArray:
    """For every set of `bits` exits: how many counted samples have a pattern disjoint from it.

    Args:
        patterns: (levels, samples), each below 2^bits.
        counted: (levels, samples), bool.
    Returns:
        (levels, 2^bits) int32.
    """
    levels = len(patterns)
    keys = patterns + (np.arange(levels) << bits)[:, None]
    counts = np.bincount(keys[counted], minlength=levels << bits).astype(np.int32).reshape(levels, -1)
    for bit in range(bits):
        halves = counts.reshape(levels, -1, 2, 1 << bit)  # a view: [..., 0, :] without the bit, [..., 1, :] with it
        without = halves[:, :, 0].copy()
        halves[:, :, 0] += halves[:, :, 1]  # a set without this exit lets both kinds pass
        halves[:, :, 1] = without  # a set with it lets only those pass that would not leave there
    return counts
