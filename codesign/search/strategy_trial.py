"""One search of a table by one strategy: the front it found beside the exact one, and how soon it came near."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from runtime.contract.arrays import FloatArray, IntArray

from .front_metrics import coverage, evaluations_to, igd_plus
from .pareto import dominated_by, hypervolume, ratio_of_dominance
from .strategies.protocol import Strategy
from .tabulated import Tabulated

SHARES = (0.95, 0.98)  # of the exact hypervolume, whose first reaching is noted


@dataclass(frozen=True, slots=True)
class Trial:
    """A search that is over."""

    rows: IntArray  # (evaluations,) of the table, in the order of evaluation
    front: FloatArray  # (k, objectives) found
    volumes: FloatArray  # (evaluations,): hypervolume after each
    seconds: float  # computing time of the strategy, processor time; reading the table not counted

    def figures(self, problem: Tabulated) -> dict[str, float | int | None]:
        """By name, as the benchmark reports them; `rod` is the share of the second that the first dominates."""
        exact = problem.exact_hypervolume
        return {
            "hypervolume": float(self.volumes[-1]),
            "hypervolume_share": float(self.volumes[-1]) / exact,
            "igd_plus": igd_plus(problem.scaled(self.front), problem.scaled(problem.exact)),
            "rod_exact_over_found": ratio_of_dominance(problem.exact, self.front),
            "rod_found_over_exact": ratio_of_dominance(self.front, problem.exact),
            "coverage": coverage(self.front, problem.exact),
            **{
                f"evaluations_to_{100 * share:.0f}": evaluations_to(self.volumes, share * exact * (1.0 - 1e-12))
                for share in SHARES
            },
            "evaluations": len(self.rows),
            "front_points": len(self.front),
            "seconds": self.seconds,
        }


def search_table(
    problem: Tabulated, strategy: Strategy, evaluations: int, batch: int, tick: Callable[[int], None]
) -> Trial:
    """Ask and tell until so many designs were evaluated or the strategy has none left.

    Args:
        batch: designs asked for at a time.
        tick: told how many are evaluated.
    """
    rows: list[int] = []
    seconds = 0.0
    while len(rows) < evaluations:
        started = time.process_time()
        asked = strategy.ask(min(batch, evaluations - len(rows)))
        seconds += time.process_time() - started
        if not len(asked):
            break
        found = problem.rows(asked)
        rows += found.tolist()
        started = time.process_time()
        strategy.tell(asked, problem.worth[found], np.zeros(len(found)))
        seconds += time.process_time() - started
        tick(len(rows))
    worth = problem.worth[rows]
    once = np.unique(worth, axis=0)
    return Trial(
        rows=np.array(rows, dtype=np.int64),
        front=once[~dominated_by(once, once)],
        volumes=_volumes(worth, problem.reference),
        seconds=seconds,
    )


def dominance(trials: Sequence[Trial], others: Sequence[Trial]) -> list[float]:
    """Per seed the share of the others' front that ours dominates."""
    return [ratio_of_dominance(one.front, other.front) for one, other in zip(trials, others, strict=True)]


def _volumes(worth: FloatArray, reference: FloatArray) -> FloatArray:
    """(n,): the hypervolume of the first one, two, … points."""
    volumes = np.zeros(len(worth))
    front = worth[:0]
    for index, point in enumerate(worth):
        volumes[index] = volumes[index - 1] if index else 0.0
        if not (front <= point).all(axis=1).any():
            front = np.concatenate([front[~(front >= point).all(axis=1)], point[None]])
            volumes[index] = hypervolume(front, reference)
    return volumes
