"""What a way to learn costs is worth in a search: its error, and the seconds until the search is done.

Table V of the survey of hardware-aware architecture search (Benmeziane et al., arXiv:2101.09336) repeated: the same
evolutionary search once with every candidate measured live, once with each estimator fitted beforehand. Measuring is
*simulated*: a board that takes its costs from a table, noise added, and needs the seconds that runs and set-up would.
Fitting, predicting and searching take the seconds they take.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from codesign.predict.costs.predictor import Predictor
from runtime.contract.arrays import BoolArray, FloatArray, IntArray

from .pareto import hypervolume, nondominated_2d
from .table_evolution import Estimate, WholeSpace, evolve

LIVE = "live measurement"


@dataclass(slots=True)
class ReplayedBoard:
    """A board that answers from a table; counts what measuring would have taken. Its figures are simulated."""

    costs_s: FloatArray  # (designs,)
    noise: float  # standard deviation of one measurement, relative
    runs: int  # of each measurement
    setup_s: float  # to put one design onto the board; assumed
    rng: np.random.Generator
    measurements: int = 0
    took_s: float = 0.0

    def measure(self, rows: IntArray) -> FloatArray:
        """(n,): seconds, each read anew."""
        true_s = self.costs_s[rows]
        self.measurements += len(rows)
        self.took_s += float((self.setup_s + self.runs * true_s).sum())
        read: FloatArray = true_s * np.exp(self.noise * self.rng.standard_normal(len(rows)))
        return read


@dataclass(frozen=True, slots=True)
class Lap:
    """One method in one search."""

    method: str
    rmse_s: float  # of its costs against the table's, over all designs it was not fitted on
    rmspe: float
    measurements: int
    measuring_s: float  # simulated
    computing_s: float  # measured: fit, predictions, and the search itself
    hypervolume: float  # share of the exact front's, of what was proposed, at true costs

    @property
    def search_s(self) -> float:
        """All it took."""
        return self.measuring_s + self.computing_s


@dataclass(frozen=True, slots=True)
class Course:
    """What every method searches, and for how long."""

    designs: IntArray  # (n, genes)
    accuracy: FloatArray  # (n,)
    costs_s: FloatArray  # (n,)
    population: int
    generations: int
    space: WholeSpace

    def volume(self, rows: IntArray) -> float:
        """Hypervolume of some designs at true costs; the reference is the worst value of each objective."""
        points = np.column_stack([1.0 - self.accuracy, self.costs_s])
        return hypervolume(points[rows], points.max(axis=0))


def live(course: Course, board: ReplayedBoard, seed: int) -> Lap:
    """Every candidate is measured when the search meets it."""
    started = time.perf_counter()
    met = evolve(course.space, course.accuracy, board.measure, course.population, course.generations, seed)
    computing_s = time.perf_counter() - started
    lap = board.measurements, board.took_s
    read = board.measure(np.arange(len(course.costs_s)))  # only to state how far one reading is off
    return _lap(LIVE, course, read, np.ones(len(read), dtype=bool), *lap, computing_s, met)


def estimated(
    method: str,
    course: Course,
    board: ReplayedBoard,
    predictor: Callable[[], Predictor],
    training: IntArray,
    seed: int,
) -> Lap:
    """Some designs are measured first; the search asks the predictor fitted to them.

    What the search proposes, its front, is measured at the end, as anybody would.

    Args:
        training: rows to measure and fit on.
    """
    read = board.measure(training)
    started = time.perf_counter()
    fitted = predictor().fit(course.designs[training], read, np.random.default_rng([seed, 1]))

    def estimate(rows: IntArray) -> FloatArray:
        return fitted.predict(course.designs[rows]).mean

    met = evolve(course.space, course.accuracy, estimate, course.population, course.generations, seed)
    proposed = _front(course, met, estimate)
    computing_s = time.perf_counter() - started
    board.measure(proposed)
    judged = np.ones(len(course.costs_s), dtype=bool)
    judged[training] = False
    everything = fitted.predict(course.designs).mean
    return _lap(method, course, everything, judged, board.measurements, board.took_s, computing_s, proposed)


def _front(course: Course, met: IntArray, estimate: Estimate) -> IntArray:
    kept: IntArray = met[nondominated_2d(estimate(met), 1.0 - course.accuracy[met])]
    return kept


def _lap(
    method: str,
    course: Course,
    told_s: FloatArray,
    judged: BoolArray,
    measurements: int,
    measuring_s: float,
    computing_s: float,
    proposed: IntArray,
) -> Lap:
    off_s = (told_s - course.costs_s)[judged]
    return Lap(
        method,
        float(np.sqrt((off_s**2).mean())),
        float(np.sqrt(((off_s / course.costs_s[judged]) ** 2).mean())),
        measurements,
        measuring_s,
        computing_s,
        course.volume(proposed) / course.volume(np.arange(len(course.costs_s))),
    )
