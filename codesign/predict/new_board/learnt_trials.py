"""Regret of learning to optimise on a board held out, beside that of taking the nearest board's optimum."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter, process_time

import numpy as np

from codesign.predict.costs.design_index import design_index
from runtime.contract.arrays import FloatArray, IntArray

from .judged_table import JudgedTable
from .learning_to_optimise import LearningPlan, LearntOptimiser, learn_to_optimise

WEIGHTS = (0.02, 0.05, 0.1, 0.2, 0.4)  # λ
RANDOM_DESIGNS, RANDOM_DRAWS = 100, 200
INITIAL = 2000  # designs that are labelled on the training boards before exploration


@dataclass(frozen=True, slots=True)
class LearntTrial:
    """One λ on a board held out; regrets in units of (best of 100 random - optimum)."""

    board: str
    weight: float
    seed: int
    regret: float
    nearest_regret: float  # of the optimum of the training board with the nearest features, over the whole table
    answer_s: float  # anchors measured to design decoded, by the clock
    answer_cpu_s: float  # the same, of this process alone: what an idle machine would take
    learn_s: float


def learnt_trials(
    table: JudgedTable, board: int, seed: int, plan: LearningPlan | None = None, initial: int = INITIAL
) -> list[LearntTrial]:
    """Learning to optimise on all boards of `usable_designs` but one, judged on that one's true table.

    Accuracies of all designs are taken as known, since they do not depend on the board; latencies only where labelled.
    """
    accuracy, index = table.accuracy, design_index(table.designs)
    rng = np.random.default_rng((seed, board, 2))
    others = table.others(board)
    chosen = rng.choice(len(accuracy), min(initial, len(accuracy)), replace=False)

    def label(designs: IntArray) -> FloatArray:
        places = index.places(designs)
        return np.where(places >= 0, table.latency_s[others][:, places], np.nan)

    started = perf_counter()
    optimiser = learn_to_optimise(table.genes, table.designs[chosen], (table.designs, accuracy), label, rng, plan)
    learn_s = perf_counter() - started
    anchors = index.places(optimiser.anchors)
    found = []
    for weight in WEIGHTS:
        started, started_cpu = perf_counter(), process_time()
        described = optimiser.described(table.latency_s[board : board + 1, anchors])
        ranked = optimiser.ranked(described.features[0], weight)
        answer_s, answer_cpu_s = perf_counter() - started, process_time() - started_cpu
        objective = weight * table.latency_s[board] / np.exp(described.log_scale[0]) - accuracy
        # The best of the considered designs that the table knows: no other can be judged.
        places = index.places(ranked)
        design = int(places[places >= 0][0])
        nearest = _nearest_optimum(table, optimiser, others, described.features[0], weight)
        draws = rng.integers(0, len(objective), (RANDOM_DRAWS, RANDOM_DESIGNS))
        gap = float(np.median(objective[draws].min(axis=1)) - objective.min())
        found.append(
            LearntTrial(
                table.device_names[board], weight, seed, _share(objective, design, gap),
                _share(objective, nearest, gap), answer_s, answer_cpu_s, learn_s,
            )
        )  # fmt: skip
    return found


def _share(objective: FloatArray, design: int, gap: float) -> float:
    regret = float(objective[design] - objective.min())
    return regret / gap if gap > 0 else float(regret > 0)


def _nearest_optimum(
    table: JudgedTable, optimiser: LearntOptimiser, others: Sequence[int], features: FloatArray, weight: float
) -> int:
    near = int(((optimiser.boards.features - features) ** 2).sum(axis=1).argmin())
    scale = np.exp(optimiser.boards.log_scale[near])
    return int((weight * table.latency_s[others[near]] / scale - table.accuracy).argmin())
