"""Evolution under a hard constraint, as Once-for-all searches (Cai et al., ICLR 2020, and its code).

Only designs within the limit are in the population: random ones at first; then the best quarter stays, half of the
children are mutants (each gene redrawn with probability 0.1), half are mixtures of two of the best. Where the limit can
be predicted before an evaluation (`Options.known_violation`), nothing that breaks it is evaluated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, InfeasibleError

from .mutation import genes_redrawn, mixed
from .protocol import Options
from .record import Record
from .scripted import Script, Scripted
from .search_space import SearchSpace, keys

PARENTS = 0.25
MUTANTS = 0.5
CHANCE = 0.1
PATIENCE = 10  # populations of designs, none of them feasible, before the search says that there is none
PATIENT_SHARE = 0.5  # of the planned evaluations, if that is sooner


def ofa_evolution(space: SearchSpace, objectives: int, seed: int, options: Options) -> Scripted:
    """The factory of strategy `ofa-evolution`: the first objective is minimised, the others kept to the limit.

    Raises ConfigError where there are others but neither a limit nor a predicted violation.
    """
    if objectives > 1 and options.limit is None and options.known_violation is None:
        raise ConfigError(
            "strategy ofa-evolution needs a limit for its costs",
            to_do="give one, or choose a strategy that searches a whole front",
        )
    return Scripted(Record(space, objectives, seed), _Evolution(space, seed, options).script())


@dataclass(slots=True)
class _Evolution:
    space: SearchSpace
    seed: int
    options: Options

    def script(self) -> Script:
        rng = np.random.default_rng([self.seed, 3])
        size = max(2, self.options.population)
        seen: set[bytes] = set()
        designs: IntArray = np.zeros((0, self.space.genes), dtype=np.int64)
        errors: FloatArray = np.zeros(0)
        evaluated, least, patience = 0, np.inf, PATIENCE * size
        if self.options.evaluations is not None:
            patience = max(size, min(patience, round(PATIENT_SHARE * self.options.evaluations)))
        while len(designs) < size:
            drawn = self._allowed(self.space.fresh(rng, size - len(designs), seen), seen, rng)
            if not len(drawn):
                break
            values, violations = yield drawn
            broken = self._broken(values, violations)
            evaluated, least = evaluated + int(np.isfinite(broken).sum()), min(least, float(broken.min()))
            designs = np.concatenate([designs, drawn[broken == 0]])
            errors = np.concatenate([errors, values[broken == 0, 0]])
            if not len(designs) and evaluated >= patience:
                raise _none_feasible(evaluated, least)
        if not len(designs):
            if evaluated:
                raise _none_feasible(evaluated, least)
            return
        while True:
            best = np.argsort(errors, kind="stable")[: max(1, round(PARENTS * size))]
            designs, errors = designs[best], errors[best]
            mutants = round(MUTANTS * size)
            children = np.concatenate(
                [
                    genes_redrawn(self.space, designs[rng.integers(len(designs), size=mutants)], CHANCE, rng, seen),
                    mixed(
                        self.space,
                        designs[rng.integers(len(designs), size=size - mutants)],
                        designs[rng.integers(len(designs), size=size - mutants)],
                        rng,
                        seen,
                    ),
                ]
            )
            seen |= {*keys(children)}
            children = self._within(children)
            values, violations = yield children
            good = self._broken(values, violations) == 0
            designs = np.concatenate([designs, children[good]])
            errors = np.concatenate([errors, values[good, 0]])
            # The same design twice would crowd the others out.
            once = np.sort(np.unique(designs, axis=0, return_index=True)[1])
            designs, errors = designs[once], errors[once]

    def _allowed(self, drawn: IntArray, seen: set[bytes], rng: np.random.Generator) -> IntArray:
        """Those within the limit as far as that can be known; drawn until there are some. All drawn are now seen."""
        tried, least = 0, np.inf
        while len(drawn):
            seen |= {*keys(drawn)}
            tried += len(drawn)
            if len(within := self._within(drawn)):
                return within
            if self.options.known_violation is not None:
                least = min(least, float(self.options.known_violation(drawn).min()))
            if tried >= 100 * PATIENCE * max(2, self.options.population):
                break
            drawn = self.space.fresh(rng, max(64, len(drawn)), seen)
        if tried:
            raise _none_feasible(tried, least)
        return drawn

    def _within(self, designs: IntArray) -> IntArray:
        if self.options.known_violation is None or not len(designs):
            return designs
        return designs[self.options.known_violation(designs) <= 0]

    def _broken(self, values: FloatArray, violations: FloatArray) -> FloatArray:
        """(n,): 0 within all limits; infinite where the evaluation failed."""
        broken = violations.astype(np.float64)
        if self.options.limit is not None and values.shape[1] > 1:
            over = np.maximum(values[:, 1:] / self.options.limit - 1.0, 0.0).max(axis=1)
            broken = broken + over
        return np.where(np.isnan(values).any(axis=1), np.inf, broken)


def _none_feasible(designs: int, least: float) -> InfeasibleError:
    return InfeasibleError(
        f"none of {designs} designs is within the limit; the nearest breaks it by {least:.3g}",
        to_do="raise the limit at least by that, or widen the space",
    )
