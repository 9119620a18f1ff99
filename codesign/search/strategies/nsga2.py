"""NSGA-II (Deb et al., 2002) as pymoo has it, over whole-numbered genes: SBX and polynomial mutation, rounded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from pymoo.algorithms.moo.nsga2 import NSGA2
from pymoo.core.problem import Problem
from pymoo.operators.crossover.sbx import SBX
from pymoo.operators.mutation.pm import PM
from pymoo.operators.repair.rounding import RoundingRepair
from pymoo.operators.sampling.rnd import IntegerRandomSampling
from pymoo.problems.static import StaticProblem

from runtime.contract.arrays import BoolArray, FloatArray, IntArray

from .protocol import Options
from .record import Record
from .scripted import Script, Scripted
from .search_space import SearchSpace, keys

FAILED = 1e30  # broken further than any constraint


def nsga2(space: SearchSpace, objectives: int, seed: int, options: Options) -> Scripted:
    """The factory of strategy `nsga2`."""
    return Scripted(Record(space, objectives, seed), nsga2_script(space, objectives, seed, options.population))


def nsga2_script(space: SearchSpace, objectives: int, seed: int, population: int) -> Script:
    """Generation after generation, without end unless pymoo finds no further offspring.

    Feasible designs come before others, which are ranked by how far they break constraints; failed ones are last.
    Genes with one value are left out of what pymoo sees.
    """
    sizes = np.asarray(space.gene_sizes)
    free = np.flatnonzero(sizes > 1)
    if not len(free):
        yield np.zeros((1, space.genes), dtype=np.int64)
        return
    problem = Problem(
        n_var=len(free), n_obj=objectives, n_ieq_constr=1, xl=np.zeros(len(free)), xu=(sizes[free] - 1).astype(float)
    )
    algorithm = NSGA2(
        pop_size=population,
        sampling=IntegerRandomSampling(),
        crossover=SBX(prob=0.9, eta=3.0, vtype=float, repair=RoundingRepair()),
        mutation=PM(prob=1.0, eta=3.0, vtype=float, repair=RoundingRepair()),
    )
    seen: set[bytes] = set()
    drawn = _Generator()
    with drawn.in_use():
        algorithm.setup(problem, termination=("n_gen", np.inf), seed=seed, verbose=False)
    while True:
        with drawn.in_use():
            infills = algorithm.ask()
        if infills is None or len(infills) == 0:
            return
        designs: IntArray = np.zeros((len(infills), space.genes), dtype=np.int64)
        designs[:, free] = infills.get("X").round().astype(np.int64)
        designs = space.legal(designs, avoid=seen)
        seen |= {*keys(designs)}
        infills.set("X", designs[:, free].astype(float))
        values, violations = yield designs
        with drawn.in_use():
            algorithm.evaluator.eval(StaticProblem(problem, **_for_pymoo(values, violations)), infills)
            algorithm.tell(infills=infills)


def _for_pymoo(values: FloatArray, violations: FloatArray) -> dict[str, FloatArray]:
    failed: BoolArray = np.any(np.isnan(values), axis=1)
    return {"F": np.where(failed[:, None], 0.0, values), "G": np.where(failed, FAILED, violations)[:, None]}


class _Generator:
    """pymoo draws from numpy's one global generator: this keeps a search's own stream apart from everybody else's."""

    def __init__(self) -> None:
        self._state: dict[str, object] | None = None

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Inside, numpy's global generator goes on where the last such block left it; outside, it has not moved."""
        others = np.random.get_state(legacy=False)
        if self._state is not None:
            np.random.set_state(self._state)
        try:
            yield
        finally:
            self._state = np.random.get_state(legacy=False)
            np.random.set_state(others)
