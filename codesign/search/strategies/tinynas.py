"""TinyNAS: narrow the space by what random designs within budget are worth, then search what is left by other means.

Lin et al., "MCUNet: Tiny Deep Learning on IoT Devices", NeurIPS 2020, arXiv:2007.10319: of several sub-spaces that one
is searched whose designs *that fit the budget* have the best distribution (there: of the work they do, standing in for
accuracy). Here each gene is narrowed on its own: values are compared by the distribution, over the feasible random
designs that have them, of how many of all feasible ones are better in everything, and the better half of them stays.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from runtime.contract.arrays import BoolArray, FloatArray, IntArray
from runtime.contract.errors import ConfigError

from .protocol import Options, Strategy
from .record import Record
from .registry import make_strategy
from .search_space import SearchSpace

NAME = "tinynas"
KEPT = 0.5  # of a gene's values, rounded up


class TinyNas:
    """Random designs, as many as a population; then another strategy within the values that stay; at last the rest."""

    def __init__(self, space: SearchSpace, objectives: int, seed: int, options: Options) -> None:
        """See `tinynas`."""
        self.record = Record(space, objectives, seed)
        self._options, self._sampled = options, max(2, options.population)
        self._inner: Strategy | None = None
        self._narrow: Narrowed | None = None
        self._told = 0  # rows that the inner strategy knows of

    @property
    def kept(self) -> tuple[IntArray, ...] | None:
        """The values of each gene that stay; None while the space is still being sampled."""
        return None if self._narrow is None else self._narrow.kept

    def ask(self, count: int) -> IntArray:
        """As `Strategy.ask`."""
        record = self.record
        inner = self._started()
        found: IntArray = np.zeros((0, record.space.genes), dtype=np.int64)
        while inner is not None and self._narrow is not None and len(found) < count:
            asked = inner.ask(count - len(found))
            if not len(asked):
                break
            found = np.concatenate([found, record.ask(self._narrow.widened(asked))])
        if inner is None or not len(found):  # sampling, or the narrowed space is exhausted
            found = record.ask(record.space.fresh(record.generator(), count, record.taken))
        return found

    def tell(self, genomes: IntArray, objectives: FloatArray, violations: FloatArray) -> None:
        """As `Strategy.tell`."""
        self.record.tell(genomes, objectives, violations)

    def _started(self) -> Strategy | None:
        """The inner strategy, told all that is known of its space; None while there are too few samples."""
        record, options = self.record, self._options
        if len(record) < self._sampled:
            return None
        if self._narrow is None:
            rows = slice(self._sampled)
            feasible = record.feasible[rows]
            if options.limit is not None and record.objectives > 1:
                feasible &= (record.values[rows, 1:] <= options.limit).all(axis=1)
            kept = kept_values(record.genomes[rows][feasible], record.values[rows][feasible], record.space.gene_sizes)
            self._narrow = Narrowed(record.space, kept)
        if self._inner is None:
            within = _within(self._narrow.options(options))
            self._inner = make_strategy(options.inner, self._narrow.space, record.objectives, record.seed, within)
        new = slice(self._told, len(record))
        narrowed, inside = self._narrow.narrowed(record.genomes[new])
        if inside.any():
            self._inner.tell(narrowed[inside], record.values[new][inside], record.violations[new][inside])
        self._told = len(record)
        return self._inner


class Narrowed:
    """A space with fewer values for its genes, and the way from one to the other."""

    def __init__(self, space: SearchSpace, kept: tuple[IntArray, ...]) -> None:
        """`kept`: of each gene, values in rising order; all values stay where no design would be left."""
        self._whole, self.kept = space, kept
        canonical, listed = None, None
        if space.designs is not None:
            narrowed, inside = self.narrowed(space.designs)
            if not inside.any():
                self.kept = tuple(np.arange(size) for size in space.gene_sizes)
                narrowed, inside = self.narrowed(space.designs)
            listed = narrowed[inside]
        if space.canonical is not None:
            canonical = self._canonical
        self.space = SearchSpace(tuple(len(values) for values in self.kept), canonical, listed)

    def widened(self, designs: IntArray) -> IntArray:
        """(n, genes): designs of the narrowed space as designs of the whole."""
        return self._whole.legal(self._looked_up(designs))

    def narrowed(self, designs: IntArray) -> tuple[IntArray, BoolArray]:
        """(n, genes) and (n,): designs of the whole space as designs of the narrowed, and which of them are in it."""
        places = self._places(designs)
        whole = self._looked_up(places)
        if self._whole.canonical is not None:  # a gene of an absent layer has a value that may not be kept
            whole = self._whole.canonical(whole)
        inside: BoolArray = (whole == designs).all(axis=1)
        return places, inside

    def options(self, options: Options) -> Options:
        """The same, with what is asked about designs answered for those of the narrowed space."""
        known, score = options.known_violation, options.score
        return replace(
            options,
            known_violation=None if known is None else lambda designs: known(self.widened(designs)),
            score=None if score is None else lambda designs: score(self.widened(designs)),
        )

    def _canonical(self, designs: IntArray) -> IntArray:
        return self._places(self._whole.legal(self._looked_up(designs)))

    def _looked_up(self, places: IntArray) -> IntArray:
        columns = [values[column] for values, column in zip(self.kept, places.T, strict=True)]
        return np.stack(columns, axis=1).astype(np.int64)

    def _places(self, designs: IntArray) -> IntArray:
        """The place of each value among those kept; 0 for a value that is not."""
        columns = []
        for values, column in zip(self.kept, designs.T, strict=True):
            place = np.minimum(np.searchsorted(values, column), len(values) - 1)
            columns.append(np.where(values[place] == column, place, 0))
        return np.stack(columns, axis=1).astype(np.int64)


def kept_values(designs: IntArray, values: FloatArray, gene_sizes: tuple[int, ...]) -> tuple[IntArray, ...]:
    """The values of each gene that stay, rising.

    The area beside a distribution of counts is its mean, so that values are ranked by the mean number of designs that
    are better in everything than the designs that have them. Values that no feasible design has rank last.

    Args:
        designs: (n, genes), feasible.
        values: (n, objectives), minimised.
    """
    beaten_by = ((values[None] <= values[:, None]).all(axis=2) & (values[None] < values[:, None]).any(axis=2)).sum(
        axis=1
    )
    kept = []
    for gene, size in enumerate(gene_sizes):
        means = [
            float(beaten_by[designs[:, gene] == value].mean()) if (designs[:, gene] == value).any() else math.inf
            for value in range(size)
        ]
        best = np.argsort(means, kind="stable")[: math.ceil(KEPT * size)] if len(designs) else np.arange(size)
        kept.append(np.sort(best).astype(np.int64))
    return tuple(kept)


def tinynas(space: SearchSpace, objectives: int, seed: int, options: Options) -> TinyNas:
    """The factory of strategy `tinynas`; `options.inner` searches the narrowed space.

    Raises ConfigError where that would be itself, or is not known.
    """
    if options.inner == NAME:
        raise ConfigError(f"strategy {NAME} cannot search within itself", to_do="choose another inner strategy")
    # What the inner strategy lacks is said now, not after the sampling; a score may be dear, so it is not asked yet.
    unscored = None if options.score is None else _no_score
    make_strategy(options.inner, space, objectives, seed, _within(replace(options, score=unscored)))
    return TinyNas(space, objectives, seed, options)


def _within(options: Options) -> Options:
    """For the inner strategy: what it may wrap in its turn is a plain one."""
    return replace(options, inner=Options().inner)


def _no_score(designs: IntArray) -> FloatArray:
    return np.zeros(len(designs))
