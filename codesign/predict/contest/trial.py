"""One predictor on one random split: fitted on the training designs, judged on all the others, timed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.metrics import Scores, scores
from codesign.predict.costs.predictor import Predictor
from codesign.predict.costs.splits import Split
from runtime.contract.arrays import FloatArray, IntArray

TIMED_DESIGNS = 100_000  # what `predict_s` is counted for
TIMED_BLOCK = 20_000


@dataclass(frozen=True, slots=True)
class Contender:
    """A model with its encoding; `make` gives an unfitted predictor."""

    model: str
    encoding: str
    make: Callable[[], Predictor]


@dataclass(frozen=True, slots=True)
class Trial:
    """How one contender did on one split."""

    model: str
    encoding: str
    scores: Scores
    fit_s: float
    predict_s: float | None  # of TIMED_DESIGNS; None where it was not timed
    calibrated: bool
    outside: float  # share of the judged designs that lie outside what it was fitted on


def trial(
    contender: Contender, designs: IntArray, costs: FloatArray, split: Split, rng: np.random.Generator, *, timed: bool
) -> Trial:
    """Fit, predict, judge.

    Args:
        designs, costs: (n, genes) and (n,), all that the table has of the board.
        split: which of them to fit on, and which to judge by.
        timed: whether to predict TIMED_DESIGNS besides, to see how long that takes.
    Raises:
        DataError: the contender cannot be fitted on so few or such designs.
    """
    started = time.perf_counter()
    fitted = contender.make().fit(designs[split.training], costs[split.training], rng)
    fit_s = time.perf_counter() - started
    judged, test_costs = designs[split.test], costs[split.test]
    found = fitted.predict(judged)
    predict_s = None
    if timed:
        many = judged[rng.integers(len(judged), size=TIMED_DESIGNS)]
        started = time.perf_counter()
        for at in range(0, TIMED_DESIGNS, TIMED_BLOCK):
            fitted.predict(many[at : at + TIMED_BLOCK])
        predict_s = time.perf_counter() - started
    return Trial(
        contender.model,
        contender.encoding,
        scores(test_costs, found),
        fit_s,
        predict_s,
        found.calibrated,
        float(found.outside.mean()),
    )
