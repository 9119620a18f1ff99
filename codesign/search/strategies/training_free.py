"""Scoring without training as a pre-filter: another strategy searches only the designs that a cheap score likes best.

What the score is, its caller says (`Options.score`); NASWOT's is in codesign/backbones. Designs are drawn evenly before
the search and scored once; the best share of them is the space that the inner strategy sees. When that is exhausted the
other designs drawn come next, best score first, and then the rest of the space.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import ConfigError, DataError, ShapeError

from .protocol import Options, Strategy
from .record import Record
from .registry import make_strategy
from .search_space import SearchSpace, keys

NAME = "training-free"
DRAWN = 4  # designs scored for each that is to be evaluated
SHARE = 0.5  # of those scored that pass


class TrainingFree:
    """The inner strategy in the space of designs that passed, then those that did not."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int, inner: Strategy, failed: IntArray) -> None:
        """`failed`: (n, genes), designs scored that did not pass, best first."""
        self.record = Record(space, objectives, seed)
        self._inner, self._failed = inner, failed

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record = self.record
        found = record.ask(self._inner.ask(count))
        if not len(found):
            waiting = np.array([key not in record for key in keys(self._failed)], dtype=bool)
            found = record.ask(self._failed[waiting][:count])
        if not len(found):
            found = record.ask(record.space.fresh(record.generator(), count, record.taken))
        return found

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)
        self._inner.tell(genomes, objectives, violations)


def training_free(space: SearchSpace, objectives: int, seed: int, options: Options) -> TrainingFree:
    """The factory of strategy `training-free`: `options.score` filters, `options.inner` searches.

    Raises:
        ConfigError: no score, an inner strategy that is this one or not known.
        ShapeError: not one score per design.
        DataError: no design can be scored.
    """
    if options.score is None:
        raise ConfigError(f"strategy {NAME} needs a score of designs", to_do="give one, such as NASWOT's of a supernet")
    if options.inner == NAME:
        raise ConfigError(f"strategy {NAME} cannot search within itself", to_do="choose another inner strategy")
    planned = options.evaluations if options.evaluations is not None else 4 * options.population
    drawn = space.fresh(np.random.default_rng([seed, 4]), DRAWN * planned, ())
    scores: FloatArray = options.score(drawn)
    if scores.shape != (len(drawn),):
        raise ShapeError(f"the score answered {scores.shape} for {len(drawn)} designs", to_do="give one per design")
    if not (scored := np.isfinite(scores)).any():
        raise DataError(f"none of {len(drawn)} designs has a score", to_do="mend the score, or search without it")
    order = np.argsort(-np.where(scored, scores, -np.inf), kind="stable")  # what cannot be scored comes last
    passed = max(1, round(SHARE * int(scored.sum())))
    filtered = SearchSpace(space.gene_sizes, space.canonical, drawn[order[:passed]])
    # What the inner strategy may wrap in its turn is a plain one.
    inner = make_strategy(options.inner, filtered, objectives, seed, replace(options, inner=Options().inner))
    return TrainingFree(space, objectives, seed, inner, drawn[order[passed:]])
