"""Cut labelled samples into parts that are disjoint, exhaustive and stratified by class."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from runtime.contract.arrays import IntArray
from runtime.contract.errors import ConfigError, DataError


def quotas(count: int, shares: Sequence[float]) -> tuple[int, ...]:
    """Divide `count` samples by `shares`, each part at least one, the rest by largest remainder.

    Where no part is lifted to its minimum of one, every part is less than one sample away from its exact share.
    Equal remainders favour the earlier part. Needs count >= len(shares).
    """
    exact = np.asarray(shares, dtype=np.float64) / sum(shares) * count
    parts = np.maximum(np.floor(exact + 1e-9).astype(np.int64), 1)
    while parts.sum() > count:  # minimums took more than there is: the most generously served part gives
        surplus = np.where(parts > 1, parts - exact, -np.inf)
        parts[int(surplus.argmax())] -= 1
    while parts.sum() < count:
        parts[int((exact - parts).round(9).argmax())] += 1
    return tuple(int(part) for part in parts)


def stratified(
    labels: IntArray,
    shares: Sequence[float],
    seed: int,
    *,
    groups: IntArray | None = None,
    classes: Sequence[str] | None = None,
    where: str | None = None,
) -> tuple[IntArray, ...]:
    """Indices of each part. Every sample is in exactly one; each class is divided by `shares` as `quotas` does.

    Args:
        labels: (n,) integers.
        shares: one positive weight per part; only their ratios count.
        seed: the same seed gives the same parts.
        groups: (n,) integers; samples of one group go to the same part. A group counts once, as its first sample, so
            classes are then divided by groups and only roughly by samples.
        classes, where: names of the classes and of the data, for the error message.
    Returns:
        One sorted (n_part,) int64 array per share.
    Raises:
        ConfigError: fewer than two shares, or one that is not above zero.
        DataError: a class with fewer samples (or groups) than parts.
    """
    if len(shares) < 2 or not all(share > 0 for share in shares):
        raise ConfigError(f"a split needs two or more shares above zero, got {tuple(shares)}")
    random = np.random.default_rng(seed)
    groups = np.arange(len(labels)) if groups is None else groups
    _, firsts, members = np.unique(groups, return_index=True, return_inverse=True)
    part_of_group = np.empty(len(firsts), dtype=np.int64)
    for label in np.unique(labels):
        own = np.flatnonzero(labels[firsts] == label)
        if len(own) < len(shares):
            name = repr(classes[int(label)]) if classes is not None else f"number {label}"
            raise DataError(
                f"class {name} has {len(own)} different images, but {len(shares)} splits need one each",
                where=where,
                to_do="add images of that class, or leave the class out",
            )
        part_of_group[random.permutation(own)] = np.repeat(np.arange(len(shares)), quotas(len(own), shares))
    part = part_of_group[members]
    return tuple(np.flatnonzero(part == index).astype(np.int64) for index in range(len(shares)))
