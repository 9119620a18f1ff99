"""Learning to optimise (Algorithm 2): after training, an unseen board's design costs one pass through small networks.

Lu et al., "Scaling up deep neural network optimization for edge inference" (arXiv:2009.00278), section 5. What the
paper leaves open is chosen here: boards are described by the costs of a few anchor designs, which are picked to tell
boards apart and to lie near the best designs; synthetic boards are mixtures of real ones; the exploration set is what
the optimiser itself proposes; half of the optimiser's ensemble is trained by each of the two methods.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from codesign.predict.costs.design_index import design_index
from codesign.predict.costs.genes import Genes
from runtime.contract.arrays import FloatArray, IntArray
from runtime.contract.errors import DataError

from .board_features import BoardFeatures, features_from_anchors, telling_designs
from .board_mixture import mixture_of_boards
from .decoder import decoded
from .optimiser_network import OptimiserNetwork, Situations, train_by_imitation, train_through_predictors
from .performance import Performance, fit_performance

# Designs, (n, genes) -> what each costs on every training board, (boards, n); NaN where it cannot run.
Label = Callable[[IntArray], FloatArray]


@dataclass(frozen=True, slots=True)
class LearningPlan:
    """How much is measured on the training boards and how long the networks are trained."""

    anchors: int = 16
    rounds: int = 2  # of exploration
    explore: int = 500  # designs labelled in each
    synthetic: int = 100  # boards
    stretch: float = 0.15  # of a synthetic board's differences between designs, as a standard deviation of its log
    noise: float = 0.02  # on a synthetic board's features
    lowest_weight: float = 0.01  # λ; log-uniform between these
    highest_weight: float = 0.8
    members: int = 4  # optimiser networks
    steps: int = 400  # of training each; half while exploring

    def weights(self, count: int) -> FloatArray:
        """(count,): λ from lowest to highest, evenly in its logarithm."""
        return np.geomspace(self.lowest_weight, self.highest_weight, count)


@dataclass(frozen=True, slots=True)
class LearntOptimiser:
    """Answers for boards nobody has seen."""

    performance: Performance
    networks: tuple[OptimiserNetwork, ...]
    anchors: IntArray  # (anchors, genes): measure these on a new board
    boards: BoardFeatures  # of the training boards
    by_anchors: bool  # features are ln costs of the anchors in units of the board's scale; else specifications
    library: IntArray  # (designs, genes): what is best on some training board for some λ

    def described(self, anchor_costs: FloatArray) -> BoardFeatures:
        """The features of new boards from what the anchors cost there, (boards, anchors)."""
        if anchor_costs.ndim != 2 or anchor_costs.shape[1] != len(self.anchors):
            raise DataError(
                f"{len(self.anchors)} anchors describe a board, got costs {anchor_costs.shape}",
                to_do="measure every design in `anchors`, in that order",
            )
        return features_from_anchors(anchor_costs)

    def mixture(self, features: FloatArray) -> FloatArray:
        """(boards,): the board as a mixture of the training boards."""
        return mixture_of_boards(self.boards.features, features)

    def best(self, features: FloatArray, weight: float) -> IntArray:
        """(genes,): argmin of -accuracy + weight * cost / scale, for a board of these features, (features,)."""
        design: IntArray = self.ranked(features, weight)[0]
        return design

    def ranked(self, features: FloatArray, weight: float) -> IntArray:
        """(n, genes): everything that was considered, best first."""
        if not weight > 0:
            raise DataError(f"a λ of {weight:g} weighs no cost", to_do="give a λ above 0")
        mixture = self.mixture(features)
        designs, objectives = decoded(self.performance, self.networks, self.library, features, mixture, weight)
        if self.by_anchors:
            # What was measured on this very board is not predicted.
            others = design_index(self.anchors).places(designs) < 0
            exact = weight * np.exp(features) - self.performance.accuracy_of(self.anchors)
            designs = np.concatenate([designs[others], self.anchors])
            objectives = np.concatenate([objectives[others], exact])
        ranked: IntArray = designs[np.argsort(objectives, kind="stable")]
        return ranked

    def costs(self, designs: IntArray, features: FloatArray) -> FloatArray:
        """(n,): costs in units of the board's scale, predicted but for the anchors."""
        profiles, _ = self.performance.profiles(designs)
        costs: FloatArray = np.exp(profiles @ self.mixture(features))
        if self.by_anchors:
            places = design_index(self.anchors).places(designs)
            costs = np.where(places >= 0, np.exp(features)[places], costs)
        return costs


