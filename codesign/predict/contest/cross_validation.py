"""Which model validates best on measured designs of one board: each is judged on parts that it was not fitted on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from codesign.predict.costs.splits import Split
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .standings import standings
from .trial import Contender, trial

PARTS = 5
FEWEST_DESIGNS = 2 * PARTS


def cross_validated(
    contenders: Sequence[Contender],
    designs: IntArray,
    costs: FloatArray,
    rng: np.random.Generator,
    say: Callable[[int, int, str], None],
) -> list[dict[str, Any]]:
    """One row of `standings` per contender, the lowest mean error first; those that cannot be fitted are left out.

    Args:
        designs, costs: (n, genes) and (n,), no network twice.
        say: told how many of how many are done, and what is next.
    Raises:
        DataError: too few designs, or none of the contenders can be fitted.
    """
    if len(designs) < FEWEST_DESIGNS:
        raise DataError(
            f"{len(designs)} designs are too few to compare models by", to_do=f"measure {FEWEST_DESIGNS} or more"
        )
    parts = np.array_split(rng.permutation(len(designs)), PARTS)
    splits = [Split(np.concatenate([*parts[:number], *parts[number + 1 :]]), parts[number]) for number in range(PARTS)]
    seeds = rng.integers(2**32, size=PARTS)
    trials = []
    for number, one in enumerate(contenders):
        say(number, len(contenders), f"{one.model} {one.encoding}")
        try:
            trials += [
                trial(one, designs, costs, split, np.random.default_rng(seed), timed=False)
                for split, seed in zip(splits, seeds, strict=True)
            ]
        except DataError:
            continue  # too many parameters for so few designs, or a space whose layers are not known
    if not trials:
        raise DataError("none of the models can be fitted on these designs", to_do="measure more of them")
    return standings(trials)
