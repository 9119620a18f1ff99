"""The model that validates best takes the place of the one that the loop was driven by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from codesign.predict.contest.contenders import on_one_board
from codesign.predict.contest.cross_validation import cross_validated
from codesign.predict.fitting.journal import Round
from codesign.predict.fitting.loop import Outcome, accuracy_per_bin
from codesign.predict.fitting.rules import LoopRules

from .fit_models import FitModel, fit_model
from .fit_networks import FitNetworks

COMPARISON, FIT = 101, 102  # streams of random numbers; those of the loop are below


def with_best_model(
    networks: FitNetworks, rules: LoopRules, outcome: Outcome, tick: Callable[[int, int, str], None]
) -> tuple[FitModel, Outcome, list[dict[str, Any]]]:
    """Compare all models by cross-validation on what was learnt from, and fit the best; the test set stays unseen.

    Returns:
        The model, the outcome with its fit and a last round of its own, and how each model did.
    Raises:
        DataError: too few designs.
    """
    learnt, test = outcome.training, outcome.test
    rng = np.random.default_rng((rules.seed, COMPARISON))
    rows = cross_validated(on_one_board(networks.genes), learnt.designs, learnt.costs, rng, tick)
    first = rows[0]
    best = fit_model(f"{first['model']}:{first['encoding']}")
    fitted = best.make(networks.genes).fit(learnt.designs, learnt.costs, np.random.default_rng((rules.seed, FIT)))
    predicted = fitted.predict(test.designs)
    test_bins = outcome.bins.of(networks.source.depth(test.designs))
    accuracy = accuracy_per_bin(predicted.mean, test.costs, test_bins, len(outcome.bins))
    last = outcome.rounds[-1]
    judged = Round(last.number + 1, last.measured, last.learnt, last.per_bin, accuracy, float(first["fit_s"]))
    passed = all(judged.passed(rules.bin_accuracy))
    rounds = (*outcome.rounds, judged)
    return best, replace(outcome, fitted=fitted, predicted=predicted, rounds=rounds, passed=passed), rows