def learn_to_optimise(
    genes: Genes,
    initial: IntArray,
    known_accuracy: tuple[IntArray, FloatArray],
    label: Label,
    rng: np.random.Generator,
    plan: LearningPlan | None = None,
    specifications: FloatArray | None = None,
) -> LearntOptimiser:
    """Train the performance networks, then the optimiser networks.

    Args:
        initial: (n, genes), the first training set; `label` is called for it, then for each exploration set.
        known_accuracy: designs, (m, genes), and their accuracies, (m,); they do not depend on a board.
        specifications: (boards, numbers) to describe boards by in place of anchors (see
            `features_from_specifications`), if there are any.
    Raises:
        DataError: fewer designs than anchors, a single training board.
    """
    plan = plan or LearningPlan()
    labelled = np.unique(genes.canonical(initial), axis=0)
    if len(labelled) < 2 * plan.anchors:
        raise DataError(f"{len(labelled)} designs cannot hold {plan.anchors} anchors", to_do="label more designs")
    costs = _labelled(label, labelled)
    exploring = replace(plan, members=2, steps=plan.steps // 2)
    optimiser = _learnt(
        genes, labelled, costs, known_accuracy, rng, exploring if plan.rounds else plan, specifications, None
    )
    for turn in range(plan.rounds):
        new = _explored(optimiser, labelled, plan)
        if len(new):
            labelled = np.concatenate([labelled, new])
            costs = np.concatenate([costs, _labelled(label, new)], axis=1)
        now = plan if turn == plan.rounds - 1 else exploring
        optimiser = _learnt(genes, labelled, costs, known_accuracy, rng, now, specifications, optimiser)
    return optimiser


def _labelled(label: Label, designs: IntArray) -> FloatArray:
    costs = label(designs)
    if costs.ndim != 2 or len(costs) < 2 or costs.shape[1] != len(designs):
        raise DataError(
            f"costs of {len(designs)} designs on two or more boards are needed, got {costs.shape}",
            to_do="label every design on every training board, NaN where it does not run",
        )
    return costs


def _learnt(
    genes: Genes,
    labelled: IntArray,
    costs: FloatArray,
    known_accuracy: tuple[IntArray, FloatArray],
    rng: np.random.Generator,
    plan: LearningPlan,
    specifications: FloatArray | None,
    before: LearntOptimiser | None,
) -> LearntOptimiser:
    anchors = _anchors(labelled, costs, known_accuracy, plan)
    described = features_from_anchors(costs[:, anchors])
    boards = described if specifications is None else BoardFeatures(specifications, described.log_scale)
    performance = fit_performance(
        genes,
        labelled,
        (np.log(costs) - described.log_scale[:, None]).T,
        known_accuracy,
        rng,
        None if before is None else before.performance,
    )
    situations = _situations(boards.features, plan, rng)
    answers = _best_labelled(performance, situations)
    networks = []
    for member in range(plan.members):
        if member % 2 == 0:
            networks.append(train_by_imitation(performance, situations, answers, rng, plan.steps))
        else:
            networks.append(train_through_predictors(performance, situations, rng, plan.steps))
    real = Situations(
        np.repeat(boards.features, 12, axis=0), np.repeat(np.eye(len(costs)), 12, axis=0),
        np.tile(plan.weights(12), len(costs)),
    )  # fmt: skip
    library = np.unique(_best_labelled(performance, real), axis=0)
    return LearntOptimiser(performance, tuple(networks), labelled[anchors], boards, specifications is None, library)


def _anchors(
    labelled: IntArray, costs: FloatArray, known_accuracy: tuple[IntArray, FloatArray], plan: LearningPlan
) -> IntArray:
    """Half of them tell about all designs, half about those that are nearly best somewhere."""
    places = design_index(known_accuracy[0]).places(labelled)
    usable = np.flatnonzero((places >= 0) & ~np.isnan(costs).any(axis=0))
    if len(usable) < plan.anchors:
        raise DataError(
            f"{len(usable)} of {len(labelled)} designs have an accuracy and a cost on every board, "
            f"fewer than {plan.anchors} anchors",
            where=f"{len(known_accuracy[0])} designs of known accuracy",
            to_do="label designs whose accuracy is known",
        )
    accuracy, log_costs = known_accuracy[1][places], np.log(costs)
    scaled = np.exp(log_costs - log_costs[:, usable].mean(axis=1, keepdims=True))
    good: set[int] = set()
    for weight in plan.weights(12):
        objective = weight * scaled[:, usable] - accuracy[usable]
        good.update(usable[np.argsort(objective, axis=1)[:, :10]].reshape(-1).tolist())
    general = telling_designs(log_costs, usable, plan.anchors // 2)
    best = telling_designs(
        log_costs, np.array(sorted(good - set(general))), plan.anchors - len(general), tuple(general)
    )
    more = [int(one) for one in usable if one not in {*general, *best}][: plan.anchors - len(general) - len(best)]
    return np.array([*general, *best, *more])


def _situations(features: FloatArray, plan: LearningPlan, rng: np.random.Generator) -> Situations:
    """The training boards, and synthetic ones: mixtures of two or three, stretched, their features noisy."""
    boards = len(features)
    synthetic = np.zeros((plan.synthetic, boards))
    for row in synthetic:
        parts = rng.choice(boards, min(int(rng.integers(2, 4)), boards), replace=False)
        row[parts] = rng.dirichlet(np.ones(len(parts))) * np.exp(plan.stretch * rng.standard_normal())
    mixtures = np.repeat(np.concatenate([np.eye(boards), synthetic]), 8, axis=0)
    noise = plan.noise * rng.standard_normal((len(mixtures), features.shape[1]))
    weights = np.exp(rng.uniform(np.log(plan.lowest_weight), np.log(plan.highest_weight), len(mixtures)))
    return Situations(mixtures @ features + noise, mixtures, weights)


def _best_labelled(performance: Performance, situations: Situations) -> IntArray:
    """(m, genes): x*(d, λ) of Eq. 9 among the designs measured so far."""
    designs = performance.labelled.designs
    objectives = performance.objectives(designs, situations.mixtures, situations.weights)
    best: IntArray = designs[objectives.argmin(axis=0)]
    return best


def _explored(optimiser: LearntOptimiser, labelled: IntArray, plan: LearningPlan) -> IntArray:
    """X_explore: designs not labelled yet that the optimiser ranks first somewhere on its training boards."""
    index = design_index(labelled)
    found: dict[bytes, tuple[int, IntArray]] = {}
    for features in optimiser.boards.features:
        for weight in plan.weights(6):
            ranked = optimiser.ranked(features, float(weight))[:60]
            new = ranked[index.places(ranked) < 0]
            for rank, design in enumerate(new):
                key = design.tobytes()
                found[key] = min(found.get(key, (rank, design)), (rank, design), key=lambda one: one[0])
    ordered = sorted(found.values(), key=lambda one: (one[0], one[1].tolist()))
    return np.array([design for _, design in ordered[: plan.explore]], dtype=np.int64).reshape(-1, labelled.shape[1])
