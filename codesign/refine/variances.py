"""How much units differ, clocks deviate and cells scatter: variances learnt from the data, by expectation maximisation.

Each group of effects has one variance with an inverse-gamma prior around a stated guess, worth so many effects of the
group; so has the noise of each kind of observation. With one unit, or few clocks, the guess stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Guess:
    """A standard deviation of logarithms before anything was served, and how many effects it is worth."""

    sd: float
    worth: float


# Assumed. Terms are in units of their own prior: how wrong a board's model is altogether. Two boards of one kind differ
# by a few per cent. Clocks: the errors of fits over clocks in the README.
TERMS = "terms of the board"
WORKS, CLOCK_TIME, CLOCK_POWER = "pieces of work", "clocks, time", "clocks, power"
UNIT_TIME, UNIT_IDLE, UNIT_ACTIVE = "units, time", "units, idle power", "units, power at work"
EFFECTS: Mapping[str, Guess] = {
    TERMS: Guess(1.0, 6.0),
    WORKS: Guess(0.06, 20.0),
    CLOCK_TIME: Guess(0.02, 30.0),  # firm: what terms can explain is theirs
    CLOCK_POWER: Guess(0.02, 30.0),
    UNIT_TIME: Guess(0.03, 4.0),
    UNIT_IDLE: Guess(0.05, 4.0),
    UNIT_ACTIVE: Guess(0.05, 4.0),
}
NOISE = (Guess(0.02, 10.0), Guess(0.02, 10.0), Guess(0.03, 10.0))  # of the observations' kinds
HEAVY = 5.0  # degrees of freedom of the t distribution that cells follow: odd ones count less


@dataclass(frozen=True, slots=True)
class Variances:
    """Of effects by group, and of noise by kind."""

    effects: Mapping[str, float]
    noise: FloatArray  # (kinds,)

    @classmethod
    def guessed(cls) -> Variances:
        """Before anything was served."""
        return cls({name: guess.sd**2 for name, guess in EFFECTS.items()}, np.asarray([guess.sd**2 for guess in NOISE]))

    def of_rows(self, kind: IntArray, sampled: FloatArray) -> FloatArray:
        """(rows,): noise of the kind, and what the scatter of images leaves."""
        variance: FloatArray = self.noise[kind] + sampled
        return variance

    def learnt(
        self,
        groups: Mapping[str, slice],
        squares: FloatArray,
        kind: IntArray,
        sampled: FloatArray,
        residual: FloatArray,
        fitted: FloatArray,
        weight: FloatArray,
    ) -> Variances:
        """One step: expected squares of effects and of noise under the posterior.

        Args:
            groups: where each group's effects stand among all.
            squares: (effects,), expected under the posterior; of terms, in units of their prior.
            kind, sampled, residual: (rows,); `fitted` their variance under the posterior, `weight` how much they count.
        """
        effects = {}
        for name, where in groups.items():
            guess, found = EFFECTS[name], squares[where]
            effects[name] = float((guess.worth * guess.sd**2 + found.sum()) / (guess.worth + found.size))
        noise = self.noise.copy()
        for number, guess in enumerate(NOISE):
            here = kind == number
            own = self.noise[number]
            share = own / (own + sampled[here])
            left = weight[here] * share**2 * (residual[here] ** 2 + fitted[here]) + share * sampled[here]
            noise[number] = (guess.worth * guess.sd**2 + left.sum()) / (guess.worth + here.sum())
        return Variances(effects, noise)


def heavy_tailed(residual: FloatArray, variance: FloatArray) -> FloatArray:
    """(rows,): how much each counts: 1 or a little more as expected, little where it lies far off."""
    weight: FloatArray = (HEAVY + 1.0) / (HEAVY + residual**2 / variance)
    return weight
