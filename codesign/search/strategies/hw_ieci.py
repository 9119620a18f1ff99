"""HW-IECI: expected improvement among the designs whose predicted power and memory are within budget, and no others.

Stamoulis et al., "HyperPower: Power- and Memory-Constrained Hyper-Parameter Optimization for Neural Networks", DATE
2018, arXiv:1712.02446, equation 5 as printed in the survey of hardware-aware modelling (arXiv:1809.05476): improvement
is multiplied by I[P(z) ≤ P_B] · I[M(z) ≤ M_B]. The models of power and memory are known before the search.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ConfigError, InfeasibleError, ShapeError

from .bayesian import Bayesian
from .hw_ieci_limits import KnownLimits
from .protocol import Options
from .search_space import LISTED, SearchSpace

DRAWN = 4096  # designs that are tried of a space too large to be listed
WALKS = 8  # from the best of them downhill, until they are within budget

Known = Callable[[IntArray], FloatArray]  # (n, genes) -> (n,), 0: within all


def hw_ieci(space: SearchSpace, objectives: int, seed: int, options: Options) -> Bayesian:
    """The factory of strategy `hw-ieci`; `options.known_violation` is best a `KnownLimits`, which can name its limits.

    Raises:
        ConfigError: nothing is known to keep within.
        InfeasibleError: no design is predicted within budget, naming the tightest constraint.
    """
    known = options.known_violation
    if known is None:
        raise ConfigError(
            "strategy hw-ieci needs models of power or memory, with budgets, known before the search",
            to_do="give known limits, or use strategy bayesian, which learns constraints from evaluations",
        )

    def within(designs: IntArray) -> BoolArray:
        violations = known(designs)
        if violations.shape != (len(designs),):
            raise ShapeError(
                f"the known constraints answered {violations.shape} for {len(designs)} designs",
                to_do="give one violation per design",
            )
        allowed: BoolArray = violations == 0  # NaN, a prediction that failed, is not within budget
        return allowed

    if space.designs is not None or space.combinations <= LISTED:
        every = space.all()
        kept = every[within(every)]
        if not len(kept):
            raise _refused(known, every, every=True)
        return Bayesian(SearchSpace(space.gene_sizes, space.canonical, kept), objectives, seed, within)
    reached = _downhill(space, known, space.fresh(np.random.default_rng([seed, 1]), DRAWN, ()))
    starts = reached[within(reached)]
    if not len(starts):
        raise _refused(known, reached, every=False)
    return Bayesian(space, objectives, seed, within, starts)


def _downhill(space: SearchSpace, known: Known, drawn: IntArray) -> IntArray:
    """(WALKS, genes): the designs drawn that miss by least, each changed gene by gene while that makes it miss less."""
    reached = drawn[np.argsort(known(drawn), kind="stable")[:WALKS]]
    for walk, design in enumerate(reached):
        missed = known(design[None])[0]
        while missed > 0:
            around = space.neighbours(design)
            misses = known(around)
            if not len(around) or not misses.min() < missed:
                break
            design, missed = around[misses.argmin()], misses.min()
        reached[walk] = design
    return reached


def _refused(known: Known, designs: IntArray, *, every: bool) -> InfeasibleError:
    if isinstance(known, KnownLimits):
        return known.refusal(designs, every=every)
    return InfeasibleError(
        f"no design is within the known constraints: the nearest misses them by {known(designs).min():.4g}",
        to_do="allow more, or add cheaper choices to the space",
    )
