"""Which measured designs a predictor is fitted on, and on which it is judged; a network is never on both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, DataError

PLAIN, HELP = "plain", "help"
PROTOCOLS = (PLAIN, HELP)
FEWEST_JUDGED = 2  # designs: one alone has no rank
TRIMMED = 0.1  # HELP (Lee et al., NeurIPS 2021) leaves out the fastest and the slowest tenth


@dataclass(frozen=True, slots=True)
class Split:
    """Rows of a table."""

    training: IntArray
    test: IntArray


def training_and_test(
    group: IntArray, costs: FloatArray, count: int, rng: np.random.Generator, protocol: str = PLAIN
) -> Split:
    """Draw rows at random, no network twice, until there are `count` to fit on; rows of other networks are the test.

    Rows are drawn, not networks, as random sampling of a space would and as published protocols do. (Drawn evenly,
    networks with many rows would be rarer among the samples than in the test, and no interval could hold its promise.)

    Args:
        group: (n,): rows of one group are the same network.
        costs: (n,), of the target board; NaN: not measured, on neither side.
        count: of target costs that are read, all of them counted.
        rng: draws the rows.
        protocol: "plain", or "help", which first drops the tenth of the costs that is lowest and the tenth that is
            highest, on both sides.
    Raises:
        ConfigError: no such protocol, or a count under 1.
        DataError: there are not more networks than `count`, or under FEWEST_JUDGED rows of others are left.
    """
    if protocol not in PROTOCOLS:
        raise ConfigError(f"there is no protocol {protocol!r}", to_do=f"choose one of {', '.join(PROTOCOLS)}")
    if count < 1:
        raise ConfigError(f"cannot fit on {count} samples", to_do="ask for at least 1")
    rows = np.flatnonzero(~np.isnan(costs))
    if protocol == HELP:
        drop = int(TRIMMED * len(rows))
        rows = np.sort(rows[np.argsort(costs[rows], kind="stable")][drop : len(rows) - drop])
    networks = np.unique(group[rows])
    if len(networks) <= count:
        raise DataError(
            f"{count} networks to fit on leave none to judge by: the board has {len(networks)}",
            to_do=f"ask for at most {max(len(networks) - 1, 0)}",
        )
    shuffled = rng.permutation(rows)
    first_of_each = np.sort(np.unique(group[shuffled], return_index=True)[1])
    training: IntArray = shuffled[first_of_each[:count]]
    test = rows[~np.isin(group[rows], group[training])]
    if len(test) < FEWEST_JUDGED:
        raise DataError(
            f"{count} networks to fit on leave {len(test)} design to judge by", to_do="ask for fewer networks to fit on"
        )
    return Split(training, test)
