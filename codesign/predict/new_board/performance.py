"""Performance networks: what a design costs on a board that is described by features, known or not (Eq. 8).

One network answers the log costs of a design on every training board at once; a board's features say in which convex
mixture of those boards it is. Costs that were measured are looked up, the networks answer for all other designs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.design_index import DesignIndex, design_index
from codesign.predict.costs.genes import Genes
from codesign.predict.encodings.one_hot import OneHot, one_hot
from runtime.contract.arrays import BoolArray, FloatArray, IntArray

from .network import Network, new_network, trained

HIDDEN = (64, 64)
MEMBERS = 2
BATCH = 128
STEPS = 700
MORE_STEPS = 300  # where networks from before are trained on
HELD_BACK = 0.1  # share of the labelled designs that tells how far the networks are off


@dataclass(frozen=True, slots=True)
class Ensemble:
    """Networks from a one-hot design to k outputs, averaged; outputs are standardised."""

    members: tuple[Network, ...]
    mean: FloatArray  # (k,)
    spread: FloatArray  # (k,)
    error: float  # root mean square on labels that the networks did not see, over all outputs

    def __call__(self, encoded: FloatArray) -> FloatArray:
        """(n, k), of (n, features)."""
        scaled = np.mean([member(encoded) for member in self.members], axis=0)
        answers: FloatArray = scaled * self.spread + self.mean
        return answers

    def slope(self, encoded: FloatArray, slope: FloatArray) -> FloatArray:
        """(n, features): the slope of a loss over a relaxed design, from its slope over the outputs, (n, k)."""
        scaled = slope * self.spread / len(self.members)
        slopes = [member.slope_of_inputs(member.layers(encoded), scaled) for member in self.members]
        summed: FloatArray = np.sum(slopes, axis=0)
        return summed


def fit_ensemble(
    encoded: FloatArray, wanted: FloatArray, rng: np.random.Generator, before: Ensemble | None = None
) -> Ensemble:
    """By mean squared error on (n, features) and (n, k); NaN where there is no label.

    Args:
        before: fitted on fewer labels of the same kind; its networks are trained on, in less time.
    """
    known = ~np.isnan(wanted)
    mean = np.nanmean(wanted, axis=0)
    spread = np.maximum(np.nanstd(wanted, axis=0), 1e-6)
    scaled = np.where(known, (np.nan_to_num(wanted) - mean) / spread, 0.0)
    held_back = rng.permutation(len(encoded)) < HELD_BACK * len(encoded)
    fitted_on = np.flatnonzero(~held_back)

    def slope(rows: IntArray, answers: FloatArray) -> FloatArray:
        of = fitted_on[rows]
        off: FloatArray = (answers - scaled[of]) * known[of] / len(rows)
        # A few labels are far off (hung measurements): past three deviations they pull no harder.
        return np.clip(off, -3.0 / len(rows), 3.0 / len(rows))

    members = []
    for member in range(MEMBERS):
        start = before.members[member] if before else new_network((encoded.shape[1], *HIDDEN, wanted.shape[1]), rng)
        members.append(trained(start, encoded[fitted_on], slope, MORE_STEPS if before else STEPS, BATCH, rng))
    ensemble = Ensemble(tuple(members), mean, spread, 0.0)
    off = ensemble(encoded[held_back])[known[held_back]] - wanted[held_back][known[held_back]]
    # The median of absolute errors: the root mean square would be that of the few labels that are far off.
    error = 1.4826 * float(np.median(np.abs(off))) if off.size else float(spread.mean())
    return Ensemble(ensemble.members, mean, spread, error)


@dataclass(frozen=True, slots=True)
class Performance:
    """Frozen: accuracy and costs of any design of the space."""

    encoding: OneHot
    labelled: DesignIndex
    log_costs: FloatArray  # (labelled, boards), in each board's own scale; NaN: not measured
    costs: Ensemble  # the same for any design
    known_accuracy: DesignIndex
    accuracy: FloatArray  # (known,)
    accuracies: Ensemble  # one output

    def accuracy_of(self, designs: IntArray) -> FloatArray:
        """(n,): known where it is, else predicted."""
        places = self.known_accuracy.places(designs)
        found = self.accuracy[places]
        if (unknown := places < 0).any():
            found[unknown] = self.accuracies(self.encoding.features(designs[unknown]))[:, 0]
        return found

    def profiles(self, designs: IntArray) -> tuple[FloatArray, BoolArray]:
        """Log costs on the training boards, (n, boards), and which designs are predicted in whole or in part, (n,)."""
        places = self.labelled.places(designs)
        found = self.log_costs[places]
        found[places < 0] = np.nan
        unknown = np.isnan(found)
        predicted: BoolArray = np.any(unknown, axis=1)
        if predicted.any():
            answers = self.costs(self.encoding.features(designs[predicted]))
            found[predicted] = np.where(unknown[predicted], answers, found[predicted])
        return found, predicted

    def objectives(self, designs: IntArray, mixtures: FloatArray, weights: FloatArray) -> FloatArray:
        """f of Eq. 8, (n, boards of interest): -accuracy + λ cost, cost in units of each board's scale.

        A predicted design is charged the networks' own error on top, or the search would collect their mistakes.

        Args:
            mixtures: (m, boards), each of the m boards of interest as a mixture of the training boards.
            weights: (m,), λ of each.
        """
        profiles, predicted = self.profiles(designs)
        log_costs = (profiles + self.costs.error * predicted[:, None]) @ mixtures.T
        objective: FloatArray = weights * np.exp(log_costs) - self.accuracy_of(designs)[:, None]
        return objective


def fit_performance(
    genes: Genes,
    labelled: IntArray,
    log_costs: FloatArray,
    known: tuple[IntArray, FloatArray],
    rng: np.random.Generator,
    before: Performance | None = None,
) -> Performance:
    """Stage 1 of Algorithm 2.

    Args:
        labelled: (n, genes), measured on training boards: log_costs (n, boards), NaN where not.
        known: designs and their accuracies; they do not depend on the board.
        before: fitted on fewer labels of costs, with the same accuracies.
    """
    encoding = one_hot(genes)
    costs = fit_ensemble(encoding.features(labelled), log_costs, rng, before.costs if before else None)
    accuracies = before.accuracies if before else fit_ensemble(encoding.features(known[0]), known[1][:, None], rng)
    index, of_accuracy = design_index(labelled), design_index(known[0])
    return Performance(encoding, index, log_costs, costs, of_accuracy, known[1], accuracies)
