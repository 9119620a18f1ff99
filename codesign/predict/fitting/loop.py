"""Train, evaluate, extend: measure designs until a predictor is accurate enough in every bin (ESM, DAC 2025)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from codesign.predict.costs.prediction import Prediction
from codesign.predict.costs.predictor import Fitted, Predictor
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .depth_bins import DepthBins
from .draws import DesignSource, NewDesigns
from .extension import evenly, weighted
from .journal import TEST, TRAIN, Batch, Journal, Round
from .measurer import Measurer
from .quality_control import Batches
from .rules import BALANCED, LoopRules

REFERENCES, TESTS, DRAWS, FITS = range(4)  # streams of random numbers: none shifts another


class Watch(Protocol):
    """Somebody who looks on."""

    def tick(self, done: int, of: int, note: str) -> None:
        """A batch is being measured."""
        ...

    def judged(self, done: Round) -> None:
        """A round has ended."""
        ...

    def say(self, text: str) -> None:
        """Something that must be known."""
        ...


@dataclass(frozen=True, slots=True)
class Measured:
    """Designs with their costs, without those that were noisy."""

    designs: IntArray  # (n, genes)
    costs: FloatArray  # (n,)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the loop ended with."""

    fitted: Fitted
    bins: DepthBins
    rounds: tuple[Round, ...]
    training: Measured
    test: Measured
    predicted: Prediction  # of the test designs
    set_aside: int  # designs whose readings were noisy
    unsteady_batches: int  # that the references do not vouch for after all attempts
    batches: int
    passed: bool  # every bin is accurate enough


def run_loop(
    source: DesignSource,
    rules: LoopRules,
    predictor: Predictor,
    measurer: Measurer,
    journal: Journal,
    watch: Watch,
    now_s: Callable[[], float] = time.perf_counter,
) -> Outcome:
    """Run until every bin passes, or no more may be measured. What the journal holds is taken from there.

    Noisy designs count as measured, and are left out of training and test (ESM removes outliers).

    Raises:
        DataError: every test design of a bin is noisy, the space has no more designs, or the predictor does not fit.
        BoardError: measuring fails.
    """
    bins = DepthBins.equal(source.depths, rules.bins)
    new = NewDesigns(source)
    references = new.random(rules.references, _stream(rules, REFERENCES))
    tests = new.per_bin(evenly(rules.test_per_bin * len(bins), len(bins)), bins, _stream(rules, TESTS))
    batches = Batches(measurer, references, rules, journal, watch.tick, watch.say)
    of_test = batches.measured(tests, TEST)
    test = _without_noise(of_test)
    test_bins = bins.of(source.depth(test.designs))
    _check_bins(test_bins, bins)

    draws, known_rounds = _stream(rules, DRAWS), journal.rounds()
    drawn = _drawn(new, rules, bins, rules.initial, None, draws)
    of_training: list[Batch] = []
    rounds: list[Round] = []
    while True:
        of_training += batches.measured(drawn, TRAIN)
        measured = sum(len(batch.designs) for batch in of_training)
        training = _without_noise(of_training)
        fitted: Fitted | None = None
        if len(rounds) < len(known_rounds):
            done = known_rounds[len(rounds)]
        else:
            started_s = now_s()
            fitted = predictor.fit(training.designs, training.costs, _stream(rules, FITS, len(rounds)))
            per_bin = np.bincount(bins.of(source.depth(training.designs)), minlength=len(bins))
            accuracy = accuracy_per_bin(fitted.predict(test.designs).mean, test.costs, test_bins, len(bins))
            fit_s = now_s() - started_s
            done = Round(len(rounds), measured, len(training.costs), tuple(map(int, per_bin)), accuracy, fit_s)
            journal.add(done)
        rounds.append(done)
        watch.judged(done)
        passed = done.passed(rules.bin_accuracy)
        if all(passed) or measured >= rules.max_measurements:
            break
        drawn = _drawn(new, rules, bins, min(rules.extra, rules.max_measurements - measured), passed, draws)
    if fitted is None:
        fitted = predictor.fit(training.designs, training.costs, _stream(rules, FITS, len(rounds) - 1))
    return Outcome(
        fitted=fitted,
        bins=bins,
        rounds=tuple(rounds),
        training=training,
        test=test,
        predicted=fitted.predict(test.designs),
        set_aside=sum(int(batch.noisy.sum()) for batch in (*of_test, *of_training)),
        unsteady_batches=sum(not batch.passed(rules.max_spread) for batch in (*of_test, *of_training)),
        batches=len(of_test) + len(of_training),
        passed=all(passed),
    )


def accuracy_per_bin(predicted: FloatArray, costs: FloatArray, bin_of_each: IntArray, bins: int) -> tuple[float, ...]:
    """1 - mean relative error in each bin; the paper leaves "accuracy" undefined. All arrays are (n,)."""
    errors = np.abs(predicted / costs - 1.0)
    return tuple(float(1.0 - errors[bin_of_each == number].mean()) for number in range(bins))


def _drawn(
    new: NewDesigns,
    rules: LoopRules,
    bins: DepthBins,
    count: int,
    passed: tuple[bool, ...] | None,
    rng: np.random.Generator,
) -> IntArray:
    """The next designs to learn from; `passed` is None at first."""
    if rules.sampling != BALANCED:
        return new.random(count, rng)
    counts = evenly(count, len(bins)) if passed is None else weighted(count, passed, rules.below, rules.above)
    return new.per_bin(counts, bins, rng)


def _without_noise(batches: list[Batch]) -> Measured:
    designs = np.concatenate([batch.designs[~batch.noisy] for batch in batches])
    return Measured(designs, np.concatenate([batch.costs[~batch.noisy] for batch in batches]))


def _check_bins(test_bins: IntArray, bins: DepthBins) -> None:
    for number in range(len(bins)):
        if not (test_bins == number).any():
            raise DataError(
                f"every test design of {bins.label(number)} was noisy, so nothing can be said of that bin",
                to_do="measure on a quieter machine, with more --runs or --passes, or a larger --test-per-bin",
            )


def _stream(rules: LoopRules, *path: int) -> np.random.Generator:
    return np.random.default_rng((rules.seed, *path))
