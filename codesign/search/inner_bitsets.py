"""How many samples get past any set of few exits, and how many are answered rightly: samples as bits, sets as a tree.

A set's passers are its parent's (the set without its deepest exit) less those whom that exit takes: one AND per set
and word of 64 samples. No table of all sets is needed, so this reaches where the subset-sum transform does not: of 32
exits all 243,000 sets of at most five.
"""

from __future__ import annotations

import numpy as np

from runtime.contract.arrays import BoolArray, IntArray

from .exit_sets import FewExitSets

WORD_BITS = 64


def few_exit_counts(sets: FewExitSets, takes: BoolArray, correct: BoolArray) -> tuple[IntArray, IntArray]:
    """Samples that no exit of each set takes, and samples answered rightly under each set, both (sets.size,) int32.

    Args:
        takes: (early, samples), who would leave at each exit.
        correct: (early + 1, samples), whom each exit, and the end, is right about.
    """
    stays = packed(~takes)
    leaves_right, end_right = packed(takes & correct[:-1]), packed(correct[-1:])[0]
    everybody = packed(np.ones((1, takes.shape[1]), dtype=np.bool_))
    passers, left_right = everybody, np.zeros(1, dtype=np.int64)
    passing, right = [popcounts(passers)], [popcounts(passers & end_right)]
    for exits in range(1, sets.most + 1):
        fewer = sets.by_exits[exits - 1]
        some_passers, some_passing, some_left, some_right = [], [], [], []
        for bit in range(sets.early):
            parents = int(np.searchsorted(fewer, np.int64(1) << bit))
            before = passers[:parents]
            after = before & stays[bit]
            gained = left_right[:parents] + popcounts(before & leaves_right[bit])
            some_passing.append(popcounts(after))
            some_left.append(gained)
            some_right.append(gained + popcounts(after & end_right))
            if exits < sets.most:
                some_passers.append(after)
        passing.append(np.concatenate(some_passing))
        right.append(np.concatenate(some_right))
        if exits < sets.most:
            passers, left_right = np.concatenate(some_passers), np.concatenate(some_left)
    by_mask = np.argsort(np.concatenate(sets.by_exits), kind="stable")
    return (
        np.concatenate(passing)[by_mask].astype(np.int32),
        np.concatenate(right)[by_mask].astype(np.int32),
    )


def packed(flags: BoolArray) -> IntArray:
    """(rows, samples) as (rows, words) of 64 samples each, the last one filled with zeros."""
    octets = np.packbits(flags, axis=1)
    filled = np.pad(octets, ((0, 0), (0, -octets.shape[1] % (WORD_BITS // 8))))
    return np.ascontiguousarray(filled).view(np.uint64)


def popcounts(words: IntArray) -> IntArray:
    """Bits set in each row of (rows, words), (rows,)."""
    if hasattr(np, "bitwise_count"):
        return np.asarray(np.bitwise_count(words).sum(axis=1, dtype=np.int64))
    octets = np.ascontiguousarray(words).view(np.uint8)  # numpy 1
    return np.asarray(np.unpackbits(octets, axis=1).sum(axis=1, dtype=np.int64))
